import ArgumentParser
import Corpora
import Foundation
import Models
import Recurrent

/// `unroll inspect`
struct Inspect: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Show what is in a model file.",
    discussion: """
      Architecture, tensors with their parameter counts, vocabulary, and how the model was trained.

      EXAMPLES
        unroll inspect model.safetensors
        unroll inspect model.safetensors --json
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    _ = try common.threadCount(&settings)
    try settings.finish()
    if NGramLanguageModel.isARPA(model) {
      let loaded = try NGramLanguageModel(contentsOf: model)
      return try common.json
        ? console.result(json(loaded).text) : console.writeResult(text(loaded))
    }
    let loaded = try LanguageModel(contentsOf: model)
    try common.json ? console.result(json(loaded).text) : console.writeResult(text(loaded))
  }

  private func text(_ model: LanguageModel) -> String {
    let (architecture, vocabulary) = (model.configuration, model.vocabulary)
    var lines = [
      "language model: \(architecture.summary)",
      "  embedding   \(architecture.encoder.summary)\(architecture.isTied ? ", tied to the output" : "")",
      "  dropout     \(architecture.dropout.summary)",
      "  unit        \(architecture.unit.rawValue)",
      "  skips       \(architecture.connections.rawValue)",
      "  start       \(architecture.learnsInitialState ? "a learned state" : "a state of zeros")",
      "",
      "parameters    \(Format.count(model.parameterCount))",
    ]
    let width = model.parameters.map(\.name.count).max() ?? 0
    for parameter in model.parameters {
      let name = parameter.name.padding(toLength: width, withPad: " ", startingAt: 0)
      let shape = parameter.shape.map(String.init).joined(separator: " x ")
      lines.append(
        "  \(name)  \(shape.padding(toLength: 16, withPad: " ", startingAt: 0))"
          + "  \(Format.count(parameter.count))")
    }
    lines += [""] + vocabularyLines(vocabulary) + [""]
    lines += trainingLines(model.trainingRecord)
    return lines.joined(separator: "\n") + "\n"
  }

  /// How many tokens there are, and the first of them.
  func vocabularyLines(_ vocabulary: Vocabulary) -> [String] {
    let first = (0..<Int32(min(20, vocabulary.count))).map { vocabulary.token($0).debugDescription }
    return [
      "vocabulary    \(Format.count(vocabulary.count)) tokens",
      "  first       \(first.joined(separator: " "))\(vocabulary.count > 20 ? " …" : "")",
    ]
  }

  private func trainingLines(_ record: TrainingRecord?) -> [String] {
    guard let record else { return ["training      not recorded"] }
    var lines = [
      "training      \(Format.plural(record.steps, "step")), "
        + "\(Format.plural(record.epochs.count, "epoch")), seed \(record.seed)",
      "  text        \(Format.count(record.trainingTokens)) tokens, fingerprint "
        + "\(record.trainingFingerprint)",
    ]
    // What is on or off is off without its flag, and on with the flag alone.
    let recipe = record.recipe.filter { $0.value != "false" }.sorted { $0.key < $1.key }
      .map { $0.value == "true" ? "--\($0.key)" : "--\($0.key) \($0.value)" }
      .joined(separator: " ")
    lines.append("  recipe      \(recipe)")
    for epoch in record.epochs {
      let validation =
        epoch.validationLoss.map { "  validation perplexity \(Format.number(exp($0)))" } ?? ""
      lines.append(
        "  epoch \(String(epoch.epoch).padding(toLength: 5, withPad: " ", startingAt: 0)) "
          + "training perplexity \(Format.number(exp(epoch.trainingLoss)))\(validation)")
    }
    if let best = record.best {
      lines.append(
        "  kept        step \(Format.count(best.step)), validation perplexity "
          + Format.number(exp(best.loss)))
    }
    return lines
  }

  private func json(_ model: LanguageModel) -> JSON {
    let architecture = model.configuration
    return JSON.members([
      "task": "language-model",
      "architecture": JSON.members([
        "level": .string(architecture.level.rawValue), "unit": .string(architecture.unit.rawValue),
        "cell": .string(architecture.cell.rawValue),
        "embedding": .integer(architecture.encoder.outputSize),
        "looked_up": architecture.characters == nil
          ? nil : architecture.encoder.lookUpSize.map { .integer($0) },
        "characters": architecture.characters.map {
          JSON.members([
            "embedding": .integer($0.embeddingSize), "hidden": .integer($0.hiddenSize),
            "output": .integer($0.outputSize),
          ])
        },
        "hidden": .integer(architecture.hiddenSize), "layers": .integer(architecture.layers),
        "projection": architecture.projection.map { .integer($0) },
        "skip": .string(architecture.connections.rawValue),
        "learned_initial_state": .bool(architecture.learnsInitialState),
        "dropout": .object(architecture.dropout.rates.map { ($0.name, .number(number($0.rate))) }),
        "variational": .bool(architecture.dropout.isVariational),
        "tied": .bool(architecture.isTied),
      ]),
      "parameters": .integer(model.parameterCount),
      "tensors": .array(
        model.parameters.map {
          JSON.members([
            "name": .string($0.name), "shape": .array($0.shape.map { .integer($0) }),
            "parameters": .integer($0.count),
          ])
        }),
      "vocabulary": json(model.vocabulary),
      "training": model.trainingRecord.map(json),
    ])
  }

  func json(_ vocabulary: Vocabulary) -> JSON {
    JSON.members([
      "size": .integer(vocabulary.count),
      "tokens": .array(vocabulary.tokens.map { .string($0) }),
    ])
  }

  private func json(_ record: TrainingRecord) -> JSON {
    JSON.members([
      "seed": .string(String(record.seed)), "steps": .integer(record.steps),
      "training_tokens": .integer(record.trainingTokens),
      "training_fingerprint": .string(record.trainingFingerprint),
      "recipe": .object(
        record.recipe.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }),
      "epochs": .array(
        record.epochs.map {
          JSON.members([
            "epoch": .integer($0.epoch), "step": .integer($0.step),
            "training_loss": .number($0.trainingLoss),
            "validation_loss": $0.validationLoss.map { .number($0) }, "rate": .number($0.rate),
          ])
        }),
      "best": record.best.map {
        JSON.members([
          "epoch": .integer($0.epoch), "step": .integer($0.step), "loss": .number($0.loss),
        ])
      },
    ])
  }
}

extension WordEncoderConfiguration {
  /// "650", or "50 composed from characters by 2 x 150 units"
  var summary: String {
    let composed = characters.map {
      "\($0.outputSize) composed from characters by 2 x \($0.hiddenSize) units"
    }
    return [lookUpSize.map { "\($0)" }, composed].compactMap(\.self).joined(separator: " and ")
  }
}

extension LanguageModelDropout {
  /// The rates that are not zero, by name.
  fileprivate var rates: [(name: String, rate: Float)] {
    [
      ("input", input), ("hidden", hidden), ("output", output), ("embedding", embedding),
      ("weights", recurrent.weights), ("recurrent", recurrent.state),
      ("candidate", recurrent.candidate), ("zoneout", recurrent.zoneout),
    ].filter { $0.1 > 0 }
  }

  fileprivate var summary: String {
    let rates = rates.map { "\($0.name) \($0.rate)" }.joined(separator: ", ")
    return (rates.isEmpty ? "none" : rates) + (isVariational ? ", the same at every step" : "")
  }
}

/// A Float with the digits it is written with.
private func number(_ value: Float) -> Double { Double(value.description) ?? 0 }

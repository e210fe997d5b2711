import Corpora
import Learning
import Models
import Recurrent

extension TrainLM {
  /// The recipe that the flags and the configuration file make.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func recipe(_ settings: inout Settings, seed: UInt64) throws -> LanguageModelRecipe {
    let configuration = try architecture(&settings)
    let minimumCount = try settings.value("min-count", text.minCount, .atLeast(1))
    let vocabularySize = try settings.value("vocabulary-size", text.vocabularySize, .atLeast(3))
    if let minimumCount, let vocabularySize {
      throw Failure.usage(
        "--min-count \(minimumCount) and --vocabulary-size \(vocabularySize) both say which words "
          + "are rare; expected one of them")
    }
    let learning = try learning.recipe(&settings, self.optimizer, schedule)
    let optimizer = learning.optimizer
    let bptt = try settings.value("bptt", text.bptt, .upTo(1_000_000))
    let variesBPTT = try settings.isOn("vary-bptt", text.varyBptt)
    if configuration.unit == .sentence, bptt != nil || variesBPTT {
      throw Failure.usage(
        "--\(bptt == nil ? "vary-bptt" : "bptt") is for --unit stream; gradients flow through all of a "
          + "sentence")
    }
    let recipe = LanguageModelRecipe(
      configuration: configuration,
      minimumCount: minimumCount ?? 1, vocabularySize: vocabularySize,
      batch: try settings.value("batch", text.batch, default: 32, .upTo(1_000_000)),
      bptt: bptt ?? (configuration.level == .words ? 35 : 100), variesBPTT: variesBPTT,
      penalty: ActivationPenalty(
        activation: Float(
          try settings.value("activation-penalty", text.activationPenalty, default: 0, .notNegative)
        ),
        temporal: Float(
          try settings.value("temporal-penalty", text.temporalPenalty, default: 0, .notNegative))),
      lossUnit: try settings.value("loss-unit", text.lossUnit, default: .token),
      learning: learning,
      start: try start.recipe(&settings, for: configuration.cell), seed: seed)
    if optimizer.kind.takesObjective {
      let name = optimizer.kind.rawValue
      guard configuration.dropout.isNone else {
        throw Failure.usage(
          "--optimizer \(name) looks at a loss more than once, so nothing may be dropped; found "
            + "dropout in the recipe")
      }
      guard optimizer.kind != .hessianFree || configuration.hasTangents else {
        let cells = CellKind.allCases.filter(\.hasTangents).map(\.rawValue)
        throw Failure.usage(
          "--optimizer \(name) goes with the cells \(cells.joined(separator: ", ")), without a "
            + "projection")
      }
      guard configuration.output == .full else {
        throw Failure.usage("--optimizer \(name) goes with --softmax full")
      }
      guard !variesBPTT else {
        throw Failure.usage("--optimizer \(name) goes with no --vary-bptt")
      }
      guard configuration.vanishingPenalty == 0 else {
        throw Failure.usage("--optimizer \(name) goes with no --vanishing-penalty")
      }
      guard recipe.penalty == ActivationPenalty() else {
        throw Failure.usage("--optimizer \(name) goes with no --activation- or --temporal-penalty")
      }
    }
    return recipe
  }
}

extension TrainLM {
  /// The architecture that the flags and the configuration file make.
  private func architecture(_ settings: inout Settings) throws -> LanguageModelConfiguration {
    let layers = try layers.choice(&settings)
    let isTied = try settings.isOn("tie", tying.tie)
    let encoder = try words.encoder(
      &settings, embedding: isTied ? layers.outputs : layers.hidden)
    let embedding = encoder.lookUpSize ?? encoder.outputSize
    if isTied, embedding != layers.outputs {
      let layer =
        layers.projection == nil
        ? "--hidden \(layers.hidden)" : "--projection \(layers.outputs)"
      throw Failure.usage(
        "--tie shares one matrix between the embedding and the output, so both must be equally "
          + "wide; found --embedding \(embedding) and \(layer)")
    }
    let level = try settings.value("level", tokens.level, default: .words)
    guard encoder.characters == nil || level == .words else {
      throw Failure.usage(
        "--words \(encoder.source.rawValue) composes words, and --level is \(level.rawValue)")
    }
    guard !isTied || encoder.characters == nil else {
      throw Failure.usage("--tie needs words that are only looked up: --words lookup")
    }
    let configuration = LanguageModelConfiguration(
      level: level, unit: try settings.value("unit", tokens.unit, default: .stream),
      cell: layers.cell, embeddingSize: embedding, characters: encoder.characters,
      looksWordsUp: encoder.lookUpSize != nil, hiddenSize: layers.hidden, layers: layers.layers,
      projection: layers.projection, window: layers.window, connections: layers.connections,
      learnsInitialState: layers.learnsInitialState, dropout: try dropout.rates(&settings),
      vanishingPenalty: Float(
        try settings.value(
          "vanishing-penalty", text.vanishingPenalty, default: 0, .notNegative)),
      isTied: isTied, output: try prediction.configuration(&settings, isTied: isTied))
    if let fault = configuration.stack.fault { throw Failure.usage(fault) }
    return configuration
  }
}

extension LanguageModelConfiguration {
  /// The architecture as options and their values on the command line; what is not used is left out.
  var options: [String: String] {
    var options = ["level": level.rawValue, "unit": unit.rawValue, "tie": "\(isTied)"]
    for group in [stack.options, encoder.options, dropout.options, output.options] {
      options.merge(group) { $1 }
    }
    options["vanishing-penalty"] = vanishingPenalty > 0 ? "\(vanishingPenalty)" : nil
    return options
  }

  /// Whether its layers have the tangents that the Hessian-free method needs.
  fileprivate var hasTangents: Bool { cell.hasTangents && projection == nil }
}

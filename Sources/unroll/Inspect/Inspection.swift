import Corpora
import Foundation
import Models
import Recurrent

/// What there is to see of a model, for people and as JSON.
struct Inspection {
  /// Lines, the last one ended too.
  var text: String
  var json: JSON

  /// Of a model of neurons: what is its own, and what all have.
  ///
  /// - Parameters:
  ///   - heading: the lines about its architecture, the first of which says what it is.
  ///   - vocabularies: what it reads and gives, each with its name.
  ///   - architecture: members of that name.
  ///   - measure: how its losses are told.
  init<Model: StoredModel>(
    _ model: Model, heading: [String], architecture: JSON,
    vocabularies: [(name: String, tokens: Vocabulary)], measure: LossMeasure
  ) {
    let parameters = model.parameters
    var lines =
      heading + ["", "parameters    \(Format.count(model.parameterCount))"]
    let width = parameters.map(\.name.count).max() ?? 0
    for parameter in parameters {
      let shape = parameter.shape.map(String.init).joined(separator: " x ")
      lines.append(
        "  \(padded(parameter.name, to: width))  \(padded(shape, to: 16))"
          + "  \(Format.count(parameter.count))")
    }
    lines.append("")
    for (name, tokens) in vocabularies { lines += Self.lines(tokens, name) }
    lines += [""] + Self.lines(model.trainingRecord, measure)
    text = lines.joined(separator: "\n") + "\n"

    let tensors = parameters.map {
      JSON.members([
        "name": .string($0.name), "shape": .array($0.shape.map { .integer($0) }),
        "parameters": .integer($0.count),
      ])
    }
    json = .object(
      [
        ("task", .string(Model.task.rawValue)), ("architecture", architecture),
        ("parameters", .integer(model.parameterCount)), ("tensors", .array(tensors)),
      ] + vocabularies.map { ($0.name, Self.json($0.tokens)) }
        + (model.trainingRecord.map { [("training", Self.json($0))] } ?? []))
  }

  /// Of anything else.
  init(lines: [String], json: JSON) {
    text = lines.joined(separator: "\n") + "\n"
    self.json = json
  }

  /// How many tokens there are, and the first of them.
  static func lines(_ vocabulary: Vocabulary, _ name: String = "vocabulary") -> [String] {
    let first = (0..<Int32(min(20, vocabulary.count))).map { vocabulary.token($0).debugDescription }
    return [
      "\(padded(name, to: 12))  \(Format.count(vocabulary.count)) tokens",
      "  first       \(first.joined(separator: " "))\(vocabulary.count > 20 ? " …" : "")",
    ]
  }

  static func json(_ vocabulary: Vocabulary) -> JSON {
    JSON.members([
      "size": .integer(vocabulary.count),
      "tokens": .array(vocabulary.tokens.map { .string($0) }),
    ])
  }
}

/// `text` with spaces behind it until it has `width` characters.
func padded(_ text: String, to width: Int) -> String {
  text.count < width ? text + String(repeating: " ", count: width - text.count) : text
}

/// A Float with the digits it is written with.
func number(_ value: Float) -> Double { Double(value.description) ?? 0 }

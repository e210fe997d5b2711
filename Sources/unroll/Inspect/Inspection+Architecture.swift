import Models
import Recurrent

// What architectures have in common.

extension WordEncoderConfiguration {
  /// "650", or "50 composed from characters by 2 x 150 units"
  var summary: String {
    let composed = characters.map {
      "\($0.outputSize) composed from characters by 2 x \($0.hiddenSize) units"
    }
    return [lookUpSize.map { "\($0)" }, composed].compactMap(\.self).joined(separator: " and ")
  }

  /// As members of an architecture.
  var members: [(key: String, value: JSON)] {
    var members: [(key: String, value: JSON)] = [("embedding", .integer(outputSize))]
    guard let characters else { return members }
    if let lookUpSize { members.append(("looked_up", .integer(lookUpSize))) }
    members.append(
      (
        "characters",
        JSON.members([
          "embedding": .integer(characters.embeddingSize),
          "hidden": .integer(characters.hiddenSize),
          "output": .integer(characters.outputSize),
        ])
      ))
    return members
  }
}

extension StackConfiguration {
  /// As members of an architecture.
  var members: [(key: String, value: JSON)] {
    var members: [(key: String, value: JSON)] = [
      ("hidden", .integer(hiddenSize)), ("layers", .integer(layers)),
    ]
    if let projection { members.append(("projection", .integer(projection))) }
    return members + [
      ("skip", .string(connections.rawValue)),
      ("learned_initial_state", .bool(learnsInitialState)),
    ]
  }
}

extension NetworkDropout {
  /// The rates that are not zero, by name.
  private var rates: [(name: String, rate: Float)] {
    [
      ("input", input), ("hidden", hidden), ("output", output), ("embedding", embedding),
      ("weights", recurrent.weights), ("recurrent", recurrent.state),
      ("candidate", recurrent.candidate), ("zoneout", recurrent.zoneout),
    ].filter { $0.1 > 0 }
  }

  /// "input 0.5, output 0.5"
  var summary: String {
    let rates = rates.map { "\($0.name) \($0.rate)" }.joined(separator: ", ")
    return (rates.isEmpty ? "none" : rates) + (isVariational ? ", the same at every step" : "")
  }

  /// As members of an architecture.
  var members: [(key: String, value: JSON)] {
    [
      ("dropout", .object(rates.map { ($0.name, .number(number($0.rate))) })),
      ("variational", .bool(isVariational)),
    ]
  }
}

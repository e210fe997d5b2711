import Models

extension Inspection {
  init(_ model: Classifier) {
    let architecture = model.configuration
    let stack = model.blueprint.stack
    var heading = [
      "classifier: a \(stack.summary)",
      "  reads       \(architecture.input.rawValue)"
        + (model.scale.map { " of \(Format.plural($0.width, "dimension"))" } ?? ""),
    ]
    if let words = architecture.words {
      let rare =
        architecture.wordDropout > 0
        ? ", those that occur once as unknown ones \(architecture.wordDropout)" : ""
      heading += [
        "  embedding   \(words.summary)",
        "  looked up   \(architecture.lowercases ? "in lower case, " : "")"
          + "from \(Format.plural(architecture.minimumCount, "occurrence")) on\(rare)",
      ]
    }
    heading += [
      "  dropout     \(architecture.dropout.summary)",
      "  skips       \(architecture.connections.rawValue)",
      "  summary     \(architecture.pooling.rawValue)",
      "  says        \(architecture.output.rawValue)",
    ]
    var members: [(key: String, value: JSON)] = [
      ("cell", .string(architecture.cell.rawValue)),
      ("input", .string(architecture.input.rawValue)),
    ]
    if let words = architecture.words {
      members +=
        words.members + [
          ("lowercase", .bool(architecture.lowercases)),
          ("min_count", .integer(architecture.minimumCount)),
          ("dropout_words", .number(number(architecture.wordDropout))),
        ]
    }
    if let scale = model.scale { members.append(("dimensions", .integer(scale.width))) }
    members +=
      stack.members + architecture.dropout.members + [
        ("bidirectional", .bool(architecture.isBidirectional)),
        ("pooling", .string(architecture.pooling.rawValue)),
        ("output", .string(architecture.output.rawValue)),
      ]
    self.init(
      model, heading: heading, architecture: .object(members),
      vocabularies: [
        ("labels", model.labels), ("vocabulary", model.vocabulary), ("alphabet", model.alphabet),
      ].compactMap { name, tokens in tokens.map { (name, $0) } },
      measure: architecture.output.measure(
        model.trainingRecord?.recipe["judge"].flatMap(ClassifierCriterion.init) ?? .error))
  }
}

extension ClassifierOutput {
  /// How the validation losses of a run are told.
  func measure(_ criterion: ClassifierCriterion) -> LossMeasure {
    self == .classes && criterion == .error ? .errorRate : .loss
  }
}

import Models

extension Inspection {
  init(_ model: TreeClassifier) {
    let architecture = model.configuration
    let words = [
      architecture.lowercases ? "in lower case" : nil,
      architecture.minimumCount > 1 ? "from \(architecture.minimumCount) occurrences on" : nil,
    ].compactMap(\.self).joined(separator: ", ")
    let dropout = [
      ("words", architecture.wordDropout), ("input", architecture.inputDropout),
      ("output", architecture.outputDropout),
    ].filter { $0.1 > 0 }
    let rates = dropout.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    self.init(
      model,
      heading: [
        "classifier of trees: \(architecture.summary)",
        "  embedding   \(architecture.words.summary)",
        "  looked up   words \(words.isEmpty ? "as they are spelled" : words)",
        "  dropout     \(rates.isEmpty ? "none" : rates)",
        "  learns      labels of \(architecture.targets == .root ? "roots" : "all nodes")",
      ],
      architecture: .object(
        [
          ("cell", .string(architecture.cell.rawValue)),
          ("reading", .string(architecture.reading.rawValue)),
          ("targets", .string(architecture.targets.rawValue)),
          ("hidden", .integer(architecture.hiddenSize)),
        ] + (architecture.cell == .childSum ? [] : [("arity", .integer(architecture.arity))])
          + architecture.words.members
          + [
            ("lowercase", .bool(architecture.lowercases)),
            ("min_count", .integer(architecture.minimumCount)),
            ("dropout", .object(dropout.map { ($0.0, .number(number($0.1))) })),
          ]),
      vocabularies: [
        ("labels", model.labels), ("vocabulary", model.vocabulary), ("alphabet", model.alphabet),
      ], measure: .errorRate)
  }
}

import Models

extension Inspection {
  init(_ model: Tagger) {
    let architecture = model.configuration
    let words = [
      architecture.lowercases ? "in lower case" : nil,
      architecture.minimumCount > 1 ? "from \(architecture.minimumCount) occurrences on" : nil,
    ].compactMap(\.self).joined(separator: ", ")
    let rare =
      architecture.wordDropout > 0
      ? ", words that occur once as unknown ones \(architecture.wordDropout)" : ""
    let constraints =
      architecture.constraints == .none
      ? "" : ", held to IOB2 in \(architecture.constraints.rawValue)"
    self.init(
      model,
      heading: [
        "tagger: \(architecture.summary)",
        "  embedding   \(architecture.words.summary)",
        "  looked up   words \(words.isEmpty ? "as they are spelled" : words)",
        "  dropout     \(architecture.dropout.summary)\(rare)",
        "  output      \(architecture.output.rawValue)\(constraints)",
        "  skips       \(architecture.connections.rawValue)",
        "  labels      \(model.column.map { "CoNLL-U's \($0.rawValue)" } ?? "the last of columns")",
      ],
      architecture: .object(
        [("cell", .string(architecture.cell.rawValue))]
          + architecture.words.members
          + [
            ("lowercase", .bool(architecture.lowercases)),
            ("min_count", .integer(architecture.minimumCount)),
          ] + architecture.stack.members + architecture.dropout.members
          + [
            ("dropout_words", .number(number(architecture.wordDropout))),
            ("output", .string(architecture.output.rawValue)),
            ("constraints", .string(architecture.constraints.rawValue)),
          ] + (model.column.map { [("column", .string($0.rawValue))] } ?? [])),
      vocabularies: [
        ("labels", model.labels), ("vocabulary", model.vocabulary), ("alphabet", model.alphabet),
      ], measure: .errorRate)
  }
}

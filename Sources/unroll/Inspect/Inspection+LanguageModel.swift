import Models

extension Inspection {
  init(_ model: LanguageModel) {
    let architecture = model.configuration
    let start = architecture.learnsInitialState ? "a learned state" : "a state of zeros"
    self.init(
      model,
      heading: [
        "language model: \(architecture.summary)",
        "  embedding   \(architecture.encoder.summary)"
          + (architecture.isTied ? ", tied to the output" : ""),
        "  output      \(architecture.output.summary)",
        "  dropout     \(architecture.dropout.summary)",
        "  unit        \(architecture.unit.rawValue)",
        "  skips       \(architecture.connections.rawValue)",
        "  start       \(start)",
      ],
      architecture: .object(
        [
          ("level", .string(architecture.level.rawValue)),
          ("unit", .string(architecture.unit.rawValue)),
          ("cell", .string(architecture.cell.rawValue)),
        ] + architecture.encoder.members + architecture.stack.members
          + architecture.dropout.members + [
            ("tied", .bool(architecture.isTied)), ("output", architecture.output.json),
          ]),
      vocabularies: [("vocabulary", model.vocabulary)],
      measure: architecture.output.lossMeasure)
  }
}

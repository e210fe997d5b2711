import Models

extension Inspection {
  init(_ model: Forecaster) {
    let architecture = model.configuration
    let stack = model.blueprint.stack
    let names = model.variables.prefix(20).map(\.debugDescription).joined(separator: " ")
    self.init(
      model,
      heading: [
        "forecaster: \(stack.summary)",
        "  predicts    \(Format.plural(architecture.horizon, "step")) of "
          + Format.plural(model.variables.count, "variable"),
        "  variables   \(names)\(model.variables.count > 20 ? " …" : "")",
        "  dropout     \(architecture.dropout.summary)",
        "  skips       \(architecture.connections.rawValue)",
      ],
      architecture: .object(
        [
          ("cell", .string(architecture.cell.rawValue)),
          ("horizon", .integer(architecture.horizon)),
          ("variables", .array(model.variables.map { .string($0) })),
        ] + stack.members + architecture.dropout.members),
      vocabularies: [], measure: .loss)
  }
}

import Models

extension SequenceDecoderConfiguration {
  /// The lines of a summary, for a decoder that is told of a source of F = `memorySize` features.
  func lines(memorySize: Int) -> [String] {
    [
      "  decoder     \(stack(memorySize: memorySize).summary), vectors of \(Format.count(embeddingSize))",
      "  sees        \(sight)",
      "  output      \(output.summary)\(isTied ? ", tied" : "")",
      "  dropout     \(dropout.summary)",
    ]
  }

  /// "general attention after a step, fed to the next one"
  private var sight: String {
    switch context {
    case .initial: "the decoder's first state"
    case .everyStep: "a summary at every step"
    case .before: "\(attention.rawValue) attention before a step"
    case .after:
      "\(attention.rawValue) attention after a step" + (feedsReadout ? ", fed to the next one" : "")
    }
  }

  func json(memorySize: Int) -> JSON {
    .object(
      [("embedding", .integer(embeddingSize)), ("cell", .string(cell.rawValue))]
        + stack(memorySize: memorySize).members
        + [
          ("context", .string(context.rawValue)),
          ("attention", context.attends ? .string(attention.rawValue) : .null),
          ("input_feeding", .bool(feedsReadout)), ("tied", .bool(isTied)),
        ])
  }
}

import Corpora
import Models

extension Inspection {
  init(_ model: Translator) {
    let architecture = model.configuration
    let (encoder, decoder) = (architecture.encoder, architecture.decoder)
    let stack = decoder.stack(memorySize: encoder.stack.outputSize)
    let context =
      switch decoder.context {
      case .initial: "the decoder's first state"
      case .everyStep: "a summary at every step"
      case .before: "\(decoder.attention.rawValue) attention before a step"
      case .after:
        "\(decoder.attention.rawValue) attention after a step"
          + (decoder.feedsReadout ? ", fed to the next one" : "")
      }
    self.init(
      model,
      heading: [
        "translator",
        "  source      \(model.sourceUnits.summary)\(encoder.reversesSource ? ", read from the end" : "")",
        "  target      \(model.targetUnits.summary)",
        "  encoder     \(encoder.stack.summary), vectors of \(Format.count(encoder.embeddingSize))",
        "  decoder     \(stack.summary), vectors of \(Format.count(decoder.embeddingSize))",
        "  sees        \(context)",
        "  output      \(decoder.output.summary)\(decoder.isTied ? ", tied" : "")",
        "  dropout     \(decoder.dropout.summary)",
      ],
      architecture: .object([
        ("source_units", .string(model.sourceUnits.kind.rawValue)),
        ("target_units", .string(model.targetUnits.kind.rawValue)),
        (
          "encoder",
          .object(
            [
              ("embedding", .integer(encoder.embeddingSize)),
              ("cell", .string(encoder.cell.rawValue)),
            ] + encoder.stack.members
              + [("reversed", .bool(encoder.reversesSource))])
        ),
        (
          "decoder",
          .object(
            [
              ("embedding", .integer(decoder.embeddingSize)),
              ("cell", .string(decoder.cell.rawValue)),
            ] + stack.members
              + [
                ("context", .string(decoder.context.rawValue)),
                (
                  "attention", decoder.context.attends ? .string(decoder.attention.rawValue) : .null
                ),
                ("input_feeding", .bool(decoder.feedsReadout)),
                ("tied", .bool(decoder.isTied)),
              ])
        ), ("dropout", .object(decoder.dropout.members)),
        ("shared_vectors", .bool(architecture.sharesVectors)),
      ]),
      vocabularies: [("source", model.sourceVocabulary), ("target", model.targetVocabulary)],
      measure: .perplexity)
  }
}

extension Segmenter {
  /// "byte pairs, 8,000 merges", "words in lower case"
  var summary: String {
    let name =
      switch kind {
      case .tokens: "tokens between white space"
      case .words: "words"
      case .characters: "characters"
      case .bytePairs: "byte pairs, \(Format.plural(encoding?.mergeCount ?? 0, "merge"))"
      }
    return name + (lowercases ? ", in lower case" : "")
  }
}

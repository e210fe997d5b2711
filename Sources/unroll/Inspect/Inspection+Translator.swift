import Corpora
import Models

extension Inspection {
  init(_ model: Translator) {
    let architecture = model.configuration
    let (encoder, decoder) = (architecture.encoder, architecture.decoder)
    let memorySize = encoder.stack.outputSize
    self.init(
      model,
      heading: [
        "translator",
        "  source      \(model.sourceUnits.summary)\(encoder.reversesSource ? ", read from the end" : "")",
        "  target      \(model.targetUnits.summary)",
        "  encoder     \(encoder.stack.summary), vectors of \(Format.count(encoder.embeddingSize))",
      ] + decoder.lines(memorySize: memorySize),
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
        ("decoder", decoder.json(memorySize: memorySize)),
        ("dropout", .object(decoder.dropout.members)),
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

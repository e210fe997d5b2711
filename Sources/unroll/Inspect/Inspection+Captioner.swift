import Corpora
import Models

extension Inspection {
  init(_ model: Captioner) {
    let architecture = model.configuration
    let decoder = architecture.decoder
    let memorySize = architecture.encoder.outputSize
    self.init(
      model,
      heading: [
        "captioner",
        "  pictures    \(architecture.encoder.summary)",
        "  languages   \(model.languages.joined(separator: ", "))",
        "  captions    \(model.units.summary)",
      ] + decoder.lines(memorySize: memorySize),
      architecture: .object([
        ("pictures", architecture.encoder.json),
        ("languages", .array(model.languages.map { .string($0) })),
        ("units", .string(model.units.kind.rawValue)),
        ("decoder", decoder.json(memorySize: memorySize)),
        ("dropout", .object(decoder.dropout.members)),
      ]), vocabularies: [("vocabulary", model.vocabulary)], measure: .perplexity)
  }
}

extension PictureEncoderConfiguration {
  /// "64 x 64 pixels, 4 stages of 32, 64, 96, 128 channels, seen as 4 x 4 places"
  fileprivate var summary: String {
    switch self {
    case .pixels(let encoder):
      "\(encoder.imageSize) x \(encoder.imageSize) pixels, "
        + "\(Format.plural(encoder.channels.count, "stage")) of "
        + encoder.channels.map(String.init).joined(separator: ", ")
        + " channels, seen as \(encoder.gridSize) x \(encoder.gridSize) places"
    case .features(let encoder):
      "\(Format.plural(encoder.inputSize, "feature")) at \(Format.plural(encoder.positions, "place")), "
        + "brought to \(Format.count(encoder.outputSize))"
    }
  }

  fileprivate var json: JSON {
    switch self {
    case .pixels(let encoder):
      .object([
        ("image_size", .integer(encoder.imageSize)),
        ("channels", .array(encoder.channels.map { .integer($0) })),
        ("summary", .string(encoder.summary.rawValue)), ("places", .integer(encoder.positions)),
      ])
    case .features(let encoder):
      .object([
        ("features", .integer(encoder.inputSize)), ("places", .integer(encoder.positions)),
        ("output", .integer(encoder.outputSize)),
      ])
    }
  }
}

import ArgumentParser
import Corpora
import Models
import Recurrent

extension ImageSummary: ExpressibleByArgument, SettingValue {}
extension CaptionerCriterion: ExpressibleByArgument, SettingValue {}

/// A captioner's usual recipe: for a few thousand pictures, which a net learns by heart if it may.
enum UsualCaptioner: UsualRecipe {
  static let sequence = "caption"
  static let hidden = 256
  static let embedding: Int? = nil
  static let dropout = 0.4
  static let epochs = 60
  static let schedule = ScheduleKind.cosine
  static let isDecoder = true
}

/// The flags that say which pictures and captions a captioner learns from. Each is also a key of a configuration
/// file.
struct CaptionDataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A table of pictures and captions to learn from.", valueName: "file"),
    completion: .file())
  var train: String?
  @Option(
    help: ArgumentHelp("One to judge the model by as it learns.", valueName: "file"),
    completion: .file())
  var valid: String?
  @Option(
    help: ArgumentHelp(
      "Folder of the pictures (default: images beside the table).", valueName: "folder"),
    completion: .directory)
  var images: String?
  @Option(
    help: ArgumentHelp(
      "Instead of pictures: vectors that another model made of them, a row for each line of --train "
        + "(NumPy or safetensors, [pictures, features] or [pictures, places, features]).",
      valueName: "file"), completion: .file())
  var features: String?
  @Option(
    help: ArgumentHelp("The same for --valid.", valueName: "file"), completion: .file())
  var validFeatures: String?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Columns with captions (default: all but that of the pictures).", valueName: "column"))
  var captions: [String] = []
  @Option(
    help: ArgumentHelp(
      "The column that names the pictures (default: image).", valueName: "column"))
  var imageColumn: String?

  func choice(_ settings: inout Settings) throws -> CaptionData {
    let data = CaptionData(
      train: try settings.value("train", train, .notEmpty) ?? "",
      valid: try settings.value("valid", valid, .notEmpty),
      images: try settings.value("images", images, .notEmpty),
      features: try settings.value("features", features, .notEmpty),
      validFeatures: try settings.value("valid-features", validFeatures, .notEmpty),
      columns: try settings.list("captions", captions),
      imageColumn: try settings.value("image-column", imageColumn, default: "image"))
    if let twice = data.columns.indices.first(where: {
      data.columns[..<$0].contains(data.columns[$0])
    }) {
      throw Failure.usage("--captions has \(data.columns[twice].debugDescription) twice")
    }
    guard data.images == nil || data.features == nil else {
      throw Failure.usage("--images and --features both say what is seen; expected one of them")
    }
    guard (data.validFeatures != nil) == (data.features != nil && data.valid != nil) else {
      throw Failure.usage("--valid-features goes with --features and --valid")
    }
    return data
  }
}

/// Where pictures and captions are.
struct CaptionData: Equatable {
  var train: String
  var valid: String?
  /// nil for the folder beside each table.
  var images: String?
  var features: String?
  var validFeatures: String?
  /// Empty for all.
  var columns: [String]
  var imageColumn: String
}

/// The flags that say what captions are cut into. Each is also a key of a configuration file.
struct CaptionUnitOptions: ParsableArguments {
  @Option(
    help: """
      What captions are cut into: words (punctuation by itself), tokens (all between white space), \
      characters or bpe (pieces of words, by byte-pair encoding) (default: words).
      """)
  var units: UnitKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Merges of byte-pair encoding (default: 1000).", valueName: "n"))
  var merges: Int?
  @Flag(help: "Put all captions in lower case.")
  var lowercase = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rarer units become <unk> (default: 1, so none).", valueName: "n"))
  var minCount: Int?

  func choice(_ settings: inout Settings) throws -> CaptionUnits {
    let kind = try settings.value("units", units, default: .words)
    let merges = try settings.value("merges", merges, .upTo(1_000_000))
    guard merges == nil || kind == .bytePairs else {
      throw Failure.usage("--merges goes with units that are bpe, not \(kind.rawValue)")
    }
    return CaptionUnits(
      kind, merges: merges ?? 1000, lowercases: try settings.isOn("lowercase", lowercase),
      minimumCount: try settings.value("min-count", minCount, default: 1, .atLeast(1)))
  }
}

/// The flags that say how pictures are seen. Each is also a key of a configuration file.
struct PictureOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Pixels a side that pictures are resized to (default: 64).", valueName: "n"))
  var imageSize: Int?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Channels of each stage of the convolutional net, each of which halves the picture (default: "
        + "\(Self.usualChannels.map(String.init).joined(separator: " "))).", valueName: "n"))
  var channels: [String] = []
  @Option(
    help: """
      What the decoder begins from: the mean of all places, or the whole, where each place has weights of its \
      own (default: whole).
      """)
  var summary: ImageSummary?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Features of a place that vectors of --features become (default: as --hidden).",
      valueName: "n"))
  var featureSize: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the features dropped between the stages (default: 0.1).", valueName: "p"))
  var dropoutStages: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of a picture's features dropped (default: as --dropout's, 0.4).", valueName: "p"))
  var dropoutPicture: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Move pictures by up to this share of a side each time they are seen (default: 0.08).",
      valueName: "x"))
  var shift: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Shrink or grow each axis by up to this share (default: 0.15).", valueName: "x"))
  var zoom: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Turn them by up to so many degrees (default: 8).", valueName: "x"))
  var turn: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Change their colours by up to this share (default: 0.05).", valueName: "x"))
  var color: Double?
  @Flag(help: "Exchange left and right half of the time: not for arrows, hands or letters.")
  var flips = false

  static let usualChannels = [32, 64, 96, 128]

  func choice(_ settings: inout Settings, seesPixels: Bool) throws -> PictureChoice {
    func share(_ key: String, _ flag: Double?, _ usual: Double) throws -> Float {
      let value = try settings.value(key, flag, .notNegative)
      guard value == nil || seesPixels else { throw Self.pixelsOnly(key) }
      return seesPixels ? Float(value ?? usual) : 0
    }
    let augmentation = ImageAugmentation(
      shift: try share("shift", shift, 0.08), zoom: try share("zoom", zoom, 0.15),
      turn: try share("turn", turn, 8), color: try share("color", color, 0.05),
      flips: try settings.isOn("flips", flips))
    if let fault = augmentation.fault { throw Failure.usage(fault) }
    if augmentation.flips, !seesPixels { throw Self.pixelsOnly("flips") }
    let size = try settings.value("image-size", imageSize, .upTo(1024))
    let channels = try settings.list("channels", channels, of: "integers above 0") { text in
      Int(text).flatMap { $0 > 0 ? $0 : nil }
    }
    let summary = try settings.value("summary", summary)
    let featureSize = try settings.value("feature-size", featureSize, .upTo(1_000_000))
    let stages = try settings.value("dropout-stages", dropoutStages, .belowOne)
    let picture = try settings.value("dropout-picture", dropoutPicture, .belowOne)
    guard seesPixels else {
      for (key, isGiven) in [
        ("image-size", size != nil), ("channels", !channels.isEmpty), ("summary", summary != nil),
        ("dropout-stages", stages != nil),
      ] where isGiven { throw Self.pixelsOnly(key) }
      return .features(size: featureSize, dropout: Float(picture ?? UsualCaptioner.dropout))
    }
    guard featureSize == nil else { throw Failure.usage("--feature-size goes with --features") }
    let encoder = ImageEncoderConfiguration(
      imageSize: size ?? 64, channels: channels.isEmpty ? Self.usualChannels : channels,
      summary: summary ?? .whole, dropout: Float(stages ?? 0.1),
      outputDropout: Float(picture ?? UsualCaptioner.dropout))
    if let fault = encoder.fault { throw Failure.usage(fault) }
    return .pixels(encoder, augmentation)
  }

  private static func pixelsOnly(_ key: String) -> Failure {
    .usage("--\(key) is for pictures, not for --features")
  }
}

/// How pictures are seen.
enum PictureChoice: Equatable {
  case pixels(ImageEncoderConfiguration, ImageAugmentation)
  /// Of as many features and places as there will be; size nil for as many as a layer has units.
  case features(size: Int?, dropout: Float)
}

/// The flags of a captioner's training that no other model has. Each is also a key of a configuration file.
struct CaptionerLearningOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Pictures side by side (default: 32).", valueName: "n"))
  var batch: Int?
  @Option(
    help: """
      What the model is judged by on held-out pictures: loss, bleu-1 (right words) or mismatch (the share of \
      captions that are not exactly right), of greedy captions (default: loss).
      """)
  var judge: CaptionerCriterion?
}

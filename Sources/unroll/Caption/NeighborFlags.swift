import ArgumentParser
import Corpora
import Models

/// The flags of known pictures that have a say in captions. They are also keys of a configuration file.
struct NeighborFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A table of pictures with captions, as captioners learn from: those of the most similar pictures are "
        + "weighed with what the captioner finds, and what has most in common with all of them is given.",
      valueName: "file"), completion: .file())
  var neighbors: String?
  @Option(
    help: ArgumentHelp(
      "Folder of that table's pictures (default: images beside it).", valueName: "folder"),
    completion: .directory)
  var neighborImages: String?
  @Option(
    help: ArgumentHelp(
      "Vectors of that table's pictures, for a captioner that learned from such (NumPy or "
        + "safetensors).", valueName: "file"), completion: .file())
  var neighborFeatures: String?
  @Option(
    help: ArgumentHelp(
      "What the neighbours together count beside the captioner (default: 0.5).", valueName: "x"))
  var neighborWeight: Double?

  /// What the flags and the configuration file say; nil for no neighbours.
  func choice(_ settings: inout Settings) throws -> NeighborChoice? {
    let table = try settings.value("neighbors", neighbors, .notEmpty)
    let images = try settings.value("neighbor-images", neighborImages, .notEmpty)
    let features = try settings.value("neighbor-features", neighborFeatures, .notEmpty)
    let weight = try settings.value("neighbor-weight", neighborWeight, .positive)
    guard let table else {
      let given = [
        ("images", images != nil), ("features", features != nil), ("weight", weight != nil),
      ].first { $0.1 }
      if let given { throw Failure.usage("--neighbor-\(given.0) goes with --neighbors") }
      return nil
    }
    guard images == nil || features == nil else {
      throw Failure.usage("--neighbor-features takes the place of --neighbor-images")
    }
    return NeighborChoice(table: table, images: images, features: features, weight: weight ?? 0.5)
  }
}

/// Known pictures that have a say in captions.
struct NeighborChoice {
  var table: String
  var images: String?
  var features: String?
  var weight: Double

  /// The pictures as `captioner`, of the file `model`, takes them.
  func neighbors(of captioner: Captioner, _ model: String) throws -> CaptionNeighbors {
    let list = try CaptionList(reading: table, columns: captioner.languages)
    let pictures: PictureSet
    if let size = captioner.imageSize {
      guard features == nil else {
        throw Failure(
          "--neighbor-features goes with a captioner of vectors; \(model) takes pictures")
      }
      pictures = try list.pictures(in: images ?? list.usualFolder, size: size)
    } else {
      guard let features else {
        throw Failure(
          "\(model) learned from vectors of pictures; expected --neighbor-features FILE")
      }
      pictures = try PictureSet(featuresAt: features, count: list.count)
    }
    return CaptionNeighbors(CaptionedPictures(pictures, list), weight: weight)
  }
}

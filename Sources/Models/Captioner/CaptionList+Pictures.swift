import Corpora
import Foundation
import Images
import ModelFiles
import Tensors

extension CaptionList {
  /// The pictures of the table, from the files in `folder`.
  ///
  /// Throws `CorpusError.malformed` with the line of the table and what is wrong with its picture.
  public func images(in folder: String) throws(CorpusError) -> [Image] {
    var images: [Image] = []
    for entry in entries { images.append(try image(of: entry, in: folder)) }
    return images
  }

  /// The pictures at `size` by `size` pixels.
  public func pictures(in folder: String, size: Int) throws(CorpusError) -> PictureSet {
    var pixels: [[UInt8]] = []
    for entry in entries {
      pixels.append(PictureSet.pixels(try image(of: entry, in: folder), size: size))
    }
    return PictureSet(pixels: pixels, size: size)
  }

  private func image(of entry: Entry, in folder: String) throws(CorpusError) -> Image {
    let file = URL(fileURLWithPath: folder).appendingPathComponent(entry.image).path
    do {
      return try Image(contentsOf: file)
    } catch {
      throw .malformed(path: path, line: entry.line, detail: error.description)
    }
  }
}

extension PictureSet {
  /// Features from a file: a NumPy array, or a safetensors file with one tensor or one named `features`; a row,
  /// or rows of places, for each picture.
  ///
  /// Throws `ModelFileError`, and ``ModelError/unusableText(_:)`` for another shape, and where there are not
  /// `count` rows.
  public init(featuresAt path: String, count: Int? = nil) throws {
    let (shape, scalars) = try Self.array(path)
    guard shape.count == 2 || shape.count == 3, !shape.contains(0) else {
      throw ModelError.unusableText(
        "\(path) has an array of shape \(shape), expected [pictures, features] or [pictures, places, "
          + "features]")
    }
    if let count, shape[0] != count {
      throw ModelError.unusableText(
        "\(path) has features of \(shape[0]) pictures, expected \(count), one for each")
    }
    self.init(features: Tensor(shape: shape, scalars: scalars))
  }

  private static func array(_ path: String) throws -> (shape: [Int], scalars: [Float]) {
    if NPYFile.isNPY(path) || path.hasSuffix(".npy") {
      let file = try NPYFile(path: path)
      return (file.shape, file.scalars)
    }
    let file = try SafetensorsFile(path: path)
    let name = file.names.count == 1 ? file.names[0] : "features"
    return try file.floats(name, requireFinite: true)
  }
}

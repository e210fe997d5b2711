import Foundation

extension Image {
  /// Reads the PNG or JPEG file at `path`; its first bytes say which it is, not its name.
  ///
  /// - PNG: every colour type and depth, transparency, Adam7; of an animation the still picture. Samples of
  ///   16 bits become round(v · 255 / 65535), as the standard recommends (13.12).
  /// - JPEG: baseline, extended and progressive, of 8 bits with Huffman codes; grey, RGB, YCbCr, CMYK and
  ///   YCCK; turned as EXIF says. Arithmetic coding, lossless and hierarchical frames and 12 bits are
  ///   refused.
  ///
  /// Every check sum is compared, and a file that ends too early is an error: half a picture would teach a
  /// model something that nobody meant. Memory is bounded by ``maximumPixels`` and by the size of the file.
  ///
  /// - Throws: ``ImageError/unreadable(path:reason:)``, ``ImageError/unknownFormat(path:found:)`` and what
  ///   the decoder finds wrong.
  public init(contentsOf path: String) throws(ImageError) {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw .unreadable(path: path, reason: "no such file")
    }
    guard !isDirectory.boolValue else {
      throw .unreadable(path: path, reason: "it is a directory, expected a file")
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      let reason =
        FileManager.default.isReadableFile(atPath: path) ? "reading failed" : "permission denied"
      throw .unreadable(path: path, reason: reason)
    }
    try self.init(decoding: [UInt8](data), path: path)
  }

  /// The picture whose PNG or JPEG file has these bytes; errors name `path`.
  public init(decoding bytes: [UInt8], path: String? = nil) throws(ImageError) {
    do throws(ImageError) {
      switch Signature(of: bytes) {
      case .readable(.png): self = try PNGReader.image(bytes)
      case .readable(.jpeg): self = try JPEGReader.image(bytes)
      case .other(let found): throw ImageError.unknownFormat(path: path, found: found)
      }
    } catch {
      throw error.located(at: path)
    }
  }
}

/// What the first bytes of a file say that it is.
enum Signature: Equatable {
  case readable(ImageFormat)
  /// Something else, named for the end of "it is".
  case other(String)

  static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  init(of bytes: [UInt8]) {
    func has(_ text: String, at offset: Int = 0) -> Bool {
      bytes.dropFirst(offset).starts(with: text.utf8)
    }
    func begins(_ start: UInt8...) -> Bool { bytes.starts(with: start) }
    self =
      if bytes.starts(with: Self.png) {
        .readable(.png)
      } else if begins(0xFF, 0xD8, 0xFF) {
        .readable(.jpeg)
      } else if bytes.isEmpty {
        .other("empty")
      } else if has("GIF8") {
        .other("a GIF")
      } else if has("RIFF"), has("WEBP", at: 8) {
        .other("a WebP")
      } else if has("BM") {
        .other("a BMP")
      } else if has("II*\0") || has("MM\0*") {
        .other("a TIFF")
      } else if has("ftypavif", at: 4) || has("ftypavis", at: 4) {
        .other("an AVIF")
      } else if has("ftyphei", at: 4) || has("ftypmif1", at: 4) || has("ftyphev", at: 4) {
        .other("a HEIF")
      } else if begins(0xFF, 0x0A) || has("JXL ", at: 4) {
        .other("a JPEG XL")
      } else if begins(0xFF, 0x4F, 0xFF, 0x51) || has("jP  ", at: 4) {
        .other("a JPEG 2000")
      } else if begins(0x89, 0x50, 0x4E, 0x47) {
        .other("a PNG whose line ends were converted on the way")
      } else if begins(0, 0, 1, 0) {
        .other("an icon (ICO)")
      } else if has("%PDF") {
        .other("a PDF")
      } else if has("<svg") || has("<?xml") || has("<!DOCTYPE") || has("<html") {
        .other("markup (SVG, XML or HTML)")
      } else if has("version https://git-lfs") {
        .other("a pointer to a file in Git LFS")
      } else {
        .other(
          "no picture known here (it begins with "
            + bytes.prefix(4).map { hexadecimal($0) }.joined(separator: " ") + ")")
      }
  }
}

/// `number` as in C, two digits a byte: `0x0A`.
func hexadecimal<Number: FixedWidthInteger>(_ number: Number) -> String {
  let digits = String(number, radix: 16, uppercase: true)
  return "0x" + String(repeating: "0", count: Number.bitWidth / 4 - digits.count) + digits
}

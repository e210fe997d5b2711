/// What the first chunk of a PNG file says (ISO/IEC 15948, 11.2.2).
struct PNGHeader: Equatable {
  enum ColorType: Int {
    case gray = 0
    case rgb = 2
    case palette = 3
    case grayAlpha = 4
    case rgba = 6

    var channels: Int {
      switch self {
      case .gray, .palette: 1
      case .grayAlpha: 2
      case .rgb: 3
      case .rgba: 4
      }
    }

    var depths: [Int] {
      switch self {
      case .gray: [1, 2, 4, 8, 16]
      case .palette: [1, 2, 4, 8]
      default: [8, 16]
      }
    }
  }

  /// The pixels at `start + step · n` of both axes; a file holds one such picture after the other.
  struct Pass: Equatable {
    var xStart = 0
    var yStart = 0
    var xStep = 1
    var yStep = 1
  }

  let width: Int
  let height: Int
  let depth: Int
  let colorType: ColorType
  let isInterlaced: Bool

  var bitsPerPixel: Int { depth * colorType.channels }

  /// One, or the seven of Adam7 (8.2).
  var passes: [Pass] {
    guard isInterlaced else { return [Pass()] }
    return [
      Pass(xStart: 0, yStart: 0, xStep: 8, yStep: 8),
      Pass(xStart: 4, yStart: 0, xStep: 8, yStep: 8),
      Pass(xStart: 0, yStart: 4, xStep: 4, yStep: 8),
      Pass(xStart: 2, yStart: 0, xStep: 4, yStep: 4),
      Pass(xStart: 0, yStart: 2, xStep: 2, yStep: 4),
      Pass(xStart: 1, yStart: 0, xStep: 2, yStep: 2),
      Pass(xStart: 0, yStart: 1, xStep: 1, yStep: 2),
    ]
  }

  /// The size of a pass's picture; either may be 0.
  func size(of pass: Pass) -> (width: Int, height: Int) {
    (
      (width - pass.xStart + pass.xStep - 1) / pass.xStep,
      (height - pass.yStart + pass.yStep - 1) / pass.yStep
    )
  }

  /// The bytes of a row of so many pixels, without the one that names its filter.
  func rowBytes(_ width: Int) -> Int { (width * bitsPerPixel + 7) / 8 }

  /// The bytes of all rows of all passes, each with its filter.
  var decompressedSize: Int {
    passes.reduce(0) { sum, pass in
      let (width, height) = size(of: pass)
      return sum + (width == 0 ? 0 : height * (1 + rowBytes(width)))
    }
  }

  /// The header in the 13 bytes from `start` of the file.
  init(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) throws(ImageError) {
    let width = bigEndian(bytes, start)
    let height = bigEndian(bytes, start + 4)
    guard width > 0, height > 0, width < 1 << 31, height < 1 << 31 else {
      throw .corrupt(
        .init(format: .png, offset: start), found: "\(width) × \(height) pixels",
        expected: "1 to 2³¹ − 1 each way")
    }
    guard width * height <= Image.maximumPixels else {
      throw .unsupported(
        .init(format: .png, offset: start), found: "a picture of \(width) × \(height) pixels",
        expected: "at most \(Image.maximumPixels) in all")
    }
    (depth, self.width, self.height) = (Int(bytes[start + 8]), width, height)
    guard let type = ColorType(rawValue: Int(bytes[start + 9])), type.depths.contains(depth) else {
      throw .corrupt(
        .init(format: .png, offset: start + 8),
        found: "colour type \(bytes[start + 9]) with \(depth) bits",
        expected: "a pair of ISO/IEC 15948, table 11.1")
    }
    colorType = type
    guard bytes[start + 10] == 0, bytes[start + 11] == 0, bytes[start + 12] < 2 else {
      throw .corrupt(
        .init(format: .png, offset: start + 10),
        found: "compression, filter and interlace methods \(bytes[start + 10]), "
          + "\(bytes[start + 11]), \(bytes[start + 12])",
        expected: "0, 0, and 0 or 1")
    }
    isInterlaced = bytes[start + 12] == 1
  }
}

/// The four bytes from `start` as a number, the highest first.
func bigEndian(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
  (start..<(start + 4)).reduce(0) { $0 << 8 | Int(bytes[$1]) }
}

/// What a JPEG file's application segments say of colours and of the way up.
struct JPEGMetadata {
  private var hasJFIF = false
  /// Of Adobe's segment: 0 for colours as they are, 1 for YCbCr, 2 for YCCK.
  private var adobeTransform: Int?
  private(set) var orientation = JPEGOrientation.upright

  /// Looks at an application segment; what it does not know, and what is damaged in it, it leaves: the
  /// picture is whole without.
  mutating func read(_ marker: UInt8, _ bytes: UnsafeBufferPointer<UInt8>, _ content: Range<Int>) {
    let segment = UnsafeBufferPointer(rebasing: bytes[content])
    switch marker {
    case 0xE0 where segment.starts(with: "JFIF\0".utf8):
      hasJFIF = true
    case 0xEE where segment.starts(with: "Adobe".utf8) && segment.count >= 12:
      adobeTransform = Int(segment[11])
    case 0xE1 where segment.starts(with: "Exif\0\0".utf8):
      orientation =
        JPEGOrientation(exif: UnsafeBufferPointer(rebasing: segment[6...])) ?? orientation
    default: break
    }
  }

  /// What the components are, by the rules of T.871 and of Adobe's Technical Note 5116.
  func colorSpace(of frame: JPEGFrame) -> JPEGColors.Space {
    switch frame.components.count {
    case 1: return .gray
    case 3:
      if hasJFIF { return .ycc }
      if let adobeTransform { return adobeTransform == 0 ? .rgb : .ycc }
      return frame.components.map(\.id).elementsEqual("RGB".utf8) ? .rgb : .ycc
    default: return adobeTransform == 2 ? .ycck : .cmyk
    }
  }
}

/// How the stored picture is to be turned, by its number in EXIF (CIPA DC-008, tag 0x0112).
enum JPEGOrientation: Int {
  case upright = 1
  case mirrored = 2
  case upsideDown = 3
  case mirroredUpsideDown = 4
  case transposed = 5
  case turnedLeft = 6
  case transverse = 7
  case turnedRight = 8

  /// The entry of the first directory of EXIF data, which begin as a TIFF file does; nil where there is none.
  init?(exif: UnsafeBufferPointer<UInt8>) {
    guard exif.count >= 8 else { return nil }
    let isLittleEndian = exif[0] == UInt8(ascii: "I")
    func number(_ place: Int, _ size: Int) -> Int {
      let digits = exif[place..<(place + size)].map { Int($0) }
      return (isLittleEndian ? digits.reversed() : digits).reduce(0) { $0 << 8 | $1 }
    }
    let directory = number(4, 4)
    guard directory <= exif.count - 2 else { return nil }
    for entry in 0..<number(directory, 2) {
      let place = directory + 2 + 12 * entry
      guard place + 12 <= exif.count else { return nil }
      if number(place, 2) == 0x0112 {
        self.init(rawValue: number(place + 8, 2))
        return
      }
    }
    return nil
  }

  /// `image`, which is stored this way, the right way up.
  func upright(_ image: Image) -> Image {
    let (width, height) = (image.width, image.height)
    // The stored pixel of the new first one, and the steps for a new column and a new row.
    let (start, across, down): (Int, Int, Int) =
      switch self {
      case .upright: (0, 1, width)
      case .mirrored: (width - 1, -1, width)
      case .upsideDown: (width * height - 1, -1, -width)
      case .mirroredUpsideDown: (width * (height - 1), 1, -width)
      case .transposed: (0, width, 1)
      case .turnedLeft: (width * (height - 1), -width, 1)
      case .transverse: (width * height - 1, -width, -1)
      case .turnedRight: (width - 1, width, -1)
      }
    if self == .upright { return image }
    let isOnItsSide = rawValue > 4
    let (newWidth, newHeight) = isOnItsSide ? (height, width) : (width, height)
    var rgba = [UInt8](repeating: 0, count: image.rgba.count)
    rgba.withUnsafeMutableBufferPointer { new in
      image.rgba.withUnsafeBufferPointer { old in
        for y in 0..<newHeight {
          for x in 0..<newWidth {
            let (to, from) = (4 * (y * newWidth + x), 4 * (start + x * across + y * down))
            for part in 0..<4 { new[to &+ part] = old[from &+ part] }
          }
        }
      }
    }
    return Image(width: newWidth, height: newHeight, rgba: rgba)
  }
}

import Foundation

extension Image {
  /// The picture as a PNG file (ISO/IEC 15948): grey or RGB of eight bits, with alpha or without, whichever has
  /// the fewest channels and loses nothing. Reading it gives the same picture again, colours that alpha hides
  /// too.
  public func pngData() -> [UInt8] {
    let type = smallestColorType
    let kept: [Int] =
      switch type {
      case .gray: [0]
      case .grayAlpha: [0, 3]
      case .rgb: [0, 1, 2]
      default: [0, 1, 2, 3]
      }
    var rows: [UInt8] = []
    rows.reserveCapacity(height * (1 + kept.count * width))
    var above = [UInt8](repeating: 0, count: kept.count * width)
    for y in 0..<height {
      var row: [UInt8] = []
      row.reserveCapacity(above.count)
      for pixel in stride(from: 4 * y * width, to: 4 * (y + 1) * width, by: 4) {
        for part in kept { row.append(rgba[pixel + part]) }
      }
      rows += Self.filtered(row, above: above, distance: kept.count)
      above = row
    }
    let header =
      bigEndianBytes(width) + bigEndianBytes(height) + [8, UInt8(type.rawValue), 0, 0, 0]
    return Signature.png + Self.chunk("IHDR", header) + Self.chunk("IDAT", Deflate.zlib(rows))
      + Self.chunk("IEND", [])
  }

  /// The picture as a PNG file within a `data:` URI (RFC 2397), for the `src` of an HTML page's image.
  public func pngDataURI() -> String {
    "data:image/png;base64," + Data(pngData()).base64EncodedString()
  }

  private var smallestColorType: PNGHeader.ColorType {
    var (isGray, isOpaque) = (true, true)
    for pixel in stride(from: 0, to: rgba.count, by: 4) {
      isGray = isGray && rgba[pixel] == rgba[pixel + 1] && rgba[pixel] == rgba[pixel + 2]
      isOpaque = isOpaque && rgba[pixel + 3] == 255
      if !isGray, !isOpaque { return .rgba }
    }
    return !isGray ? .rgb : isOpaque ? .gray : .grayAlpha
  }

  /// A row by the filter whose bytes, as signed numbers, are the smallest in sum (ISO/IEC 15948, 12.8), with
  /// that filter's number before it.
  private static func filtered(_ row: [UInt8], above: [UInt8], distance: Int) -> [UInt8] {
    var best: [UInt8] = []
    var bestSum = Int.max
    for filter in UInt8(0)...4 {
      var result = [filter]
      result.reserveCapacity(row.count + 1)
      var sum = 0
      for place in row.indices {
        let left = place < distance ? 0 : row[place - distance]
        let corner = place < distance ? 0 : above[place - distance]
        let predicted: UInt8 =
          switch filter {
          case 0: 0
          case 1: left
          case 2: above[place]
          case 3: UInt8((Int(left) + Int(above[place])) / 2)
          default: PNGPixels.paeth(left, above[place], corner)
          }
        let byte = row[place] &- predicted
        result.append(byte)
        sum += Int(Int8(bitPattern: byte).magnitude)
      }
      if sum < bestSum { (best, bestSum) = (result, sum) }
    }
    return best
  }

  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let checked = Array(name.utf8) + content
    let sum = checked.withUnsafeBufferPointer(Checksum.crc32)
    return bigEndianBytes(content.count) + checked + bigEndianBytes(Int(sum))
  }
}

/// The lowest four bytes of `number`, the highest first.
private func bigEndianBytes(_ number: Int) -> [UInt8] {
  [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
}

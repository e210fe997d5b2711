/// Reads PNG files (Portable Network Graphics, ISO/IEC 15948; W3C Recommendation, 2003).
///
/// A chunk whose check sum is wrong is an error whether the picture needs it or not: a damaged file is a
/// damaged file, and one flipped bit could turn a chunk with transparency into one that nobody knows.
struct PNGReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var header: PNGHeader?
  /// Red, green, blue and alpha of up to 256 colours.
  private var palette: [UInt8] = []
  /// The samples of the one colour that is transparent, where there is no alpha.
  private var transparent: [Int]?
  private var hasTransparency = false
  /// The parts of the compressed picture.
  private var data: [Range<Int>] = []

  static func image(_ bytes: [UInt8]) throws(ImageError) -> Image {
    try bytes.withUnsafeBufferPointer { bytes throws(ImageError) in
      var reader = PNGReader(bytes: bytes)
      return try reader.image()
    }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  private mutating func image() throws(ImageError) -> Image {
    let header = try chunks()
    let size = header.decompressedSize
    let compressed = data.reduce(0) { $0 + $1.count }
    guard size <= (compressed + 1) * Inflate.largestRatio else {
      throw fault(
        data[0].lowerBound, "\(compressed) bytes of data for \(header.width) × \(header.height)",
        "at least \(size / Inflate.largestRatio)")
    }
    let rows = Storage<UInt8>(count: size)
    try inflate(into: rows.cells)
    let pixels = PNGPixels(header: header, palette: palette, transparent: transparent)
    do throws(PNGPixels.Fault) {
      return try pixels.image(rows.cells)
    } catch {
      throw fault(data[0].lowerBound, error.found, error.expected)
    }
  }

  private func inflate(into rows: UnsafeMutableBufferPointer<UInt8>) throws(ImageError) {
    do throws(StreamFault) {
      if data.count == 1 {
        try Inflate.zlib(UnsafeBufferPointer(rebasing: bytes[data[0]]), into: rows)
      } else {
        var joined: [UInt8] = []
        joined.reserveCapacity(data.reduce(0) { $0 + $1.count })
        for part in data { joined.append(contentsOf: bytes[part]) }
        try joined.withUnsafeBufferPointer { joined throws(StreamFault) in
          try Inflate.zlib(joined, into: rows)
        }
      }
    } catch {
      // Back from the offset in the joined parts to the one in the file.
      var rest = error.offset
      for part in data {
        if rest < part.count { throw fault(part.lowerBound + rest, error.found, error.expected) }
        rest -= part.count
      }
      throw fault(data[data.count - 1].upperBound, error.found, error.expected)
    }
  }

  /// Reads all chunks to the last; afterwards there is data.
  private mutating func chunks() throws(ImageError) -> PNGHeader {
    var place = Signature.png.count
    var isDataOver = false
    while true {
      guard place + 12 <= bytes.count else {
        throw fault(bytes.count, "the end of the file", "a chunk of 12 bytes or more")
      }
      let length = bigEndian(bytes, place)
      let name = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
      guard length <= bytes.count - place - 12 else {
        throw fault(
          place, "a chunk of \(length) bytes", "at most the \(bytes.count - place - 12) that follow"
        )
      }
      let content = (place + 8)..<(place + 8 + length)
      let sum = Checksum.crc32(
        UnsafeBufferPointer(rebasing: bytes[(place + 4)..<content.upperBound]))
      let stored = UInt32(bigEndian(bytes, content.upperBound))
      guard sum == stored else {
        throw fault(
          content.upperBound, "the CRC \(hexadecimal(stored)) of chunk \(name.debugDescription)",
          hexadecimal(sum))
      }
      guard let header else {
        guard name == "IHDR", length == 13 else {
          throw fault(place, "chunk \(name.debugDescription) of \(length) bytes", "IHDR of 13")
        }
        header = try PNGHeader(bytes, at: content.lowerBound)
        place = content.upperBound + 4
        continue
      }
      if !data.isEmpty, name != "IDAT" { isDataOver = true }
      switch name {
      case "IDAT":
        guard !isDataOver else { throw fault(place, "another IDAT", "all IDAT in a row") }
        guard header.colorType != .palette || !palette.isEmpty else {
          throw fault(place, "IDAT", "PLTE before it")
        }
        data.append(content)
      case "PLTE": try readPalette(content)
      case "tRNS": try readTransparency(content, header)
      case "IEND":
        guard !data.isEmpty else { throw fault(place, "IEND", "IDAT before it") }
        return header
      default:
        // The fifth bit of the first letter says whether the picture can be read without the chunk.
        guard bytes[place + 4] & 0x20 != 0 else {
          throw fault(
            place, "the critical chunk \(name.debugDescription)", "IDAT, PLTE, tRNS or IEND")
        }
      }
      place = content.upperBound + 4
    }
  }

  private mutating func readPalette(_ content: Range<Int>) throws(ImageError) {
    guard palette.isEmpty, !hasTransparency, data.isEmpty else {
      throw fault(content.lowerBound - 8, "PLTE", "one PLTE before tRNS and IDAT")
    }
    guard content.count % 3 == 0, 3...768 ~= content.count else {
      throw fault(
        content.lowerBound - 8, "a palette of \(content.count) bytes", "a multiple of 3 up to 768")
    }
    for start in stride(from: content.lowerBound, to: content.upperBound, by: 3) {
      palette += [bytes[start], bytes[start + 1], bytes[start + 2], 255]
    }
  }

  private mutating func readTransparency(_ content: Range<Int>, _ header: PNGHeader)
    throws(ImageError)
  {
    guard !hasTransparency, data.isEmpty else {
      throw fault(content.lowerBound - 8, "tRNS", "one tRNS before IDAT")
    }
    hasTransparency = true
    switch header.colorType {
    case .palette:
      guard content.count <= palette.count / 4 else {
        throw fault(
          content.lowerBound - 8, "tRNS of \(content.count) bytes",
          "at most \(palette.count / 4), one for each colour of PLTE before it")
      }
      for (color, alpha) in bytes[content].enumerated() { palette[4 * color + 3] = alpha }
    case .gray, .rgb:
      let channels = header.colorType.channels
      guard content.count == 2 * channels else {
        throw fault(
          content.lowerBound - 8, "tRNS of \(content.count) bytes", "\(2 * channels)")
      }
      // Only as many bits count as a sample has (11.3.2.1).
      transparent = (0..<channels).map { channel in
        let high = Int(bytes[content.lowerBound + 2 * channel])
        let low = Int(bytes[content.lowerBound + 2 * channel + 1])
        return (high << 8 | low) & (1 << header.depth - 1)
      }
    case .grayAlpha, .rgba:
      throw fault(content.lowerBound - 8, "tRNS", "none beside an alpha channel")
    }
  }

  private func fault(_ offset: Int, _ found: String, _ expected: String) -> ImageError {
    .corrupt(.init(format: .png, offset: offset), found: found, expected: expected)
  }
}

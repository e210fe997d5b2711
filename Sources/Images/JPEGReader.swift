/// Reads JPEG files (ITU-T T.81 | ISO/IEC 10918-1, 1992; JFIF, ITU-T T.871, 2011): the markers and what they
/// lead to.
///
/// Any error in the data is thrown, as is an end of the file before the marker of the picture's end. Bytes
/// too many between a scan and the next marker are stepped over: many files have them, and nothing is lost.
struct JPEGReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var place = 2
  private var tables = JPEGTables()
  private var frame: JPEGFrame?
  private var restartInterval = 0
  private var metadata = JPEGMetadata()
  private var scans = 0

  /// More scans are refused: a small file could otherwise ask for many walks over a large picture. One scan
  /// for every coefficient of three components is 192; encoders write about 10.
  static let maximumScans = 256

  static func image(_ bytes: [UInt8]) throws(ImageError) -> Image {
    try bytes.withUnsafeBufferPointer { bytes throws(ImageError) in
      var reader = JPEGReader(bytes: bytes)
      return try reader.image()
    }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  private mutating func image() throws(ImageError) -> Image {
    while try segment() {}
    guard let frame else { throw fault(place, "no frame header", "one (SOF0, SOF1 or SOF2)") }
    for component in frame.components {
      guard component.bitsToCome[0] != nil else {
        throw fault(place, "the end of the picture", "a scan of component \(component.id)")
      }
      component.transformCoefficients()
    }
    let colors = JPEGColors(frame: frame, space: metadata.colorSpace(of: frame))
    return metadata.orientation.upright(colors.image())
  }

  /// Reads the next marker and its segment; false after the last.
  private mutating func segment() throws(ImageError) -> Bool {
    // Any number of bytes 0xFF may come before a marker (B.1.1.2).
    guard place < bytes.count, bytes[place] == 0xFF else {
      throw fault(
        place, place < bytes.count ? hexadecimal(bytes[place]) : "the end of the file",
        "a marker")
    }
    while place < bytes.count, bytes[place] == 0xFF { place += 1 }
    guard place < bytes.count else { throw fault(place, "the end of the file", "a marker") }
    let (marker, start) = (bytes[place], place - 1)
    place += 1
    switch marker {
    case 0xD9: return false
    case 0xD0...0xD7, 0x01: return true  // without a segment
    case 0x00, 0xD8: throw fault(start, "marker \(hexadecimal(marker))", "one that may stand here")
    default: break
    }
    guard place + 2 <= bytes.count else { throw fault(place, "the end of the file", "a length") }
    let length = Int(bytes[place]) << 8 | Int(bytes[place + 1])
    guard length >= 2, length <= bytes.count - place else {
      throw fault(
        place, "a segment of \(length) bytes", "2 to the \(bytes.count - place) that follow")
    }
    let content = (place + 2)..<(place + length)
    place = content.upperBound
    switch marker {
    case 0xC0, 0xC1, 0xC2:
      guard frame == nil else { throw fault(start, "a second frame header", "one") }
      frame = try JPEGFrame(bytes, content, isProgressive: marker == 0xC2)
    case 0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF, 0xCC, 0xDE:
      throw .unsupported(
        .init(format: .jpeg, offset: start), found: Self.name(ofUnsupported: marker),
        expected: "baseline, extended or progressive coding with Huffman codes")
    case 0xC4, 0xDB:
      do throws(StreamFault) {
        if marker == 0xC4 {
          try tables.readCodes(bytes, content)
        } else {
          try tables.readSteps(bytes, content)
        }
      } catch {
        throw fault(error)
      }
    case 0xDD:
      guard content.count == 2 else {
        throw fault(start, "a restart interval of \(content.count) bytes", "2")
      }
      restartInterval = Int(bytes[content.lowerBound]) << 8 | Int(bytes[content.lowerBound + 1])
    case 0xDA: try scan(content)
    default: metadata.read(marker, bytes, content)
    }
    return true
  }

  /// Reads a scan's header (B.2.3) and its data.
  private mutating func scan(_ content: Range<Int>) throws(ImageError) {
    let start = content.lowerBound
    guard let frame else { throw fault(start, "a scan", "a frame header before it") }
    scans += 1
    guard scans <= Self.maximumScans else {
      throw fault(start, "scan \(scans)", "at most \(Self.maximumScans)")
    }
    let count = content.isEmpty ? 0 : Int(bytes[start])
    guard 1...4 ~= count, content.count == 4 + 2 * count else {
      throw fault(
        start, "a scan header of \(content.count) bytes for \(count) components",
        "1 to 4 components, 4 bytes and 2 for each")
    }
    let end = content.upperBound
    let (first, last) = frame.isProgressive ? (Int(bytes[end - 3]), Int(bytes[end - 2])) : (0, 63)
    let (high, low) =
      frame.isProgressive ? (Int(bytes[end - 1] >> 4), Int(bytes[end - 1] & 15)) : (0, 0)
    if frame.isProgressive {
      let isBand = first == 0 ? last == 0 : first <= last && last < 64 && count == 1
      guard isBand, low <= 13, high == 0 || high == low + 1 else {
        throw fault(
          end - 3,
          "coefficients \(first) to \(last), bits \(high) to \(low), of \(count) components",
          "a scan of T.81, G.1.1.1")
      }
    }
    let kind: JPEGScan.Kind =
      switch (frame.isProgressive, first == 0, high == 0) {
      case (false, _, _): .sequential
      case (true, true, true): .dcFirst
      case (true, true, false): .dcRefinement
      case (true, false, true): .acFirst
      case (true, false, false): .acRefinement
      }
    var parts: [JPEGScan.Part] = []
    for place in stride(from: start + 1, to: start + 1 + 2 * count, by: 2) {
      guard let component = frame.components.first(where: { $0.id == bytes[place] }),
        !parts.contains(where: { $0.component === component })
      else {
        throw fault(place, "component \(bytes[place])", "each component of the frame once")
      }
      try prepare(component, first, last, high, low, at: place)
      parts.append(try part(component, kind, at: place))
    }
    guard count == 1 || parts.reduce(0, { $0 + $1.component.h * $1.component.v }) <= 10 else {
      throw fault(start, "a unit of more than 10 blocks", "at most 10")
    }
    var scan = JPEGScan(
      reader: HighBitReader(bytes, from: end), parts: parts, kind: kind, first: first, last: last,
      low: low, restartInterval: restartInterval)
    do throws(StreamFault) {
      try scan.read(unitsAcross: frame.unitsAcross, unitsDown: frame.unitsDown)
    } catch {
      throw fault(error)
    }
    scan.reader.skipToMarker()
    place = scan.reader.position
  }

  /// Checks that this scan of a component is its next, and takes memory before its first.
  private func prepare(
    _ component: JPEGComponent, _ first: Int, _ last: Int, _ high: Int, _ low: Int, at place: Int
  ) throws(ImageError) {
    for coefficient in first...last {
      let bits = component.bitsToCome[coefficient]
      guard bits == (high == 0 ? nil : high) else {
        throw fault(
          place, "a scan of coefficient \(coefficient) from bit \(high)",
          bits.map { $0 == 0 ? "none, it is complete" : "one from bit \($0)" } ?? "a first one")
      }
      component.bitsToCome[coefficient] = low
    }
    guard component.steps.isEmpty else { return }
    guard let steps = tables.steps[component.quantizationTable] else {
      throw fault(
        place, "no quantization table \(component.quantizationTable)", "one before the scan")
    }
    component.steps = steps
    // Every block takes a bit at least in its first scan.
    let blocks = ((component.width + 7) / 8) * ((component.height + 7) / 8)
    guard blocks <= 8 * (bytes.count - place) else {
      throw fault(
        bytes.count, "the end of the file", "\(blocks / 8) bytes or more for \(blocks) blocks")
    }
    component.allocate(isProgressive: frame?.isProgressive ?? false)
  }

  /// A component of a scan with the codes that it needs.
  private func part(_ component: JPEGComponent, _ kind: JPEGScan.Kind, at place: Int)
    throws(ImageError) -> JPEGScan.Part
  {
    let (dcNumber, acNumber) = (Int(bytes[place + 1] >> 4), Int(bytes[place + 1] & 15))
    let needsDC = kind == .sequential || kind == .dcFirst
    let needsAC = kind == .sequential || kind == .acFirst || kind == .acRefinement
    let dc = dcNumber < 4 ? tables.dc[dcNumber] : nil
    let ac = acNumber < 4 ? tables.ac[acNumber] : nil
    guard !needsDC || dc != nil, !needsAC || ac != nil else {
      throw fault(
        place + 1, "no Huffman table \(needsDC && dc == nil ? "DC \(dcNumber)" : "AC \(acNumber)")",
        "one before the scan")
    }
    return JPEGScan.Part(component, dc: dc, ac: ac)
  }

  private static func name(ofUnsupported marker: UInt8) -> String {
    switch marker {
    case 0xC3: "a lossless picture (SOF3)"
    case 0xC5, 0xC6, 0xC7, 0xDE: "a hierarchical picture (\(hexadecimal(marker)))"
    default: "arithmetic coding (\(hexadecimal(marker)))"
    }
  }

  private func fault(_ error: StreamFault) -> ImageError {
    fault(error.offset, error.found, error.expected)
  }

  private func fault(_ offset: Int, _ found: String, _ expected: String) -> ImageError {
    .corrupt(.init(format: .jpeg, offset: offset), found: found, expected: expected)
  }
}

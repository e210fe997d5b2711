/// The picture of a JPEG file as its frame header describes it (ITU-T T.81, B.2.2).
struct JPEGFrame {
  let width: Int
  let height: Int
  let isProgressive: Bool
  /// One (grey), three or four.
  let components: [JPEGComponent]
  /// The largest sampling factors of all components.
  let maximumH: Int
  let maximumV: Int

  /// Minimum coded units of all components together in a row, and rows of them (A.2.3).
  var unitsAcross: Int { (width + 8 * maximumH - 1) / (8 * maximumH) }
  var unitsDown: Int { (height + 8 * maximumV - 1) / (8 * maximumV) }

  /// Reads what follows the length of a frame header; memory for the picture is taken later.
  init(_ bytes: UnsafeBufferPointer<UInt8>, _ content: Range<Int>, isProgressive: Bool)
    throws(ImageError)
  {
    func fault(_ offset: Int, _ found: String, _ expected: String) -> ImageError {
      .corrupt(.init(format: .jpeg, offset: offset), found: found, expected: expected)
    }
    let start = content.lowerBound
    guard content.count >= 6 else {
      throw fault(start, "a frame header of \(content.count) bytes", "6 and 3 for each component")
    }
    guard bytes[start] == 8 else {
      throw .unsupported(
        .init(format: .jpeg, offset: start), found: "a picture of \(bytes[start]) bits",
        expected: "8")
    }
    height = Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
    width = Int(bytes[start + 3]) << 8 | Int(bytes[start + 4])
    guard width > 0 else { throw fault(start + 3, "no columns", "at least 1") }
    guard height > 0 else {
      throw .unsupported(
        .init(format: .jpeg, offset: start + 1), found: "a height that follows the picture (DNL)",
        expected: "the height in the frame header")
    }
    guard width * height <= Image.maximumPixels else {
      throw .unsupported(
        .init(format: .jpeg, offset: start + 1), found: "a picture of \(width) × \(height) pixels",
        expected: "at most \(Image.maximumPixels) in all")
    }
    let count = Int(bytes[start + 5])
    guard content.count == 6 + 3 * count else {
      throw fault(
        start, "a frame header of \(content.count) bytes for \(count) components",
        "\(6 + 3 * count)")
    }
    guard [1, 3, 4].contains(count) else {
      throw .unsupported(
        .init(format: .jpeg, offset: start + 5), found: "a picture of \(count) components",
        expected: "1 (grey), 3 (colour) or 4 (CMYK)")
    }
    var parts: [(id: UInt8, h: Int, v: Int, table: Int)] = []
    for place in stride(from: start + 6, to: content.upperBound, by: 3) {
      let (h, v) = (Int(bytes[place + 1] >> 4), Int(bytes[place + 1] & 15))
      guard 1...4 ~= h, 1...4 ~= v, bytes[place + 2] < 4 else {
        throw fault(
          place, "a component with sampling factors \(h) × \(v) and table \(bytes[place + 2])",
          "1 to 4 and 0 to 3")
      }
      guard !parts.contains(where: { $0.id == bytes[place] }) else {
        throw fault(place, "a second component \(bytes[place])", "each of its own number")
      }
      parts.append((bytes[place], h, v, Int(bytes[place + 2])))
    }
    let maximumH = parts.map(\.h).max() ?? 1
    let maximumV = parts.map(\.v).max() ?? 1
    let (width, height) = (self.width, self.height)
    (self.maximumH, self.maximumV, self.isProgressive) = (maximumH, maximumV, isProgressive)
    components = parts.map { part in
      JPEGComponent(
        id: part.id, h: part.h, v: part.v, quantizationTable: part.table,
        width: (width * part.h + maximumH - 1) / maximumH,
        height: (height * part.v + maximumV - 1) / maximumV,
        blocksAcross: (width + 8 * maximumH - 1) / (8 * maximumH) * part.h,
        blocksDown: (height + 8 * maximumV - 1) / (8 * maximumV) * part.v)
    }
  }
}

/// One component of a picture: a plane of samples, maybe with fewer of them than pixels.
final class JPEGComponent {
  let id: UInt8
  /// The sampling factors.
  let h: Int
  let v: Int
  let quantizationTable: Int
  /// Samples that count.
  let width: Int
  let height: Int
  /// Blocks of 8 × 8 samples, filled up to whole minimum coded units.
  let blocksAcross: Int
  let blocksDown: Int

  /// The steps of the coefficients in zigzag order; fixed by the component's first scan, since a later table
  /// of the same number is for others.
  var steps: [Int32] = []
  /// Of a progressive picture: 64 a block, in the order of rows, not yet multiplied by their steps.
  var coefficients: Storage<Int16>?
  /// 8 · `blocksAcross` samples a row, 8 · `blocksDown` rows.
  var samples: Storage<UInt8>?
  /// By coefficient in zigzag order: how many low bits are still to come; nil before the first scan of it.
  var bitsToCome = [Int?](repeating: nil, count: 64)

  init(
    id: UInt8, h: Int, v: Int, quantizationTable: Int, width: Int, height: Int, blocksAcross: Int,
    blocksDown: Int
  ) {
    (self.id, self.h, self.v, self.quantizationTable) = (id, h, v, quantizationTable)
    (self.width, self.height) = (width, height)
    (self.blocksAcross, self.blocksDown) = (blocksAcross, blocksDown)
  }

  var rowSize: Int { 8 * blocksAcross }

  /// Takes the memory for the samples, and for the coefficients where they come in parts.
  func allocate(isProgressive: Bool) {
    if isProgressive {
      coefficients = Storage(count: 64 * blocksAcross * blocksDown)
    } else {
      samples = Storage(count: 64 * blocksAcross * blocksDown)
    }
  }

  /// The samples of a progressive picture from its coefficients, which are let go.
  func transformCoefficients() {
    guard let coefficients else { return }
    let samples = Storage<UInt8>(count: 64 * blocksAcross * blocksDown)
    var block = [Int32](repeating: 0, count: 64)
    let steps = JPEGZigzag.inRows(steps)
    block.withUnsafeMutableBufferPointer { block in
      for row in 0..<blocksDown {
        for column in 0..<blocksAcross {
          let start = 64 * (row * blocksAcross + column)
          for place in 0..<64 {
            block[place] = Int32(coefficients.cells[start &+ place]) &* steps[place]
          }
          JPEGTransform.inverse(
            block, to: samples.cells, at: 8 * (row * rowSize + column), rowSize: rowSize)
        }
      }
    }
    self.coefficients = nil
    self.samples = samples
  }
}

/// The order in which the coefficients of a block are stored (T.81, figure A.6).
enum JPEGZigzag {
  /// The place in a block, row by row, of each coefficient: along the diagonals, to and fro.
  static let places: [Int] = (0..<15).flatMap { diagonal in
    let rows = (max(0, diagonal - 7)...min(7, diagonal)).map { $0 }
    return (diagonal.isMultiple(of: 2) ? rows.reversed() : rows).map { 8 * $0 + diagonal - $0 }
  }

  /// Values in the order of rows from values in that of the file.
  static func inRows(_ values: [Int32]) -> [Int32] {
    var result = values
    for (index, place) in places.enumerated() { result[place] = values[index] }
    return result
  }
}

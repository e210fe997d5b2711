/// From the decompressed rows of a PNG file to pixels: filters undone (ISO/IEC 15948, clause 9), passes put
/// together (8.2), samples brought to eight bits (13.12).
struct PNGPixels {
  let header: PNGHeader
  let palette: [UInt8]
  let transparent: [Int]?

  struct Fault: Error {
    var found: String
    var expected: String
  }

  typealias Bytes = UnsafeMutableBufferPointer<UInt8>

  /// The picture; `rows` has the header's `decompressedSize` and is unfiltered in place.
  func image(_ rows: Bytes) throws(Fault) -> Image {
    let colors = palette.count / 4
    if header.colorType == .palette && colors < 1 << header.depth {
      return try image(rows, checkingIndicesBelow: colors)
    }
    return try image(rows, checkingIndicesBelow: nil)
  }

  private func image(_ rows: Bytes, checkingIndicesBelow colors: Int?) throws(Fault) -> Image {
    var rgba = [UInt8](repeating: 0, count: 4 * header.width * header.height)
    let bytesPerPixel = max(1, header.bitsPerPixel / 8)
    try rgba.withUnsafeMutableBufferPointer { rgba throws(Fault) in
      var start = 0
      for pass in header.passes {
        let (width, height) = header.size(of: pass)
        guard width > 0 else { continue }
        let rowBytes = header.rowBytes(width)
        var above: Bytes?
        for y in 0..<height {
          let row = Bytes(rebasing: rows[(start + 1)..<(start + 1 + rowBytes)])
          guard Self.unfilter(row, rows[start], above, bytesPerPixel) else {
            throw Fault(
              found: "filter \(rows[start]) of row \(y)", expected: "0 to 4")
          }
          if let colors {
            try check(row, width, below: colors)
          }
          let target = Target(
            pixels: rgba, start: (pass.yStart + y * pass.yStep) * header.width + pass.xStart,
            step: pass.xStep)
          expand(row, width, into: target)
          above = row
          start += 1 + rowBytes
        }
      }
    }
    return Image(width: header.width, height: header.height, rgba: rgba)
  }

  /// Undoes the filter of a row whose upper neighbour is `above`; false where there is no such filter.
  ///
  /// All indices are below the row's size, which is that of the row above and at least `distance`.
  private static func unfilter(_ row: Bytes, _ filter: UInt8, _ above: Bytes?, _ distance: Int)
    -> Bool
  {
    switch (filter, above) {
    case (0, _), (2, nil): break
    case (1, _), (4, nil):
      // Without a row above, Paeth's predictor is the byte to the left.
      for place in distance..<row.count { row[place] &+= row[place &- distance] }
    case (2, let above?):
      for place in 0..<row.count { row[place] &+= above[place] }
    case (3, nil):
      for place in distance..<row.count { row[place] &+= row[place &- distance] >> 1 }
    case (3, let above?):
      for place in 0..<distance { row[place] &+= above[place] >> 1 }
      for place in distance..<row.count {
        row[place] &+= UInt8(
          truncatingIfNeeded: (UInt16(row[place &- distance]) &+ UInt16(above[place])) >> 1)
      }
    case (4, let above?):
      for place in 0..<distance { row[place] &+= above[place] }
      for place in distance..<row.count {
        row[place] &+= paeth(row[place &- distance], above[place], above[place &- distance])
      }
    default: return false
    }
    return true
  }

  /// Of the three the one nearest to left + above − corner, the earlier of equals (Paeth 1991).
  @inline(__always)
  static func paeth(_ left: UInt8, _ above: UInt8, _ corner: UInt8) -> UInt8 {
    let toLeft = abs(Int32(above) &- Int32(corner))
    let toAbove = abs(Int32(left) &- Int32(corner))
    let toCorner = abs(Int32(left) &+ Int32(above) &- 2 &* Int32(corner))
    if toLeft <= toAbove && toLeft <= toCorner { return left }
    return toAbove <= toCorner ? above : corner
  }

  private func check(_ row: Bytes, _ width: Int, below colors: Int) throws(Fault) {
    for x in 0..<width {
      let index = Self.sample(row, x, header.depth)
      guard index < colors else {
        throw Fault(
          found: "the palette's colour \(index)", expected: "below \(colors), as PLTE has")
      }
    }
  }
}

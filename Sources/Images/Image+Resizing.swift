extension Image {
  /// The picture at another size; each axis by itself, so that a change of proportions distorts.
  ///
  /// Along an axis that shrinks from n to m pixels, new pixel j is the mean over its area: old pixel i counts
  /// with the length of what [i, i + 1) and [j · n/m, (j + 1) · n/m) share. Along one that grows it is
  /// interpolated between the two old pixels whose centres are nearest to (j + ½) · n/m (bilinear), and the
  /// outermost pixels go on beyond the edge.
  ///
  /// Colours are weighted by their alpha, so what is transparent does not bleed; where nothing is left but
  /// transparency, all four bytes are 0. The sums are of whole numbers and rounded once, at the end, half
  /// up: every factor is exact.
  public func resized(width newWidth: Int, height newHeight: Int) -> Image {
    precondition(
      newWidth > 0 && newHeight > 0, "a picture has pixels, found \(newWidth) × \(newHeight)")
    if newWidth == width && newHeight == height { return self }
    let columns = AxisTaps(from: width, to: newWidth)
    let rows = AxisTaps(from: height, to: newHeight)
    let total = columns.total * rows.total
    var narrowed = NarrowedRows(of: self, columns)
    var result = [UInt8](repeating: 0, count: 4 * newWidth * newHeight)
    var sums = [Int](repeating: 0, count: 4 * newWidth)
    for y in 0..<newHeight {
      for index in sums.indices { sums[index] = 0 }
      for (row, weight) in rows.taps(y) {
        narrowed.add(row, times: weight, to: &sums)
      }
      for x in 0..<newWidth {
        let (pixel, alpha) = (4 * (y * newWidth + x), sums[4 * x + 3])
        result[pixel + 3] = UInt8((2 * alpha + total) / (2 * total))
        guard result[pixel + 3] > 0 else { continue }
        for part in 0..<3 {
          result[pixel + part] = UInt8((2 * sums[4 * x + part] + alpha) / (2 * alpha))
        }
      }
    }
    return Image(width: newWidth, height: newHeight, rgba: result)
  }
}

/// Which old pixels make a new one along an axis, in whole numbers that add up to `total`.
private struct AxisTaps {
  let total: Int
  let old: Int
  let new: Int

  init(from old: Int, to new: Int) {
    (self.old, self.new) = (old, new)
    total = new <= old ? old : 2 * new
  }

  /// The old pixels of new pixel `j` with their weights.
  func taps(_ j: Int) -> [(pixel: Int, weight: Int)] {
    if new <= old {
      // In units of 1/m of an old pixel.
      let (start, end) = (j * old, (j + 1) * old)
      return ((start / new)...((end - 1) / new)).map { i in
        (i, min((i + 1) * new, end) - max(i * new, start))
      }
    }
    // The centre of new pixel j, from the centre of old pixel 0, in units of 1/2m of an old pixel.
    let place = (2 * j + 1) * old - new
    guard place > 0 else { return [(0, total)] }
    let (left, part) = place.quotientAndRemainder(dividingBy: total)
    guard left + 1 < old, part > 0 else { return [(min(left, old - 1), total)] }
    return [(left, total - part), (left + 1, part)]
  }
}

/// Rows of a picture at their new width: sums of weight times alpha times colour, and of weight times alpha.
///
/// The last two are kept: neighbouring new rows share an old one when they shrink, two when they grow.
private struct NarrowedRows {
  private let image: Image
  private let columns: [[(pixel: Int, weight: Int)]]
  private var kept: [(row: Int, sums: [Int])] = []

  init(of image: Image, _ taps: AxisTaps) {
    self.image = image
    columns = (0..<taps.new).map(taps.taps)
  }

  mutating func add(_ row: Int, times weight: Int, to sums: inout [Int]) {
    if let found = kept.first(where: { $0.row == row }) {
      Self.add(found.sums, times: weight, to: &sums)
    } else {
      if kept.count == 2 { kept.removeFirst() }
      kept.append((row, narrowed(row)))
      Self.add(kept[kept.count - 1].sums, times: weight, to: &sums)
    }
  }

  private static func add(_ part: [Int], times weight: Int, to sums: inout [Int]) {
    for index in sums.indices { sums[index] += weight * part[index] }
  }

  private func narrowed(_ row: Int) -> [Int] {
    var result = [Int](repeating: 0, count: 4 * columns.count)
    image.rgba.withUnsafeBufferPointer { pixels in
      for (x, taps) in columns.enumerated() {
        var (red, green, blue, alpha) = (0, 0, 0, 0)
        for (column, weight) in taps {
          let place = 4 * (row * image.width + column)
          let share = weight * Int(pixels[place + 3])
          red += share * Int(pixels[place])
          green += share * Int(pixels[place + 1])
          blue += share * Int(pixels[place + 2])
          alpha += share
        }
        (result[4 * x], result[4 * x + 1]) = (red, green)
        (result[4 * x + 2], result[4 * x + 3]) = (blue, alpha)
      }
    }
    return result
  }
}

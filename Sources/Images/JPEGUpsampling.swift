/// The rows of a component at the picture's full size.
///
/// Samples at half the rate are interpolated by a triangle: each new sample is ¾ of the nearest old one and ¼
/// of the next nearest, in either dimension, the outermost going on beyond the edge. So does libjpeg ("fancy
/// upsampling"), and as there, sums are rounded up and down by turns, which keeps the mean, and components of
/// one or two columns and all other rates are repeated as they are.
struct JPEGUpsampling {
  private let component: JPEGComponent
  private let samples: UnsafeMutableBufferPointer<UInt8>
  private let h: Rate
  private let v: Rate
  /// One row at full size, and one more sample where the width is odd.
  private let row: Storage<UInt8>
  /// One row at the component's width, between the dimensions.
  private let sums: Storage<Int32>
  private let width: Int

  private enum Rate: Equatable {
    case full
    case triangle
    /// This many samples for that many pixels.
    case repeated(Int, Int)
  }

  init?(_ component: JPEGComponent, of frame: JPEGFrame) {
    guard let samples = component.samples else { return nil }
    self.component = component
    self.samples = samples.cells
    width = frame.width
    let (isHalfH, isFullH) = (2 * component.h == frame.maximumH, component.h == frame.maximumH)
    let (isHalfV, isFullV) = (2 * component.v == frame.maximumV, component.v == frame.maximumV)
    let isTriangle =
      isHalfH && (isHalfV || isFullV) && component.width > 2 || isFullH && isHalfV
    h = isFullH ? .full : isTriangle ? .triangle : .repeated(component.h, frame.maximumH)
    v = isFullV ? .full : isTriangle ? .triangle : .repeated(component.v, frame.maximumV)
    row = Storage(count: frame.width + 1)
    sums = Storage(count: component.width)
  }

  /// Row `y` of the picture, `width` samples, until the next call.
  func callAsFunction(_ y: Int) -> UnsafeMutableBufferPointer<UInt8> {
    switch (h, v) {
    case (.full, .full): return stored(y)
    case (.triangle, _):
      // Old samples count 4 in each dimension that is interpolated.
      if v == .triangle {
        addRows(y)
        widen(sums.cells, shift: 4, left: 8, right: 7)
      } else {
        widen(stored(y), shift: 2, left: 1, right: 2)
      }
    case (.full, .triangle):
      addRows(y)
      let half: Int32 = y.isMultiple(of: 2) ? 1 : 2
      for x in 0..<width {
        row.cells[x] = UInt8(truncatingIfNeeded: (sums.cells[x] &+ half) &>> 2)
      }
    default:
      let old = stored(v == .full ? y : y * component.v / frameV)
      let (few, many) = if case .repeated(let few, let many) = h { (few, many) } else { (1, 1) }
      for x in 0..<width { row.cells[x] = old[x &* few / many] }
    }
    return row.cells
  }

  private var frameV: Int {
    if case .repeated(_, let many) = v { many } else { component.v }
  }

  private func stored(_ y: Int) -> UnsafeMutableBufferPointer<UInt8> {
    UnsafeMutableBufferPointer(
      rebasing: samples[(y * component.rowSize)..<((y + 1) * component.rowSize)])
  }

  /// Three times the row nearest to row `y` of the picture and once the next nearest.
  private func addRows(_ y: Int) {
    let near = stored(y / 2)
    let far = stored(y.isMultiple(of: 2) ? max(0, y / 2 - 1) : min(component.height - 1, y / 2 + 1))
    for x in 0..<component.width { sums.cells[x] = 3 &* Int32(near[x]) &+ Int32(far[x]) }
  }

  /// Two samples for one of `old`, of which there are (width + 1) / 2.
  @inline(__always)
  private func widen<Old: FixedWidthInteger>(
    _ old: UnsafeMutableBufferPointer<Old>, shift: Int32, left: Int32, right: Int32
  ) {
    let (row, last) = (row.cells, component.width - 1)
    func set(_ x: Int, _ before: Int, _ after: Int) {
      let near = 3 &* Int32(truncatingIfNeeded: old[x])
      let sums = (
        near &+ Int32(truncatingIfNeeded: old[before]) &+ left,
        near &+ Int32(truncatingIfNeeded: old[after]) &+ right
      )
      row[2 &* x] = UInt8(truncatingIfNeeded: sums.0 &>> shift)
      row[2 &* x &+ 1] = UInt8(truncatingIfNeeded: sums.1 &>> shift)
    }
    set(0, 0, 1)
    for x in 1..<last { set(x, x &- 1, x &+ 1) }
    set(last, last - 1, last)
  }
}

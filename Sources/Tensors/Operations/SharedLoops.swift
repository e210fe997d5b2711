/// Elements of an elementwise loop that make a piece worth handing to another thread: some ten
/// microseconds of work, against the few that waking a thread takes.
enum Grain {
  /// Sums, products, copies: bound by memory.
  static let light = 1 << 16
  /// Exponentials and the like.
  static let heavy = 1 << 13
}

extension ThreadTeam {
  /// Cuts `0..<count` into ranges of `grain` (the last one shorter) and shares them out. The cut
  /// does not depend on the number of threads, so neither does a sum that is made range by range.
  func forEachRange(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    forEach((count + grain - 1) / grain) { piece in
      body(piece * grain..<min(count, (piece + 1) * grain))
    }
  }

  /// `forEachRange` over rows of `columns` elements, with about `grain` elements a range.
  package func forEachRows(
    _ rows: Int, columns: Int, grain: Int = Grain.light, _ body: (Range<Int>) -> Void
  ) {
    forEachRange(rows, grain: max(1, grain / max(columns, 1)), body)
  }
}

extension Tensor {
  /// A function of single elements: y[i] = f(x[i]) for `count` elements.
  typealias ElementFunction =
    @Sendable (
      _ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
    ) -> Void

  /// f of each element.
  func mapped(grain: Int = Grain.light, _ function: ElementFunction) -> Tensor {
    Tensor(shape: shape) { result in
      withUnsafeBufferPointer { source in
        let (x, y) = (source.baseAddress!, result.baseAddress!)
        ThreadTeam.current.forEachRange(count, grain: grain) {
          function($0.count, x + $0.lowerBound, y + $0.lowerBound)
        }
      }
    }
  }

  /// Changes the elements in place, seeing those of `other`, of the same count.
  mutating func update(
    with other: Tensor, grain: Int = Grain.light, _ function: ElementFunction
  ) {
    precondition(other.count == count, "elements of shapes \(shape) and \(other.shape) are paired")
    withUnsafeMutableBufferPointer { result in
      other.withUnsafeBufferPointer { source in
        let (x, y) = (source.baseAddress!, result.baseAddress!)
        ThreadTeam.current.forEachRange(result.count, grain: grain) {
          function($0.count, x + $0.lowerBound, y + $0.lowerBound)
        }
      }
    }
  }

  /// `axis`, where -1 is the last one and so on, as an index into `shape`.
  func axisIndex(_ axis: Int) -> Int {
    let index = axis < 0 ? axis + rank : axis
    precondition(0 <= index && index < rank, "axis \(axis) of a tensor of shape \(shape)")
    return index
  }

  /// The shape around `axis` as three extents: [before, the axis, after].
  func extents(around axis: Int) -> (outer: Int, count: Int, inner: Int) {
    (shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *))
  }
}

import Tensors

/// The elements of a parameter in blocks of one fixed size, shared among the team.
///
/// The borders of the blocks do not depend on the number of threads, nor on the form of the
/// gradient, so results cannot either.
enum GradientBlocks {
  /// 64 KiB of floats: a block and its optimiser state stay in the second-level cache.
  static let length = 1 << 14

  /// Calls `body` with each block's range and the gradient of its elements.
  ///
  /// Rows are written out block by block into scratch memory, so a sparse gradient of a large matrix
  /// never becomes a second matrix.
  static func forEach(
    of parameter: Parameter, _ gradient: Parameter.Gradient,
    _ body: (Range<Int>, UnsafePointer<Float>) -> Void
  ) {
    switch gradient {
    case .none: break
    case .dense(let tensor):
      check(tensor.shape, parameter)
      tensor.withUnsafeBufferPointer { gradient in
        forEachRange(count: gradient.count) { body($0, gradient.baseAddress! + $0.lowerBound) }
      }
    case .rows(let rows):
      check([parameter.shape[0], rows.values.shape[1]], parameter)
      forEachRange(count: parameter.count) { range in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count) { scratch in
          scratch.update(repeating: 0)
          rows.copy(range, to: scratch)
          body(range, scratch.baseAddress!)
        }
      }
    }
  }

  /// Calls `body` with ranges that cover `0..<count`.
  static func forEachRange(count: Int, length: Int = length, _ body: (Range<Int>) -> Void) {
    ThreadTeam.current.forEach((count + length - 1) / length) { index in
      body(index * length..<min(count, (index + 1) * length))
    }
  }

  private static func check(_ shape: [Int], _ parameter: Parameter) {
    precondition(
      shape == parameter.shape,
      "a gradient of shape \(shape) for \(parameter.name) of shape \(parameter.shape)")
  }
}

extension RowGradient {
  /// Copies the given rows' elements that lie in `range` of the whole matrix; the rest is left.
  fileprivate func copy(_ range: Range<Int>, to block: UnsafeMutableBufferPointer<Float>) {
    let columns = values.shape[1]
    guard columns > 0 else { return }
    var index = firstIndex(ofRowFrom: range.lowerBound / columns)
    values.withUnsafeBufferPointer { values in
      while index < rows.count {
        let start = Int(rows[index]) * columns
        let part = range.clamped(to: start..<start + columns)
        if part.isEmpty { break }
        let source = values.baseAddress! + index * columns + (part.lowerBound - start)
        (block.baseAddress! + (part.lowerBound - range.lowerBound))
          .update(from: source, count: part.count)
        index += 1
      }
    }
  }

  /// The place of the first row whose number is at least `row`.
  private func firstIndex(ofRowFrom row: Int) -> Int {
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) / 2
      if Int(rows[middle]) < row { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

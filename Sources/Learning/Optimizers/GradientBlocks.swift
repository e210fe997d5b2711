import Tensors

/// The elements of a parameter in blocks, shared among the team.
///
/// What is done to an element depends on no other one, so neither the borders of the blocks nor the
/// number of threads change a bit.
enum GradientBlocks {
  /// 64 KiB of floats: a block and its optimiser state stay in the second-level cache.
  static let length = 1 << 14

  /// Calls `body` with each block's range and the gradient of its elements.
  ///
  /// Rows are written out block by block into scratch memory, so a sparse gradient of a large matrix
  /// never becomes a second matrix.
  ///
  /// - Parameter skippingZeroRows: whether the rows that a gradient of rows does not have, which are zero,
  ///   are left out: where the rule changes nothing then, or is meant not to. Each block is a row then.
  static func forEach(
    of parameter: Parameter, _ gradient: Parameter.Gradient, skippingZeroRows: Bool = false,
    _ body: (Range<Int>, UnsafePointer<Float>) -> Void
  ) {
    switch gradient {
    case .none: break
    case .rows(let rows) where skippingZeroRows:
      check([parameter.shape[0], rows.values.shape[1]], parameter)
      rows.forEach(body)
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
  /// Calls `body` with the range of each row in the whole matrix and its gradient.
  fileprivate func forEach(_ body: (Range<Int>, UnsafePointer<Float>) -> Void) {
    let columns = values.shape[1]
    values.withUnsafeBufferPointer { values in
      let rowsPerTask = max(1, GradientBlocks.length / max(columns, 1))
      GradientBlocks.forEachRange(count: rows.count, length: rowsPerTask) { range in
        for index in range {
          let start = Int(rows[index]) * columns
          body(start..<start + columns, values.baseAddress! + index * columns)
        }
      }
    }
  }

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

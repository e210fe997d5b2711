import CKernels
import Tensors

/// Lists of tensors as vectors: what methods that work on all parameters at once compute with.
///
/// Products are summed in double precision, block by block, and the blocks' sums in order: the same
/// number for any number of threads.
enum TensorVector {
  /// Σ a·b over all elements of all tensors.
  static func dot(_ a: [Tensor], _ b: [Tensor]) -> Double {
    var blocks: [(index: Int, range: Range<Int>)] = []
    for (index, tensor) in a.enumerated() {
      precondition(
        tensor.shape == b[index].shape, "a product of \(tensor.shape) and \(b[index].shape)")
      for start in stride(from: 0, to: tensor.count, by: GradientBlocks.length) {
        blocks.append((index, start..<min(tensor.count, start + GradientBlocks.length)))
      }
    }
    var sums = [Double](repeating: 0, count: blocks.count)
    sums.withUnsafeMutableBufferPointer { sums in
      ThreadTeam.current.forEach(blocks.count) { place in
        let (index, range) = blocks[place]
        sums[place] = a[index].withUnsafeBufferPointer { a in
          b[index].withUnsafeBufferPointer { b in
            unroll_dot(
              range.count, a.baseAddress! + range.lowerBound, b.baseAddress! + range.lowerBound)
          }
        }
      }
    }
    return sums.reduce(0, +)
  }

  /// y = y + α x
  static func add(_ alpha: Double, _ x: [Tensor], to y: inout [Tensor]) {
    for index in y.indices {
      precondition(
        x[index].shape == y[index].shape, "\(x[index].shape) added to \(y[index].shape)")
      x[index].withUnsafeBufferPointer { x in
        y[index].withUnsafeMutableBufferPointer { y in
          GradientBlocks.forEachRange(count: y.count) { range in
            unroll_axpy(
              range.count, Float(alpha), x.baseAddress! + range.lowerBound,
              y.baseAddress! + range.lowerBound)
          }
        }
      }
    }
  }

  /// x = α x
  static func scale(_ x: inout [Tensor], by alpha: Double) {
    for index in x.indices {
      x[index].withUnsafeMutableBufferPointer { x in
        GradientBlocks.forEachRange(count: x.count) { range in
          let start = x.baseAddress! + range.lowerBound
          unroll_scale(range.count, Float(alpha), start, start)
        }
      }
    }
  }

  /// a - b
  static func difference(_ a: [Tensor], _ b: [Tensor]) -> [Tensor] {
    var result = a
    add(-1, b, to: &result)
    return result
  }
}

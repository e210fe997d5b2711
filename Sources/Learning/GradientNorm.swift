import CKernels
import Tensors

/// The global norm of gradients, and clipping by it (Pascanu et al. 2013).
public enum GradientNorm {
  /// √Σ g² over all gradients of all parameters; NaN or infinite if any element is.
  ///
  /// Squares are summed in double precision, block by block, and the blocks' sums in order: the
  /// same number for any number of threads.
  public static func global(_ parameters: [Parameter]) -> Double {
    var blocks: [(gradient: Tensor, range: Range<Int>)] = []
    for parameter in parameters {
      let gradient: Tensor
      switch parameter.gradient {
      case .none: continue
      case .dense(let tensor): gradient = tensor
      case .rows(let rows): gradient = rows.values
      }
      for start in stride(from: 0, to: gradient.count, by: GradientBlocks.length) {
        blocks.append((gradient, start..<min(gradient.count, start + GradientBlocks.length)))
      }
    }
    var sums = [Double](repeating: 0, count: blocks.count)
    sums.withUnsafeMutableBufferPointer { sums in
      ThreadTeam.current.forEach(blocks.count) { index in
        let (gradient, range) = blocks[index]
        sums[index] = gradient.withUnsafeBufferPointer {
          unroll_sum_of_squares(range.count, $0.baseAddress! + range.lowerBound)
        }
      }
    }
    return sums.reduce(0, +).squareRoot()
  }

  /// The factor min(1, limit / (norm + 10⁻⁶)) that brings a gradient of this norm within `limit`,
  /// PyTorch's; for ``Optimizer/step(parameters:rate:gradientScale:)``, which applies it in passing.
  public static func clipScale(norm: Double, limit: Double) -> Double {
    min(1, limit / (norm + 1e-6))
  }
}

/// Clipping of gradients element by element.
enum GradientValues {
  /// Sets elements beyond ±`limit` to it.
  static func clip(_ parameters: [Parameter], limit: Double) {
    for parameter in parameters {
      switch parameter.gradient {
      case .none: break
      case .dense: parameter.accumulateGradient { gradient, _ in clip(gradient, limit) }
      case .rows(let gradient):
        var values = gradient.values
        values.withUnsafeMutableBufferPointer { clip($0, limit) }
        parameter.setGradient(.rows(RowGradient(gradient.rows, values)))
      }
    }
  }

  private static func clip(_ values: UnsafeMutableBufferPointer<Float>, _ limit: Double) {
    GradientBlocks.forEachRange(count: values.count) { range in
      unroll_clip_values(range.count, Float(limit), values.baseAddress! + range.lowerBound)
    }
  }
}

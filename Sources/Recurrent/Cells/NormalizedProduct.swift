import CKernels
import Tensors

/// The recurrent product of a cell with layer normalisation (Ba, Kiros & Hinton 2016), over all steps
/// of a run:
///
/// ```
/// a_t = U h_{t-1},   y_t = gain ⊙ (a_t - mean a_t)/√(var a_t + ε) + bias
/// ```
///
/// Keeps a_t and its moments for the backward pass.
struct NormalizedProduct: Sendable {
  static let epsilon: Float = 1e-5

  /// [T, B, G·H].
  private let products: Tensor
  /// [T·B].
  private let means: Tensor
  private let deviations: Tensor
  private let gain: Tensor
  private let bias: Tensor
  /// ∂L/∂a_t [T, B, G·H].
  private let gradients: Tensor?

  /// Room for a run; `bias` nil for none.
  init(_ plan: SequencePlan, gain: Tensor, bias: Tensor? = nil, isRecorded: Bool) {
    let shape = [plan.steps, plan.batch, gain.count]
    products = Tensor(uninitialized: shape)
    means = Tensor(uninitialized: [plan.steps * plan.batch])
    deviations = Tensor(uninitialized: [plan.steps * plan.batch])
    gradients = isRecorded ? Tensor(uninitialized: shape) : nil
    self.gain = gain
    self.bias = bias ?? Tensor(zeros: [gain.count])
  }

  private var columns: Int { gain.count }

  /// y of `rows` rows from row `first` of the run on; h nil for zeros.
  func forward(
    rows: Int, first: Int, _ h: UnsafePointer<Float>?, size: Int, _ weight: PackedMatrix,
    into y: UnsafeMutablePointer<Float>
  ) {
    let product = products.sharedPointer.row(first, columns)
    if let h {
      multiplyShared(rows: rows, h, rowStride: size, weight, into: product)
    } else {
      product.update(repeating: 0, count: rows * columns)
    }
    unroll_layer_norm_rows(
      rows, columns, product, gain.sharedPointer, bias.sharedPointer, Self.epsilon, y,
      means.sharedPointer + first, deviations.sharedPointer + first)
  }

  /// ∂L/∂a of rows whose ∂L/∂y is given; kept for the gradient of U.
  func backward(rows: Int, first: Int, _ dy: UnsafePointer<Float>) -> UnsafeMutablePointer<Float> {
    let gradient = gradients!.sharedPointer.row(first, columns)
    unroll_layer_norm_rows_backward(
      rows, columns, products.sharedPointer.row(first, columns), gain.sharedPointer,
      means.sharedPointer + first, deviations.sharedPointer + first, dy, gradient, nil, nil)
    return gradient
  }

  /// ∂L/∂a [T·B, G·H], once the backward pass has gone through all steps.
  var productGradients: UnsafePointer<Float> { UnsafePointer(gradients!.sharedPointer) }

  /// ∂L/∂gain from all ∂L/∂y [T·B, G·H].
  func gainGradient(_ dy: UnsafePointer<Float>) -> Tensor {
    normGainGradient(
      rows: means.count, columns: columns, products.sharedPointer, dy, means: means,
      deviations: deviations)
  }
}

/// Σ over rows of dy ⊙ (x - mean)/√(var + ε), the gradient of a gain: by columns, each sum in the
/// order of the rows.
func normGainGradient(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, means: Tensor,
  deviations: Tensor
) -> Tensor {
  let width = 256
  defer { withExtendedLifetime((means, deviations)) {} }
  let (mean, deviation) = (means.sharedPointer, deviations.sharedPointer)
  return Tensor(shape: [columns]) { sums in
    sums.update(repeating: 0)
    ThreadTeam.current.forEach((columns + width - 1) / width) { task in
      let range = task * width..<min(columns, (task + 1) * width)
      for row in 0..<rows {
        let (x, dy) = (x + row * columns, dy + row * columns)
        let (mean, deviation) = (mean[row], deviation[row])
        for j in range { sums[j] += dy[j] * ((x[j] - mean) * deviation) }
      }
    }
  }
}

/// Σ over rows of a ⊙ b, the gradient of a peephole: by columns, each sum in the order of the rows.
/// `aStride` and `bStride` lie between rows.
func productSums(
  rows: Int, columns: Int, _ a: UnsafePointer<Float>, aStride: Int, _ b: UnsafePointer<Float>,
  bStride: Int, into sums: UnsafeMutablePointer<Float>
) {
  let width = 256
  sums.update(repeating: 0, count: columns)
  ThreadTeam.current.forEach((columns + width - 1) / width) { task in
    let first = task * width
    for row in 0..<rows {
      unroll_multiply_accumulate(
        min(width, columns - first), a + row * aStride + first, b + row * bStride + first,
        sums + first)
    }
  }
}

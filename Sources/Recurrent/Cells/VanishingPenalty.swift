import CKernels
import Tensors

/// The regulariser that keeps errors from fading on their way back through a simple recurrent network
/// (Pascanu, Mikolov & Bengio 2013).
///
/// ```
/// δ_t = ∂E/∂a_t, a_t the pre-activation;   u_t = (δ_t W_hh) ⊙ g'(a_{t-1})
/// Ω   = mean over t > 0 and sequences of (‖u_t‖² / ‖δ_t‖² - 1)²
/// ∂Ω/∂W_hh = mean of 4 (‖u_t‖²/‖δ_t‖² - 1) / ‖δ_t‖² · δ_tᵀ (u_t ⊙ g'(a_{t-1}))
/// ```
///
/// As in the paper the derivative is the immediate one: δ_t and g' are taken as constants, which costs
/// one product more and no second backward pass. The ratio does not depend on the scale of E. Errors
/// that have died away, so that 1/‖δ_t‖² is no Float, are not counted; the authors' code leaves out those
/// with ‖δ_t‖² below 10⁻²⁰.
///
/// - Parameters:
///   - weight: what Ω counts beside E.
///   - gates: δ [T, B, H].
///   - outputs: h [T, B, H].
/// - Returns: weight · ∂Ω/∂W_hh [H, H].
func vanishingPenaltyGradient(
  weight: Float, _ plan: SequencePlan, gates: Tensor, outputs: Tensor, recurrent: PackedMatrix,
  _ activation: ElmanCell.Activation
) -> Tensor {
  let (batch, size) = (plan.batch, outputs.shape[2])
  let rows = max(plan.steps - 1, 0) * batch
  guard rows > 0 else { return Tensor(zeros: [size, size]) }
  defer { withExtendedLifetime((gates, outputs)) {} }
  let errors = gates.sharedPointer.row(batch, size)
  let states = outputs.sharedPointer
  let carried = Tensor(uninitialized: [rows, size])
  let back = carried.sharedPointer
  var isCounted = [Bool](repeating: false, count: rows)
  isCounted.withUnsafeMutableBufferPointer { isCounted in
    let grain = 64
    ThreadTeam.current.forEach((rows + grain - 1) / grain) { task in
      let range = task * grain..<min(rows, (task + 1) * grain)
      recurrent.multiply(
        rows: range.count, errors.row(range.lowerBound, size), rowStride: size,
        into: back.row(range.lowerBound, size), resultStride: size)
      for row in range {
        let (error, u, h) = (errors.row(row, size), back.row(row, size), states.row(row, size))
        let before = unroll_sum_of_squares(size, error)
        // Past a sequence's end, or after an error that has died away, there is nothing to keep.
        if before > Double(Float.leastNormalMagnitude) {
          activation.applyBackward(rows: 1, size, h, u, into: u)
          let factor = Float(4 * (unroll_sum_of_squares(size, u) / before - 1) / before)
          if factor.isFinite {
            activation.applyBackward(rows: 1, size, h, u, into: u)
            unroll_scale(size, factor, u, u)
            isCounted[row] = true
            continue
          }
        }
        u.update(repeating: 0, count: size)
      }
    }
  }
  let count = isCounted.count { $0 }
  let gradient = Tensor(uninitialized: [size, size])
  multiply(
    MatrixView(errors, rows: rows, columns: size).transposed,
    MatrixView(back, rows: rows, columns: size).transposed, into: gradient.sharedPointer)
  unroll_scale(
    gradient.count, weight / Float(max(count, 1)), gradient.sharedPointer, gradient.sharedPointer)
  return gradient
}

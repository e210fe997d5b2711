import CKernels
import Foundation
import Testing

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// The backward twins against central differences of the equations in Double, one unit at a time.
/// Activations are rounded to Float before the backward kernel sees them: 1e-6 covers that.
@Suite("Gradients of the gates")
struct GateGradientTests {
  private let tolerance: Float = 1e-6

  /// Random vectors of `count` numbers for a few units.
  private func units(_ count: Int, seed: UInt64) -> [[Float]] {
    var random = RandomFloats(seed: seed)
    return (0..<20).map { _ in random.array(count, in: -2...2) }
  }

  private func expectGradient(
    _ found: [Float], of function: ([Double]) -> Double, at x: ArraySlice<Float>,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let expected = centralDifferences(at: x.map(Double.init), function).map { Float($0) }
    expectClose(found, expected, tolerance: tolerance, sourceLocation: sourceLocation)
  }

  @Test("LSTM")
  func lstm() {
    for x in units(7, seed: 10) {
      // x: i, f, g, o, c_prev, dh, dc
      let dh = x[5]
      let dc = x[6]
      func equations(_ x: [Double]) -> (c: Double, h: Double) {
        let c = sigmoid(x[1]) * x[4] + sigmoid(x[0]) * tanh(x[2])
        return (c, sigmoid(x[3]) * tanh(c))
      }
      var gates = Array(x[0..<4])
      var c: Float = 0
      var tanhC: Float = 0
      var h: Float = 0
      unroll_lstm_forward_reference(1, 1, &gates, [x[4]], &c, &tanhC, &h)
      let exact = equations(x.map(Double.init))
      expectClose(
        [c, h, tanhC], [exact.c, exact.h, tanh(exact.c)].map { Float($0) }, tolerance: 3e-7)

      var gradient = dc
      unroll_lstm_backward_reference(1, 1, &gates, [x[4]], &tanhC, [dh], &gradient)
      expectGradient(
        gates + [gradient],
        of: {
          let (c, h) = equations($0)
          return Double(dh) * h + Double(dc) * c
        }, at: x[0..<5])
    }
  }

  @Test("GRU, reset after the product")
  func gru() {
    for x in units(8, seed: 11) {
      // x: gx (r, z, n), gh (r, z, n), h_prev, dh
      func equations(_ x: [Double]) -> Double {
        let r = sigmoid(x[0] + x[3])
        let z = sigmoid(x[1] + x[4])
        return (1 - z) * tanh(x[2] + r * x[5]) + z * x[6]
      }
      var gates = Array(x[0..<3])
      var state = Array(x[3..<6])
      var h: Float = 0
      unroll_gru_forward_reference(1, 1, &gates, state, [x[6]], &h)
      expectClose([h], [Float(equations(x.map(Double.init)))], tolerance: 3e-7)

      var gradient = x[7]
      unroll_gru_backward_reference(1, 1, &gates, &state, [x[6]], &gradient)
      expectGradient(
        gates + state + [gradient], of: { Double(x[7]) * equations($0) }, at: x[0..<7])
    }
  }

  @Test("GRU, reset before the product")
  func gruReset() {
    for x in units(8, seed: 12) {
      // x: gx (r, z, n), gh (r, z), the weight w of the second product, h_prev, dh
      func equations(_ x: [Double]) -> Double {
        let r = sigmoid(x[0] + x[3])
        let z = sigmoid(x[1] + x[4])
        return (1 - z) * tanh(x[2] + x[5] * r * x[6]) + z * x[6]
      }
      let weight = x[5]
      var gates = Array(x[0..<3])
      var resetH: Float = 0
      var h: Float = 0
      unroll_gru_reset_forward_reference(1, 1, &gates, Array(x[3..<5]), [x[6]], &resetH)
      unroll_gru_candidate_forward_reference(1, 1, &gates, [weight * resetH], [x[6]], &h)
      expectClose([h], [Float(equations(x.map(Double.init)))], tolerance: 4e-7)

      var gradient = x[7]
      unroll_gru_candidate_backward_reference(1, 1, &gates, [x[6]], &gradient)
      unroll_gru_reset_backward_reference(1, 1, &gates, [weight * gates[2]], [x[6]], &gradient)
      expectGradient(
        gates + Array(gates[0..<2]) + [gates[2] * resetH, gradient],
        of: { Double(x[7]) * equations($0) }, at: x[0..<7])
    }
  }

  @Test("Elman RNN")
  func rnn() {
    for x in units(2, seed: 13) {
      var h: Float = 0
      var gradient: Float = 0
      unroll_rnn_tanh_forward_reference(1, 1, [x[0]], &h)
      unroll_rnn_tanh_backward_reference(1, 1, [h], [x[1]], &gradient)
      expectGradient([gradient], of: { Double(x[1]) * tanh($0[0]) }, at: x[0..<1])
      unroll_rnn_relu_forward_reference(1, 1, [x[0]], &h)
      unroll_rnn_relu_backward_reference(1, 1, [h], [x[1]], &gradient)
      expectGradient([gradient], of: { Double(x[1]) * max($0[0], 0) }, at: x[0..<1])
    }
  }
}

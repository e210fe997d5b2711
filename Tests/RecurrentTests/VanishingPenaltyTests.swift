import Foundation
import Recurrent
import Tensors
import TestSupport
import Testing

@Suite("The penalty on vanishing gradients")
struct VanishingPenaltyTests {
  @Test(
    "adds the immediate derivative of Ω to the gradient of W_hh and to no other",
    arguments: [ElmanCell.Activation.tanh, .relu])
  func derivative(activation: ElmanCell.Activation) {
    let (steps, batch, size) = (5, 3, 4)
    let lengths: [Int32] = [5, 3, 0]
    let inputs = Tensor.random([steps, batch, 2], seed: 1)
    let upstream = Tensor.random([steps, batch, size], seed: 2)
    func gradients(_ penalty: Float) -> (cell: ElmanCell, outputs: Tensor, [Tensor]) {
      var cell = ElmanCell(
        inputSize: 2, hiddenSize: size, activation: activation, key: RandomKey(seed: 3))
      cell.vanishingGradientPenalty = penalty
      let mode = Mode.training(RandomKey(seed: 1))
      let outputs = cell.run(Variable(inputs), lengths: lengths, from: nil, mode: mode).outputs
      Variable.backward([(outputs, upstream)])
      return (cell, outputs.value, cell.parameters.map(\.denseGradient))
    }
    let (cell, outputs, plain) = gradients(0)
    let (_, _, penalised) = gradients(0.7)
    for index in [0, 2, 3] { #expect(plain[index] == penalised[index]) }

    // δ_t by backpropagation, in Double.
    let w = cell.gates.recurrentWeight.value.doubles
    let (h, above) = (outputs.doubles, upstream.doubles)
    func slope(_ at: Int) -> Double {
      activation == .tanh ? 1 - h[at] * h[at] : h[at] > 0 ? 1 : 0
    }
    func back(_ error: [Double], _ w: [Double]) -> [Double] {
      (0..<size).map { j in (0..<size).reduce(0) { $0 + error[$1] * w[$1 * size + j] } }
    }
    var pairs: [(error: [Double], row: Int)] = []
    for b in 0..<batch {
      var carried = [Double](repeating: 0, count: size)
      for t in (0..<Int(lengths[b])).reversed() {
        let row = (t * batch + b) * size
        let error = (0..<size).map { (above[row + $0] + carried[$0]) * slope(row + $0) }
        if t > 0 { pairs.append((error, row - batch * size)) }
        carried = back(error, w)
      }
    }
    func omega(_ w: [Double]) -> Double {
      pairs.reduce(0) { sum, pair in
        let u = back(pair.error, w).enumerated().map { $1 * slope(pair.row + $0) }
        let ratio = dot(u, u) / dot(pair.error, pair.error)
        return sum + (ratio - 1) * (ratio - 1) / Double(pairs.count)
      }
    }
    let expected = centralDifferences(of: "w", ["w": w]) { 0.7 * omega($0["w"]!) }
    let found = zip(penalised[1].doubles, plain[1].doubles).map { $0 - $1 }
    #expect(relativeError(found, expected) < 1e-5)
  }

  @Test(
    "errors that are all but dead leave finite gradients", arguments: [-15, -17, -18, -19, -21])
  func tinyErrors(exponent: Int) {
    var cell = ElmanCell(
      inputSize: 2, hiddenSize: 4, activation: .relu, key: RandomKey(seed: 3))
    cell.vanishingGradientPenalty = 1
    // Errors that grow a hundredfold a step have the greatest factors.
    let weight = cell.gates.recurrentWeight
    weight.value = Tensor(shape: [4, 4], scalars: Array(repeating: 100, count: 16))
    let outputs = cell.run(
      Variable(Tensor(repeating: 1e-3, shape: [3, 2, 2])), lengths: nil, from: nil,
      mode: .training(RandomKey(seed: 1))
    ).outputs
    let upstream = Tensor(repeating: powf(10, Float(exponent)), shape: [3, 2, 4])
    Variable.backward([(outputs, upstream)])
    let gradient = weight.denseGradient.scalars
    #expect(gradient.allSatisfy { $0.isFinite })
  }
}

import Recurrent
import Tensors
import TestSupport
import Testing

/// T, B, I, H and the number of layers.
struct Extents: Sendable, CustomTestStringConvertible {
  var steps = 4
  var batch = 3
  var inputSize = 3
  var hiddenSize = 5
  var layers = 1
  var lengths: [Int32]? = nil

  var testDescription: String {
    "T=\(steps) B=\(batch) I=\(inputSize) H=\(hiddenSize) L=\(layers)"
      + (lengths.map { " lengths \($0)" } ?? "")
  }

  /// A stack with all parameters random, the biases too. Weights shrink with H so that gates stay
  /// in their curved part.
  func stack(_ kind: CellKind, seed: UInt64 = 1) -> RecurrentStack {
    let stack = RecurrentStack(
      kind, inputSize: inputSize, hiddenSize: hiddenSize, layers: layers,
      initialization: .init(recurrent: .identity), key: RandomKey(seed: 1))
    let range = min(1, 2 / Float(hiddenSize).squareRoot())
    for (index, parameter) in stack.parameters.enumerated() {
      parameter.value = .random(
        parameter.shape, seed: 1000 * seed + UInt64(index), from: -range, to: range)
    }
    return stack
  }

  /// Random inputs and initial states, and random gradients of outputs and last states.
  func randomCase(_ kind: CellKind, seed: UInt64 = 1) -> RecurrentCase {
    func states(_ seed: UInt64) -> [[Tensor]] {
      (0..<layers).map { layer in
        (0..<(kind == .lstm ? 2 : 1)).map { part in
          .random([batch, hiddenSize], seed: seed + UInt64(2 * layer + part))
        }
      }
    }
    return RecurrentCase(
      inputs: .random([steps, batch, inputSize], seed: 2000 * seed + 1), lengths: lengths,
      states: states(2000 * seed + 10),
      outputGradient: .random([steps, batch, hiddenSize], seed: 2000 * seed + 2),
      stateGradients: states(2000 * seed + 50))
  }
}

import TestSupport
import Testing

@testable import Tensors

@Suite struct RecordingTests {
  /// Every operation of a [2, 4] and another one.
  private static let operations: [@Sendable (Variable, Variable) -> [Variable]] = [
    { a, b in [a + b, a - b, a * b, a / b, -a, a + 1, 1 + a, a - 1, 1 - a, 2 * a, a * 2] },
    { a, b in [a / 2, 1 / a, .maximum(a, b), .minimum(a, b)] },
    { a, _ in [a.squared(), a.squareRoot(), a.exp(), a.log(), a.abs(), a.power(2)] },
    { a, _ in [a.tanh(), a.sigmoid(), a.relu()] },
    { a, b in [a.matmul(b.transposed()), a.matmul(transposed: b), a.linear(b)] },
    { a, b in
      let (x, y) = (a.reshaped(to: [2, 2, 2]), b.reshaped(to: [2, 2, 2]))
      return [x.matmul(y), x.matmul(transposed: y)]
    },
    { a, b in [a.broadcast(to: [3, 2, 4]), a.reshaped(to: [8]), a.transposed()] },
    { a, b in [.concatenate([a, b]), .stack([a, b]), a.sliced(0..<1)] },
    { a, b in a.split(into: 2) + a.split([1, 3], axis: 1) + a.unstacked() },
    { a, b in [a.rows(at: [1, 1]), a.elements(at: [0, 3])] },
    { a, b in [.select(Tensor(repeating: 1, shape: [1]), a, b)] },
    { a, _ in [a.sum(), a.mean(), a.max(), a.min(), a.sum(axis: 0), a.mean(axis: 0)] },
    { a, _ in [a.max(axis: 0), a.min(axis: 0)] },
    { a, _ in [a.softmax(), a.softmax(mask: Tensor(repeating: 1, shape: [4])), a.logSoftmax()] },
    { a, b in
      [a.crossEntropy(targets: [1, 2]), a.crossEntropy(targets: [1, 2], reduction: .none)]
    },
    { a, b in [a.layerNorm(gain: b.rows(at: [0]).reshaped(to: [4]), bias: b.sum(axis: 0))] },
    { a, _ in [a.dropout(0.5, mode: .training(RandomKey(seed: 1)))] },
  ]

  @Test(
    "a result of constants or of frozen parameters is not recorded, one of a trainable parameter is",
    arguments: operations.indices)
  func recorded(_ index: Int) {
    let operation = Self.operations[index]
    let value = Tensor.random([2, 4], seed: 1, from: 0.5, to: 1)
    let parameter = Parameter("p", value)
    let constant = Variable(value)
    let frozen = parameter.variable(.prediction)
    let trainable = parameter.variable(.training(RandomKey(seed: 0)))
    #expect(operation(constant, constant).allSatisfy { !$0.isRecorded })
    #expect(operation(frozen, constant).allSatisfy { !$0.isRecorded })
    #expect(operation(trainable, constant).allSatisfy { $0.isRecorded })
    #expect(operation(trainable.detached, frozen).allSatisfy { !$0.isRecorded })
    // The value does not depend on whether it is recorded.
    #expect(
      operation(trainable, constant).map(\.value) == operation(frozen, constant).map(\.value))
  }

  @Test("constant operands cost no gradient", arguments: operations.indices)
  func constantOperands(_ index: Int) {
    let value = Tensor.random([2, 4], seed: 2, from: 0.5, to: 1)
    for trainsFirst in [true, false] {
      let (a, b) = (Parameter("a", value), Parameter("b", value))
      let training = Mode.training(RandomKey(seed: 0))
      let results = Self.operations[index](
        a.variable(trainsFirst ? training : .prediction),
        b.variable(trainsFirst ? .prediction : training))
      Variable.backward(results.map { ($0, Tensor(repeating: 1, shape: $0.shape)) })
      if case .none = (trainsFirst ? b : a).gradient { continue }
      Issue.record("a frozen parameter has a gradient")
    }
  }
}

import Tensors
import TestSupport
import Testing

@testable import Recurrent

/// Tangents of the fused runs and of the output softmax, along their inputs, initial states and
/// weights, all at once and each alone.
@Suite("Tangents of recurrent layers") struct TangentTests {
  /// The cells with runs of their own.
  private static let kinds: [CellKind] = [.rnn, .rnnReLU, .lstm, .gru, .gruResetBefore]
  private static let training = Mode.training(RandomKey(seed: 3))

  @Test(
    "agree with the backward pass and with differences, from every operand to every result",
    arguments: kinds, [nil, [4, 0, 2]] as [[Int32]?])
  func fusedRuns(_ kind: CellKind, _ lengths: [Int32]?) throws {
    let extents = Extents(steps: 4, batch: 3, inputSize: 3, hiddenSize: 4, lengths: lengths)
    let stack = extents.stack(Net(kind: kind))
    let input = Parameter("input", .random([4, 3, 3], seed: 1))
    let states = (0..<(kind == .lstm ? 2 : 1)).map {
      Parameter("state \($0)", .random([3, 4], seed: 10 + UInt64($0)))
    }
    // Kinks of a rectifier cannot be stepped over by differences of this size; those cells are
    // compared in a test of their own.
    let isSmooth = kind != .rnnReLU
    try checkTangents(
      of: [input] + states + stack.parameters, step: isSmooth ? 0.02 : 0.001,
      tolerance: isSmooth ? 1e-4 : 2e-3
    ) {
      let start = RecurrentStack.State(
        layers: [.init(parts: states.map { $0.variable(Self.training) })])
      let (outputs, last) = stack.run(
        input.variable(Self.training), lengths: lengths, from: start, mode: Self.training)
      return .concatenate([outputs.reshaped(to: [12, 4])] + last.layers[0].parts)
    }
  }

  @Test(
    "agree without initial states and with inputs that stand still", arguments: kinds)
  func withoutStates(_ kind: CellKind) throws {
    let stack = Extents(steps: 3, batch: 2, inputSize: 2, hiddenSize: 3).stack(Net(kind: kind))
    let input = Variable(.random([3, 2, 2], seed: 1))
    try checkTangents(
      of: stack.parameters, step: kind == .rnnReLU ? 0.001 : 0.02,
      tolerance: kind == .rnnReLU ? 2e-3 : 1e-4
    ) {
      stack.run(input, mode: Self.training).outputs
    }
  }

  @Test("are those of the rows that were looked up, for an embedding")
  func embedding() throws {
    let table = Embedding(vocabularySize: 5, size: 3, range: 1, key: RandomKey(seed: 1))
    try checkTangents(of: table.parameters) {
      table([3, 0, 3, 4], steps: 2, mode: Self.training)
    }
  }

  @Test("of the output softmax agree, rows that do not count included")
  func outputSoftmax() throws {
    let hidden = Parameter("h", .random([5, 3], seed: 1))
    let weight = Parameter("W", .random([4, 3], seed: 2))
    let bias = Parameter("b", .random([4], seed: 3))
    try checkTangents(of: [hidden, weight, bias]) {
      softmaxCrossEntropy(
        hidden.variable(Self.training), weight: weight.variable(Self.training),
        bias: bias.variable(Self.training), targets: [1, 3, -1, 0, 2], scale: 0.5, blockRows: 2
      ).loss
    }
  }
}

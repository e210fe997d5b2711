import Tensors
import TestSupport
import Testing

@testable import Recurrent

@Suite("Dropout in the recurrence and over time")
struct DropoutTests {
  static let training = Mode.training(RandomKey(seed: 3))

  @Test("one mask for all steps, as each step's dropout has it, with right gradients")
  func variational() throws {
    let x = Variable(Tensor(repeating: 1, shape: [4, 3, 16]))
    let y = x.variationalDropout(0.5, mode: Self.training).value
    let step = Variable(Tensor(repeating: 1, shape: [3, 16])).dropout(0.5, mode: Self.training)
    for t in 0..<4 { #expect(y.timeStep(t) == step.value) }
    #expect(Set(y.scalars) == [0, 2])
    #expect(x.variationalDropout(0.5, mode: .prediction).value == x.value)
    let parameter = Parameter("x", .random([3, 2, 4], seed: 1))
    try checkGradients(of: [parameter]) {
      parameter.variable(Self.training).variationalDropout(0.4, mode: Self.training).tanh()
    }
  }

  /// Each way to drop something in the recurrence of an LSTM.
  static let ways = [
    RecurrentDropout(weights: 0.4), RecurrentDropout(state: 0.4), RecurrentDropout(candidate: 0.4),
    RecurrentDropout(zoneout: 0.4),
    RecurrentDropout(weights: 0.2, state: 0.2, candidate: 0.2, zoneout: 0.2),
  ]

  private func stack(_ dropout: RecurrentDropout, _ kind: CellKind = .lstm) -> RecurrentStack {
    let stack = RecurrentStack(
      StackConfiguration(
        kind, inputSize: 3, hiddenSize: 5, layers: 2, dropout: 0.2, isVariational: true,
        recurrentDropout: dropout), key: RandomKey(seed: 1))
    for (index, parameter) in stack.parameters.enumerated() {
      parameter.value = .random(parameter.shape, seed: UInt64(index))
    }
    return stack
  }

  @Test("acts in training, by the key alone, on any number of threads", arguments: ways)
  func keys(dropout: RecurrentDropout) {
    let this = Extents(layers: 2, lengths: [4, 0, 2]).randomCase(.lstm)
    let (plain, stack) = (stack(RecurrentDropout()), stack(dropout))
    let one = ThreadTeam.$current.withValue(.solo) { stack.pass(this, mode: Self.training) }
    let two = ThreadTeam.$current.withValue(ThreadTeam(threads: 2)) {
      stack.pass(this, mode: Self.training)
    }
    #expect(one.outputs == two.outputs && one.states == two.states)
    for (name, gradient) in one.gradients { #expect(gradient == two.gradients[name], "\(name)") }
    #expect(one.outputs != plain.pass(this, mode: Self.training).outputs)
    let other = Mode.training(RandomKey(seed: 4))
    #expect(one.outputs != stack.pass(this, mode: other).outputs)
    let prediction = stack.pass(this, mode: .prediction)
    // Zoneout predicts with the mean of what it does in training; the others do nothing then.
    #expect(
      (prediction.outputs == plain.pass(this, mode: .prediction).outputs) == (dropout.zoneout == 0))
  }

  @Test("has right gradients", arguments: ways)
  func gradients(dropout: RecurrentDropout) throws { try expectRightGradients(stack(dropout)) }

  @Test(
    "has right gradients where the state is the memory",
    arguments: [CellKind.gru, .gruResetBefore, .gruNorm])
  func gradientsOfGRUs(kind: CellKind) throws {
    try expectRightGradients(stack(RecurrentDropout(weights: 0.2, state: 0.4), kind))
  }

  @Test(
    "what a GRU sees of its state is dropped, what it keeps is not",
    arguments: [CellKind.gru, .gruResetBefore, .gruNorm])
  func keptState(kind: CellKind) {
    let cell = CellConfiguration(
      kind, inputSize: 3, hiddenSize: 8, dropout: RecurrentDropout(state: 0.5)
    ).makeCell(place: LayerPlace(), initialization: .init(), key: RandomKey(seed: 1))
    let start = AnyCell.State(parts: [Variable(.random([2, 8], seed: 5))])
    let inputs = Variable(.random([20, 2, 3], seed: 6))
    let plain = cell.run(inputs, lengths: nil, from: start, mode: .prediction)
    let dropped = cell.run(inputs, lengths: nil, from: start, mode: Self.training)
    #expect(plain.outputs.value != dropped.outputs.value)
    // An update gate of nearly 1 keeps the state for good.
    let bias = cell.parameters[2]
    bias.value = Tensor(
      shape: [24], scalars: (0..<24).map { 8 <= $0 && $0 < 16 ? Float(30) : 0 })
    let kept = cell.run(inputs, lengths: nil, from: start, mode: Self.training).state.output.value
    #expect(kept == start.parts[0].value)
  }

  @Test(
    "a GRU of plain operations is the fused one where nothing is dropped",
    arguments: [CellKind.gru, .gruResetBefore, .gruNorm])
  func plainOperations(kind: CellKind) throws {
    let (input, h) = (Variable(.random([2, 3], seed: 6)), Variable(.random([2, 8], seed: 5)))
    func key() -> RandomKey { RandomKey(seed: 1) }
    let cells: [any Cell & InterpolatingCell] = [
      GRUCell(inputSize: 3, hiddenSize: 8, key: key()),
      GRUCell(inputSize: 3, hiddenSize: 8, reset: .beforeProduct, key: key()),
      NormalizedGRUCell(inputSize: 3, hiddenSize: 8, key: key()),
    ]
    let cell = cells[kind == .gru ? 0 : kind == .gruResetBefore ? 1 : 2]
    let plain = cell.step(input, seeing: h, keeping: h, mode: .prediction).value
    let fused = AnyCell(cell).step(input, AnyCell.State(parts: [h]), mode: .prediction)
    #expect(relativeError(plain, fused.output.value) < 1e-6)
  }

  private func expectRightGradients(_ stack: RecurrentStack) throws {
    let input = Parameter("input", .random([3, 2, 3], seed: 1))
    let seed = Variable(.random([3, 2, 5], seed: 2))
    for parameter in [input] + stack.parameters { parameter.clearGradient() }
    (stack.run(input.variable(Self.training), mode: Self.training).outputs * seed).sum().backward()
    // Along a random direction of all operands together.
    for parameter in [input] + stack.parameters {
      let direction = Tensor.random(parameter.shape, seed: 7)
      let start = parameter.value
      func loss(_ step: Float) -> Double {
        parameter.value = Tensor(
          shape: start.shape, scalars: zip(start.scalars, direction.scalars).map { $0 + step * $1 })
        let outputs = stack.run(input.variable(Self.training), mode: Self.training).outputs
        return dot((outputs * seed).value.doubles, Array(repeating: 1, count: 30))
      }
      let difference = (loss(0.01) - loss(-0.01)) / 0.02
      parameter.value = start
      let gradient = parameter.denseGradient.doubles
      let norm = (dot(gradient, gradient) + 1e-4).squareRoot()
      // Differences of this size are off by some 10⁻³ of the norm; a missing mask by a third.
      #expect(
        abs(dot(gradient, direction.doubles) - difference) < 0.01 * norm, "\(parameter.name)")
    }
  }

  @Test("zoneout keeps or takes each unit whole, and keeps its share of them")
  func zoneout() {
    let cell = CellConfiguration(
      .rnn, inputSize: 1, hiddenSize: 400, dropout: RecurrentDropout(zoneout: 0.3)
    ).makeCell(place: LayerPlace(), initialization: .init(), key: RandomKey(seed: 1))
    let old = Variable(Tensor(repeating: 9, shape: [1, 400]))
    let x = Variable(Tensor(repeating: 1, shape: [1, 1]))
    let new = cell.step(x, AnyCell.State(parts: [old]), mode: Self.training).output.value.scalars
    let kept = new.count { $0 == 9 }
    #expect(abs(kept - 120) < 40)
    let mean = cell.step(x, AnyCell.State(parts: [old]), mode: .prediction).output.value.scalars
    // tanh is within ±1.
    #expect(mean.allSatisfy { 2 <= $0 && $0 <= 3.4 })
  }

  @Test("a learned initial state is one for every sequence, and is trained")
  func learnedState() throws {
    let stack = RecurrentStack(
      StackConfiguration(
        .lstm, inputSize: 2, hiddenSize: 3, isBidirectional: true, learnsInitialState: true),
      key: RandomKey(seed: 1))
    let names = stack.parameters.suffix(4).map(\.name)
    #expect(names == ["rnn.h0_l0", "rnn.c0_l0", "rnn.h0_l0_reverse", "rnn.c0_l0_reverse"])
    for (index, parameter) in stack.parameters.enumerated() {
      parameter.value = .random(parameter.shape, seed: UInt64(index))
    }
    let inputs = Variable(.random([3, 2, 2], seed: 9))
    let given = stack.run(
      inputs, lengths: [3, 1], from: stack.initialState(batch: 2), mode: .prediction)
    let without = stack.run(inputs, lengths: [3, 1], mode: .prediction)
    #expect(given.outputs.value == without.outputs.value)
    try checkGradients(of: Array(stack.parameters.suffix(4)), tolerance: 1e-3) {
      stack.run(inputs, lengths: [3, 1], mode: Self.training).outputs
    }
  }

  @Test("an embedding drops whole tokens, wherever they stand")
  func embedding() {
    let embedding = Embedding(vocabularySize: 40, size: 3, range: 1, key: RandomKey(seed: 1))
    let tokens = (0..<80).map { Int32($0 % 40) }
    let vectors = embedding(tokens, steps: 2, dropout: 0.5, mode: Self.training).value
    #expect(vectors.timeStep(0) == vectors.timeStep(1))
    let table = embedding.weight.value.scalars
    var dropped = 0
    for token in 0..<40 {
      let row = vectors.scalars[token * 3..<token * 3 + 3]
      if row.allSatisfy({ $0 == 0 }) {
        dropped += 1
      } else {
        #expect(Array(row) == table[token * 3..<token * 3 + 3].map { $0 * 2 })
      }
    }
    #expect((8...32).contains(dropped))
  }
}

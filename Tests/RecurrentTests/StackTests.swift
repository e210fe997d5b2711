import Recurrent
import Tensors
import TestSupport
import Testing

/// h_t = h_{t-1} + x_t: what its inputs were can be told from its outputs.
private struct Accumulator: Cell {
  let inputSize: Int
  var hiddenSize: Int { inputSize }
  var parameters: [Parameter] { [] }

  func step(_ input: Variable, _ state: HiddenState, mode: Mode) -> HiddenState {
    HiddenState(h: state.h + input)
  }
}

/// h_t = x_t with some of it dropped: its mask can be told from its outputs.
private struct Dropper: Cell {
  let inputSize: Int
  var hiddenSize: Int { inputSize }
  var parameters: [Parameter] { [] }

  func step(_ input: Variable, _ state: HiddenState, mode: Mode) -> HiddenState {
    HiddenState(h: input.dropout(0.5, mode: mode))
  }
}

@Suite("A stack of layers")
struct StackTests {
  static let training = Mode.training(RandomKey(seed: 3))

  @Test(
    "names its parameters as PyTorch does, and gives them its shapes", arguments: CellKind.allCases)
  func names(kind: CellKind) {
    let stack = RecurrentStack(
      kind, inputSize: 4, hiddenSize: 6, layers: 3, key: RandomKey(seed: 1))
    let expected = StackConfiguration(kind, inputSize: 4, hiddenSize: 6, layers: 3)
      .parameterShapes()
    #expect(stack.parameters.map(\.name) == expected.map(\.name))
    #expect(stack.parameters.map(\.shape) == expected.map(\.shape))
    if [.rnn, .rnnReLU, .lstm, .gru].contains(kind) {
      let names = (0..<3).flatMap { layer in
        ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map { "rnn.\($0)_l\(layer)" }
      }
      #expect(stack.parameters.map(\.name) == names)
    }
    #expect(stack.inputSize == 4 && stack.hiddenSize == 6)
    let state = stack.zeroState(batch: 2)
    #expect(state.tensors.allSatisfy { $0 == Tensor(zeros: $0.shape) })
    if kind == .window {
      // Of five inputs four are kept, of the features of the layer below.
      #expect(state.layers.map { $0.parts.map { $0.shape[1] } } == [[6, 16], [6, 24], [6, 24]])
    } else {
      #expect(state.tensors.allSatisfy { $0.shape == [2, 6] })
      #expect(state.tensors.count == (kind.hasMemory ? 6 : 3))
    }
  }

  @Test("of cells of different kinds and sizes is one after the other")
  func mixed() {
    func cell(_ kind: CellKind, _ inputSize: Int, _ hiddenSize: Int, _ layer: Int) -> AnyCell {
      CellConfiguration(kind, inputSize: inputSize, hiddenSize: hiddenSize).makeCell(
        place: LayerPlace(layer: layer), initialization: .init(),
        key: RandomKey(seed: UInt64(layer)))
    }
    let stack = RecurrentStack([cell(.gru, 3, 7, 0), cell(.lstm, 7, 2, 1), cell(.rnn, 2, 4, 2)])
    let inputs = Variable(.random([5, 3, 3], seed: 1))
    let lengths: [Int32] = [5, 2, 0]
    let (outputs, state) = stack.run(inputs, lengths: lengths, mode: .prediction)
    var x = inputs
    for (layer, cell) in stack.layers.enumerated() {
      let (y, last) = cell.run(x, lengths: lengths, from: nil, mode: .prediction)
      #expect(last.parts.map(\.value) == state.layers[layer].parts.map(\.value))
      x = y
    }
    #expect(outputs.value == x.value)
    #expect(stack.inputSize == 3 && stack.hiddenSize == 4)
  }

  @Test("drops inputs of all layers but the lowest, and nothing on the way from step to step")
  func dropoutBetweenLayers() {
    let (steps, batch, size) = (40, 5, 8)
    let stack = RecurrentStack(
      (0..<3).map { _ in AnyCell(Accumulator(inputSize: size)) }, dropout: 0.25)
    let inputs = Variable(Tensor(repeating: 1, shape: [steps, batch, size]))
    let (outputs, state) = stack.run(inputs, mode: Self.training)
    // The lowest layer has counted every step: neither its inputs nor its state were touched.
    #expect(
      state.layers[0].output.value == Tensor(repeating: Float(steps), shape: [batch, size]))

    // In two layers the upper one adds up the lower one's count, each number dropped or enlarged.
    let two = RecurrentStack(layers: Array(stack.layers.prefix(2)), dropout: 0.25)
    let counts = two.run(inputs, mode: Self.training).outputs.value
    var dropped = 0
    for b in 0..<batch {
      for unit in 0..<size {
        var (sum, exact) = (Float(0), true)
        for t in 0..<steps {
          let added = counts[t, b, unit] - sum
          sum = counts[t, b, unit]
          let kept = abs(added - Float(t + 1) / 0.75) < 1e-3
          if added == 0 { dropped += 1 } else { exact = exact && kept }
        }
        #expect(exact)
      }
    }
    // Of 1,600, with a standard deviation of 17.
    #expect(abs(dropped - 400) < 70)

    // Each layer draws a mask of its own: with one mask for both, the top would add up what the
    // middle gave only where it is not dropped, at the very same places.
    let middle = two.run(inputs, mode: Self.training).outputs.value
    let top = outputs.value
    let differs = (1..<steps).contains { t in
      (top[t, 0, 0] == top[t - 1, 0, 0]) != (middle[t, 0, 0] == middle[t - 1, 0, 0])
    }
    #expect(differs)
  }

  @Test("drops the same for the same key, otherwise for another, and nothing in prediction")
  func dropoutKeys() {
    let extents = Extents(layers: 2)
    let plain = extents.stack(.lstm)
    let stack = RecurrentStack(layers: plain.layers, dropout: 0.5)
    let this = extents.randomCase(.lstm)
    let other = Mode.training(RandomKey(seed: 9))
    let dropped = stack.pass(this)
    #expect(dropped.outputs == stack.pass(this).outputs)
    #expect(dropped.gradients == stack.pass(this).gradients)
    #expect(dropped.outputs != stack.pass(this, mode: other).outputs)
    #expect(dropped.outputs != plain.pass(this).outputs)
    #expect(dropped.states[0] == plain.pass(this).states[0])
    #expect(stack.pass(this, mode: .prediction).outputs == plain.pass(this).outputs)

    let single = RecurrentStack(layers: Array(plain.layers.prefix(1)), dropout: 0.5)
    let alone = Extents().randomCase(.lstm)
    #expect(single.pass(alone).outputs == single.pass(alone, mode: .prediction).outputs)
  }

  @Test("gives each layer a key of its own, and all steps of a run the same")
  func keysOfLayers() {
    let inputs = Variable(Tensor(repeating: 1, shape: [3, 1, 32]))
    let one = RecurrentStack([AnyCell(Dropper(inputSize: 32))])
    let mask = one.run(inputs, mode: Self.training).outputs.value
    #expect(mask.timeStep(0) == mask.timeStep(1) && mask.timeStep(1) == mask.timeStep(2))
    #expect(Set(mask.scalars) == [0, 2])
    // With one mask for both layers, what passed the first would pass the second.
    let two = RecurrentStack([AnyCell(Dropper(inputSize: 32)), AnyCell(Dropper(inputSize: 32))])
    #expect(Set(two.run(inputs, mode: Self.training).outputs.value.scalars) == [0, 4])
    #expect(
      two.run(inputs, mode: Self.training).outputs.value.scalars.count { $0 > 0 }
        < mask.scalars.count { $0 > 0 })
  }

  @Test("has right gradients with dropout on")
  func dropoutGradients() throws {
    let extents = Extents(steps: 3, batch: 2, inputSize: 2, hiddenSize: 3, layers: 2)
    let stack = RecurrentStack(layers: extents.stack(.gru).layers, dropout: 0.4)
    let input = Parameter("input", .random([3, 2, 2], seed: 1))
    // A missing mask would be off by much more than what differences of two layers round.
    try checkGradients(of: [input] + stack.parameters, tolerance: 1e-3) {
      stack.run(input.variable(Self.training), mode: Self.training).outputs
    }
  }

  @Test("lets a state be cut off from the graph")
  func detached() {
    let stack = Extents(layers: 2).stack(.gru)
    let (_, state) = stack.run(Variable(.random([2, 3, 3], seed: 1)), mode: Self.training)
    #expect(state.layers.allSatisfy { $0.output.isRecorded })
    let detached = state.detached
    #expect(detached.layers.allSatisfy { !$0.output.isRecorded })
    #expect(detached.tensors == state.tensors)
  }
}

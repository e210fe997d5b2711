import Recurrent
import Tensors
import TestSupport
import Testing

/// An LSTM as a reader of the equations would write it.
private struct PlainLSTM: Cell {
  let inputSize: Int
  let hiddenSize: Int
  let gates: GateParameters
  var parameters: [Parameter] { gates.parameters }

  init(inputSize: Int, hiddenSize: Int, layer: Int) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    gates = GateParameters(
      gates: 4, inputSize: inputSize, hiddenSize: hiddenSize, place: LayerPlace(layer: layer),
      initialization: .init(), key: RandomKey(seed: 1))
  }

  func step(_ input: Variable, _ state: MemoryState, mode: Mode) -> MemoryState {
    let w = parameters.map { $0.variable(mode) }
    let sums = input.linear(w[0], bias: w[2]) + state.h.linear(w[1], bias: w[3])
    let parts = sums.split(into: 4, axis: 1)
    let (i, f, g, o) = (parts[0].sigmoid(), parts[1].sigmoid(), parts[2].tanh(), parts[3].sigmoid())
    let c = f * state.c + i * g
    return MemoryState(h: o * c.tanh(), c: c)
  }
}

@Suite("A cell written from plain operations")
struct CustomCellTests {
  @Test(
    "is the fused one, alone, above it and below it, for sequences of any lengths",
    arguments: [["plain"], ["plain", "fused"], ["fused", "plain"]],
    [nil, [4, 4, 4], [2, 0, 4], [0, 0, 0]] as [[Int32]?])
  func plainIsFused(order: [String], lengths: [Int32]?) {
    let extents = Extents(layers: order.count, lengths: lengths)
    let fused = extents.stack(.lstm)
    let plain = RecurrentStack(
      order.enumerated().map { layer, name in
        name == "fused"
          ? fused.layers[layer].cell
          : AnyCell(
            PlainLSTM(
              inputSize: fused.layers[layer].inputSize, hiddenSize: extents.hiddenSize,
              layer: layer))
      })
    for (from, to) in zip(fused.parameters, plain.parameters) { to.value = from.value }

    var this = extents.randomCase(.lstm)
    for hasState in [true, false] {
      if !hasState { this.states = nil }
      let (expected, result) = (fused.pass(this), plain.pass(this))
      #expect(relativeError(result.outputs, expected.outputs) < 1e-6)
      for (parts, expected) in zip(result.states, expected.states) {
        for (part, expected) in zip(parts, expected) {
          #expect(relativeError(part, expected) < 1e-6)
        }
      }
      #expect(result.gradients.keys.sorted() == expected.gradients.keys.sorted())
      for (name, gradient) in expected.gradients {
        #expect(relativeError(result.gradients[name]!, gradient) < 1e-6, "gradient of \(name)")
      }
    }
  }

  @Test("its run is its steps, bit for bit")
  func runIsSteps() {
    let stack = RecurrentStack([AnyCell(PlainLSTM(inputSize: 3, hiddenSize: 5, layer: 0))])
    let this = Extents().randomCase(.lstm)
    let (run, steps) = (stack.pass(this), stack.pass(this, drive: .steps))
    #expect(run.outputs == steps.outputs)
    #expect(run.states == steps.states)
  }

  @Test("runs over no steps, and for prediction records nothing")
  func edges() {
    let cell = PlainLSTM(inputSize: 3, hiddenSize: 5, layer: 0)
    let state = MemoryState(
      h: Variable(.random([2, 5], seed: 1)), c: Variable(.random([2, 5], seed: 2)))
    let (none, last) = cell.run(
      Variable(Tensor(zeros: [0, 2, 3])), lengths: nil, from: state, mode: .prediction)
    #expect(none.shape == [0, 2, 5])
    #expect(last.h.value == state.h.value && last.c.value == state.c.value)

    let (outputs, end) = cell.run(
      Variable(.random([3, 2, 3], seed: 3)), lengths: [3, 1], from: nil, mode: .prediction)
    #expect(!outputs.isRecorded && !end.h.isRecorded && !end.c.isRecorded)
  }
}

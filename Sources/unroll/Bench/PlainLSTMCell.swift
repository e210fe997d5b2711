import Recurrent
import Tensors

/// The LSTM as anyone would write it, from plain operations: the same equations and parameters as
/// ``LSTMCell``, a graph node for each operation of each step. It shows what a cell of one's own costs.
struct PlainLSTMCell: Cell {
  let inputSize: Int
  let hiddenSize: Int
  let gates: GateParameters

  var parameters: [Parameter] { gates.parameters }

  init(inputSize: Int, hiddenSize: Int, key: RandomKey) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    gates = GateParameters(
      gates: 4, inputSize: inputSize, hiddenSize: hiddenSize, place: LayerPlace(),
      initialization: .init(), key: key)
  }

  func zeroState(batch: Int) -> MemoryState {
    let zeros = Variable(Tensor(zeros: [batch, hiddenSize]))
    return MemoryState(h: zeros, c: zeros)
  }

  func step(_ input: Variable, _ state: MemoryState, mode: Mode) -> MemoryState {
    let sum =
      input.linear(gates.inputWeight.variable(mode), bias: gates.inputBias.variable(mode))
      + state.h.linear(
        gates.recurrentWeight.variable(mode), bias: gates.recurrentBias.variable(mode))
    let gate = sum.split(into: 4, axis: 1)
    let (i, f, g, o) = (gate[0].sigmoid(), gate[1].sigmoid(), gate[2].tanh(), gate[3].sigmoid())
    let c = f * state.c + i * g
    return MemoryState(h: o * c.tanh(), c: c)
  }
}

import Learning
import Recurrent
import Tensors
import Testing

/// As in the article on writing a cell.
struct LeakyMemory: Cell {
  let inputSize: Int
  let hiddenSize: Int
  let input: Linear
  let leak: Linear

  var parameters: [Parameter] { input.parameters + leak.parameters }

  init(inputSize: Int, hiddenSize: Int, key: RandomKey) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    input = Linear(inputs: inputSize, outputs: hiddenSize, name: "input", key: key.child(0))
    leak = Linear(inputs: inputSize, outputs: hiddenSize, name: "leak", key: key.child(1))
  }

  func step(_ x: Variable, _ state: MemoryState, mode: Mode) -> MemoryState {
    let kept = leak(x, mode: mode).sigmoid()
    let c = kept * state.c + input(x, mode: mode).tanh()
    return MemoryState(h: c.tanh(), c: c)
  }
}

@Suite("The example of a cell of one's own")
struct CellExampleTests {
  @Test("runs in a stack, steps as it runs, and learns")
  func example() {
    let key = RandomKey(seed: 1)
    let stack = RecurrentStack(
      layers: [
        RecurrentLayer(
          AnyCell(LeakyMemory(inputSize: 3, hiddenSize: 8, key: key.child(0))),
          reverse: AnyCell(LeakyMemory(inputSize: 3, hiddenSize: 8, key: key.child(1)))),
        RecurrentLayer(AnyCell(LSTMCell(inputSize: 16, hiddenSize: 4, key: key.child(2)))),
      ])
    let inputs = Variable(RandomKey(seed: 2).normal([7, 2, 3]))
    var adam = Adam()
    var losses: [Float] = []
    for _ in 0..<30 {
      let (outputs, _) = stack.run(
        inputs, lengths: [7, 5], mode: .training(RandomKey(seed: 3)))
      let loss = outputs.squaredError(
        targets: Tensor(shape: [7, 2, 4]) { $0.update(repeating: 0.3) })
      loss.backward()
      losses.append(loss.value.scalar)
      adam.step(parameters: stack.parameters, rate: 0.02, gradientScale: 1)
      for parameter in stack.parameters { parameter.clearGradient() }
    }
    #expect(losses[29] < 0.5 * losses[0])

    let cell = LeakyMemory(inputSize: 3, hiddenSize: 8, key: key)
    let (outputs, last) = cell.run(inputs, lengths: nil, from: nil, mode: .prediction)
    var state = cell.zeroState(batch: 2)
    for t in 0..<7 {
      let x = Variable(
        Tensor(shape: [2, 3], scalars: Array(inputs.value.scalars[t * 6..<(t + 1) * 6])))
      state = cell.step(x, state, mode: .prediction)
      #expect(state.h.value.scalars == Array(outputs.value.scalars[t * 16..<(t + 1) * 16]))
    }
    #expect(last.c.value == state.c.value)
  }
}

import Tensors

extension Cell {
  /// All steps of B sequences, one `step` after the other: what a cell written from plain operations
  /// gets for nothing.
  ///
  /// ```
  /// s_t = step(x_t, s_{t-1}) for the sequences that go on, s_{t-1} for those that have ended
  /// ```
  ///
  /// Every step gets the same mode, so a dropout mask that `step` draws is one mask for the whole
  /// sequence, as variational dropout wants it (Gal & Ghahramani 2016).
  public func run(_ inputs: Variable, lengths: [Int32]?, from state: State?, mode: Mode)
    -> (outputs: Variable, state: State)
  {
    runSteps(inputs, lengths: lengths, from: state) { input, state, t in
      step(input, state, at: t, mode: mode)
    }
  }

  /// `run` by a step of one's own, which is given t too.
  func runSteps(
    _ inputs: Variable, lengths: [Int32]?, from state: State?,
    _ step: (_ input: Variable, _ state: State, _ t: Int) -> State
  ) -> (outputs: Variable, state: State) {
    precondition(
      inputs.shape.count == 3 && inputs.shape[2] == inputSize,
      "inputs are [T, B, \(inputSize)], not \(inputs.shape)")
    let (steps, batch) = (inputs.shape[0], inputs.shape[1])
    checkLengths(lengths, steps: steps, batch: batch)
    var state = state ?? zeroState(batch: batch)
    guard steps > 0 else { return (Variable(Tensor(zeros: [0, batch, outputSize])), state) }

    let none = Variable(Tensor(zeros: [batch, outputSize]))
    var outputs: [Variable] = []
    for (t, input) in inputs.unstacked().enumerated() {
      let next = step(input, state, t)
      guard let lengths, lengths.contains(where: { $0 <= t }) else {
        state = next
        outputs.append(next.output)
        continue
      }
      let goesOn = Tensor(shape: [batch, 1], scalars: lengths.map { $0 > t ? 1 : 0 })
      state = State(
        parts: zip(next.parts, state.parts).map { Variable.select(goesOn, $0, $1) })
      outputs.append(Variable.select(goesOn, next.output, none))
    }
    return (Variable.stack(outputs), state)
  }
}

/// Checks that there is a length from 0 to T for each of B sequences.
func checkLengths(_ lengths: [Int32]?, steps: Int, batch: Int) {
  guard let lengths else { return }
  precondition(lengths.count == batch, "\(lengths.count) lengths for a batch of \(batch)")
  precondition(
    lengths.allSatisfy { 0 <= $0 && $0 <= steps }, "lengths \(lengths) of \(steps) steps")
}

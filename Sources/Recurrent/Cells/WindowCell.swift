import Tensors

/// What a ``WindowCell`` carries: its output, and the inputs that the next window will see.
public struct WindowState: RecurrentState {
  /// The output h, [B, H]. No step reads it.
  public var h: Variable
  /// The last n - 1 inputs side by side, the oldest first, [B, (n - 1)·I].
  public var past: Variable

  public var parts: [Variable] { [h, past] }

  /// A state of the given output and inputs.
  public init(h: Variable, past: Variable) {
    self.h = h
    self.past = past
  }
  public init(parts: [Variable]) {
    h = parts[0]
    past = parts[1]
  }
}

/// A feed-forward net over the last n inputs, with no recurrence (Bengio, Ducharme, Vincent & Jauvin
/// 2003): where the lecture starts from, and what a recurrent net has to be better than.
///
/// ```
/// h_t = tanh(W [x_{t-n+1} … x_t] + b)
/// ```
///
/// Inputs before the first are zeros. W is [H, n·I], the oldest input's columns first, b [H]. What is
/// further back than n - 1 steps has no influence, and no gradient.
public struct WindowCell: Cell {
  public let inputSize: Int
  public let hiddenSize: Int
  /// n, the inputs that are seen, the present one among them.
  public let window: Int
  /// W [H, n·I].
  public let weight: Parameter
  /// b [H].
  public let bias: Parameter

  public var parameters: [Parameter] { [weight, bias] }

  /// A cell that stands at `place`.
  public init(
    inputSize: Int, hiddenSize: Int, window: Int, place: LayerPlace = LayerPlace(),
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    precondition(window >= 1, "a window of \(window) inputs, expected at least 1")
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.window = window
    weight = Parameter(
      place.name("weight_ih"),
      initialization.input.matrix(
        outputs: hiddenSize, inputs: window * inputSize, key: key.child(0)))
    bias = Parameter(place.name("bias_ih"), Tensor(zeros: [hiddenSize]))
  }

  /// No output, and zeros for inputs.
  public func zeroState(batch: Int) -> WindowState {
    WindowState(
      h: Variable(Tensor(zeros: [batch, hiddenSize])),
      past: Variable(Tensor(zeros: [batch, (window - 1) * inputSize])))
  }

  public func step(_ input: Variable, _ state: WindowState, mode: Mode) -> WindowState {
    guard window > 1 else { return WindowState(h: output(input, mode), past: state.past) }
    let seen = Variable.concatenate([state.past, input], axis: 1)
    return WindowState(
      h: output(seen, mode),
      past: seen.sliced(inputSize..<window * inputSize, axis: 1))
  }

  /// All steps at once: the inputs, shifted against each other and side by side, make one matrix product.
  public func run(_ inputs: Variable, lengths: [Int32]?, from state: WindowState?, mode: Mode)
    -> (outputs: Variable, state: WindowState)
  {
    precondition(
      inputs.shape.count == 3 && inputs.shape[2] == inputSize,
      "inputs are [T, B, \(inputSize)], not \(inputs.shape)")
    let (steps, batch) = (inputs.shape[0], inputs.shape[1])
    checkLengths(lengths, steps: steps, batch: batch)
    let state = state ?? zeroState(batch: batch)
    guard steps > 0, batch > 0 else {
      return (Variable(Tensor(zeros: [steps, batch, hiddenSize])), state)
    }
    var (all, seen) = (inputs, inputs)
    if window > 1 {
      // The past as steps of its own before the first.
      let past = Variable.stack(state.past.split(into: window - 1, axis: 1))
      all = Variable.concatenate([past, inputs])
      seen = Variable.concatenate(
        (0..<window).map { all.sliced($0..<$0 + steps) }, axis: 2)
    }
    var outputs = output(seen, mode)
    if let lengths {
      let goesOn = (0..<steps).flatMap { t in lengths.map { $0 > t ? Float(1) : 0 } }
      outputs = Variable.select(
        Tensor(shape: [steps, batch, 1], scalars: goesOn), outputs,
        Variable(Tensor(zeros: outputs.shape)))
    }
    let ends = lengths?.map { Int($0) } ?? Array(repeating: steps, count: batch)
    /// Of a sequence of steps [S, B, F], step `step(b)` of each row, [B, F].
    func row(_ sequence: Variable, _ step: (Int) -> Int) -> Variable {
      let places = ends.indices.map { Int32(step($0) * batch + $0) }
      return sequence.reshaped(to: [sequence.shape[0] * batch, sequence.shape[2]]).rows(at: places)
    }
    let h = row(Variable.concatenate([state.h.reshaped(to: [1, batch, hiddenSize]), outputs])) {
      ends[$0]
    }
    guard window > 1 else { return (outputs, WindowState(h: h, past: state.past)) }
    let last = (0..<window - 1).map { place in row(all) { ends[$0] + place } }
    return (outputs, WindowState(h: h, past: Variable.concatenate(last, axis: 1)))
  }

  private func output(_ seen: Variable, _ mode: Mode) -> Variable {
    seen.linear(weight.variable(mode), bias: bias.variable(mode)).tanh()
  }
}

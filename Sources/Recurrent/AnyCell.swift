import Tensors

/// Any cell behind one type, so that a stack can hold cells chosen at run time.
public struct AnyCell: Cell {
  public let inputSize: Int
  public let hiddenSize: Int
  public let outputSize: Int
  public let parameters: [Parameter]

  /// The state of whatever cell this is, as its parts.
  public struct State: RecurrentState {
    public let parts: [Variable]
    public init(parts: [Variable]) { self.parts = parts }
  }

  private let makeZeroState: @Sendable (Int) -> State
  private let takeStep: @Sendable (Variable, State, Mode) -> State
  private let takeStepOfRun: @Sendable (Variable, State, Int, Mode) -> State
  private let takeBranch: @Sendable ([SelectedRows], State, RowSelection) -> State
  private let runSequence:
    @Sendable (Variable, [Int32]?, State?, Mode) -> (outputs: Variable, state: State)
  /// nil for a cell that shows no gates.
  let gateReader: GateReader?

  /// `cell`, its type forgotten.
  public init<Wrapped: Cell>(_ cell: Wrapped) {
    inputSize = cell.inputSize
    hiddenSize = cell.hiddenSize
    outputSize = cell.outputSize
    parameters = cell.parameters
    gateReader = GateReader(cell)
    makeZeroState = { State(parts: cell.zeroState(batch: $0).parts) }
    takeStep = { input, state, mode in
      State(parts: cell.step(input, Wrapped.State(parts: state.parts), mode: mode).parts)
    }
    takeStepOfRun = { input, state, t, mode in
      State(parts: cell.step(input, Wrapped.State(parts: state.parts), at: t, mode: mode).parts)
    }
    takeBranch = { input, state, parents in
      State(parts: cell.branch(input, from: Wrapped.State(parts: state.parts), parents).parts)
    }
    runSequence = { inputs, lengths, state, mode in
      let start = state.map { Wrapped.State(parts: $0.parts) }
      let (outputs, last) = cell.run(inputs, lengths: lengths, from: start, mode: mode)
      return (outputs, State(parts: last.parts))
    }
  }

  public func zeroState(batch: Int) -> State { makeZeroState(batch) }

  public func step(_ input: Variable, _ state: State, mode: Mode) -> State {
    takeStep(input, state, mode)
  }

  public func step(_ input: Variable, _ state: State, at t: Int, mode: Mode) -> State {
    takeStepOfRun(input, state, t, mode)
  }

  public func branch(
    _ input: [SelectedRows], from state: State, _ parents: RowSelection
  ) -> State {
    takeBranch(input, state, parents)
  }

  public func run(_ inputs: Variable, lengths: [Int32]?, from state: State?, mode: Mode)
    -> (outputs: Variable, state: State)
  {
    runSequence(inputs, lengths, state, mode)
  }
}

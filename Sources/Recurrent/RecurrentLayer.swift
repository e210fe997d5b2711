import Tensors

/// One layer of a stack: a cell, or two that read the sequence from both ends (Schuster & Paliwal
/// 1997), and the state they start from.
///
/// Outputs are those of both directions side by side, [T, B, 2P], the forward ones first. The state has
/// the parts of the forward cell, then those of the reverse one. The reverse cell begins at each
/// sequence's own last step.
public struct RecurrentLayer: Module {
  /// Reads from the first step to the last.
  public let cell: AnyCell
  /// Reads from the last step to the first; nil in a layer of one direction.
  public let reverse: AnyCell?
  /// The state before the first step that is learned, a row for each part; empty for zeros.
  public let initialState: [Parameter]

  /// The state of a layer: the parts of its cells.
  public typealias State = AnyCell.State

  public var parameters: [Parameter] {
    cell.parameters + (reverse?.parameters ?? []) + initialState
  }

  /// A layer of the given cells; a learned initial state starts at zero and is named for `place`.
  public init(
    _ cell: AnyCell, reverse: AnyCell? = nil, learnsInitialState: Bool = false,
    place: LayerPlace = LayerPlace()
  ) {
    self.cell = cell
    self.reverse = reverse
    precondition(
      reverse.map { $0.inputSize == cell.inputSize && $0.outputSize == cell.outputSize } ?? true,
      "both directions of a layer take and give the same number of features")
    var initialState: [Parameter] = []
    if learnsInitialState {
      for (direction, cell) in zip(Direction.allCases, [cell, reverse].compactMap { $0 }) {
        var place = place
        place.direction = direction
        for (index, part) in cell.zeroState(batch: 1).parts.enumerated() {
          let name = index < 2 ? ["h0", "c0"][index] : "s\(index)_0"
          initialState.append(Parameter(place.name(name), Tensor(zeros: part.shape)))
        }
      }
    }
    self.initialState = initialState
  }

  /// The cells, forward first.
  public var cells: [AnyCell] { [cell, reverse].compactMap { $0 } }

  /// The features of an input.
  public var inputSize: Int { cell.inputSize }
  /// H, the units of a cell.
  public var hiddenSize: Int { cell.hiddenSize }
  /// The features of an output, of both directions together.
  public var outputSize: Int { cells.count * cell.outputSize }

  /// All zeros, for `batch` sequences.
  public func zeroState(batch: Int) -> State {
    State(parts: cells.flatMap { $0.zeroState(batch: batch).parts })
  }

  /// The learned state before the first step, for `batch` sequences; nil where it is zero.
  public func learnedState(batch: Int, mode: Mode) -> State? {
    if initialState.isEmpty { return nil }
    return State(
      parts: initialState.map { part in
        part.variable(mode).broadcast(to: [batch, part.shape[1]])
      })
  }

  /// One step of a layer of one direction: x_t [B, I] and the state before it give the state after it.
  public func step(_ input: Variable, _ state: State, mode: Mode) -> State {
    precondition(reverse == nil, "a layer of two directions needs the whole sequence")
    return cell.step(input, state, mode: mode)
  }

  /// As `step`, being step t of a run that has this mode at every step.
  public func step(_ input: Variable, _ state: State, at t: Int, mode: Mode) -> State {
    precondition(reverse == nil, "a layer of two directions needs the whole sequence")
    return cell.step(input, state, at: t, mode: mode)
  }

  /// One step of prediction of rows that share what they come from; see ``Cell/branch(_:from:_:)``.
  public func branch(
    _ input: [SelectedRows], from state: State, _ parents: RowSelection
  ) -> State {
    precondition(reverse == nil, "a layer of two directions needs the whole sequence")
    return cell.branch(input, from: state, parents)
  }

  /// All steps of B sequences: inputs [T, B, I] give outputs [T, B, P], or [T, B, 2P] of two directions,
  /// and the last states. See ``Cell/run(_:lengths:from:mode:)`` for lengths.
  public func run(_ inputs: Variable, lengths: [Int32]? = nil, from state: State? = nil, mode: Mode)
    -> (outputs: Variable, state: State)
  {
    let start = state ?? learnedState(batch: inputs.shape[1], mode: mode)
    guard let reverse else {
      return cell.run(inputs, lengths: lengths, from: start, mode: mode)
    }
    let partCount = start.map { $0.parts.count / 2 } ?? 0
    let (forward, last) = cell.run(
      inputs, lengths: lengths,
      from: start.map { State(parts: Array($0.parts[..<partCount])) }, mode: mode)
    let (backward, first) = reverse.run(
      inputs.reversedInTime(lengths: lengths), lengths: lengths,
      from: start.map { State(parts: Array($0.parts[partCount...])) }, mode: mode.child(-5))
    let outputs = Variable.concatenate(
      [forward, backward.reversedInTime(lengths: lengths)], axis: 2)
    return (outputs, State(parts: last.parts + first.parts))
  }
}

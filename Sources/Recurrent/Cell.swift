import Tensors

/// What a cell carries from one time step to the next, for B sequences.
///
/// A value: a search can branch it, a server can keep one for each client.
public protocol RecurrentState: Sendable {
  /// The parts, each [B, H]; the first is the output h. The others are for the cell alone.
  var parts: [Variable] { get }

  /// A state made of its parts.
  init(parts: [Variable])
}

extension RecurrentState {
  /// The output of the step that led here: h [B, H].
  public var output: Variable { parts[0] }

  /// The same state cut off from the graph.
  public var detached: Self { Self(parts: parts.map(\.detached)) }
}

/// A recurrent cell: h_t = f(x_t, h_{t-1}).
///
/// To write one, give it parameters, a typed state, and `step` from plain operations; it then works
/// wherever a cell does, one step after the other. A ``HiddenState`` or ``MemoryState`` starts at zero by
/// itself; another state needs a `zeroState`. The library's own cells run a whole sequence as
/// one fused operation instead.
public protocol Cell: Module {
  /// What is carried from step to step.
  associatedtype State: RecurrentState

  /// I, the features of an input.
  var inputSize: Int { get }
  /// H, the units.
  var hiddenSize: Int { get }
  /// The features of an output: H, unless the cell projects its outputs.
  var outputSize: Int { get }

  /// The state before the first step, all zeros, for `batch` sequences.
  func zeroState(batch: Int) -> State

  /// One step: x_t [B, I] and the state before it give the state after it.
  func step(_ input: Variable, _ state: State, mode: Mode) -> State

  /// Step t of a run that has this mode at every step: what a cell draws anew for each step depends on t
  /// too. The same as `step` unless a cell does so.
  func step(_ input: Variable, _ state: State, at t: Int, mode: Mode) -> State

  /// One step of prediction of M sequences many of which come from the same: row m reads its row of each of
  /// the parts of the input, side by side, and goes on from row `parents.rows[m]` of the state.
  ///
  /// What `step` says of the gathered rows, up to rounding; a row does not depend on the others.
  func branch(_ input: [SelectedRows], from state: State, _ parents: RowSelection) -> State

  /// All steps of B sequences: inputs [T, B, I] give outputs [T, B, H] and the last state.
  ///
  /// Equals `step` repeated, bit for bit. Sequence b has `lengths[b]` steps (T when nil): beyond
  /// them its outputs are zero, and its last state is the one after its own last step. A nil state
  /// is the zero state.
  func run(_ inputs: Variable, lengths: [Int32]?, from state: State?, mode: Mode)
    -> (outputs: Variable, state: State)
}

extension Cell {
  /// H.
  public var outputSize: Int { hiddenSize }

  /// `step`, whatever t.
  public func step(_ input: Variable, _ state: State, at t: Int, mode: Mode) -> State {
    step(input, state, mode: mode)
  }

  /// `step` of all rows.
  public func branch(
    _ input: [SelectedRows], from state: State, _ parents: RowSelection
  ) -> State {
    branchByStep(input, from: state, parents)
  }

  /// `branch` of a cell that does not know what is shared.
  func branchByStep(
    _ input: [SelectedRows], from state: State, _ parents: RowSelection
  ) -> State {
    step(
      input.count == 1 ? input[0].all : Variable.concatenate(input.map(\.all), axis: 1),
      State(parts: state.parts.map { $0.rows(at: parents.rows) }), mode: .prediction)
  }
}

/// The state of a cell whose output is all it carries: h [B, H].
public struct HiddenState: RecurrentState {
  /// The output, [B, H].
  public var h: Variable

  public var parts: [Variable] { [h] }

  /// A state of the given output.
  public init(h: Variable) { self.h = h }
  public init(parts: [Variable]) { h = parts[0] }
}

/// The state of an LSTM: the output h and the memory c, [B, H] each.
public struct MemoryState: RecurrentState {
  /// The output, [B, H].
  public var h: Variable
  /// The memory, [B, H].
  public var c: Variable

  public var parts: [Variable] { [h, c] }

  /// A state of the given output and memory.
  public init(h: Variable, c: Variable) {
    self.h = h
    self.c = c
  }
  public init(parts: [Variable]) {
    h = parts[0]
    c = parts[1]
  }
}

extension Cell where State == HiddenState {
  /// h = 0.
  public func zeroState(batch: Int) -> HiddenState {
    HiddenState(h: Variable(Tensor(zeros: [batch, outputSize])))
  }
}

extension Cell where State == MemoryState {
  /// h = 0, c = 0.
  public func zeroState(batch: Int) -> MemoryState {
    MemoryState(
      h: Variable(Tensor(zeros: [batch, outputSize])),
      c: Variable(Tensor(zeros: [batch, hiddenSize])))
  }
}

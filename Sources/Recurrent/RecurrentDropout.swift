import Tensors

/// What is dropped in the recurrence of a cell while it is trained. All masks are functions of the
/// mode's key and the place, so training is the same for any number of threads.
public struct RecurrentDropout: Sendable, Hashable {
  /// The share of W_hh: weight drop, one mask a run (Merity, Keskar & Socher 2018).
  public var weights: Float
  /// The share of h_{t-1}'s features that the products do not see, one mask for all steps of a run (Gal &
  /// Ghahramani 2016). What a GRU keeps of h_{t-1} is not masked.
  public var state: Float
  /// The share of the candidate's features: nothing remembered is lost (Semeniuta, Severyn & Barth
  /// 2016). One mask for all steps of a run; for the LSTM and its variants.
  public var candidate: Float
  /// The probability that a unit keeps its old state, h and c alike, with a mask a step (zoneout,
  /// Krueger et al. 2017). In prediction the expectation of the two takes its place.
  public var zoneout: Float

  /// Nothing unless told otherwise.
  public init(weights: Float = 0, state: Float = 0, candidate: Float = 0, zoneout: Float = 0) {
    self.weights = weights
    self.state = state
    self.candidate = candidate
    self.zoneout = zoneout
  }

  /// What is wrong with it for a cell, in words; nil if nothing is.
  func fault(_ kind: CellKind) -> String? {
    for (name, rate) in [
      ("weight drop", weights), ("recurrent dropout", state), ("candidate dropout", candidate),
      ("zoneout", zoneout),
    ] where !(rate >= 0 && rate < 1) {
      return "\(name) is in [0, 1), not \(rate)"
    }
    if candidate > 0, kind.lstmVariant == nil {
      return "candidate dropout is for the LSTM and its variants, not for \(kind.rawValue)"
    }
    for (name, rate) in [("weight drop", weights), ("recurrent dropout", state)]
    where rate > 0 && (kind == .memory || kind == .window) {
      return "\(name) is for cells with a recurrent matrix, which \(kind.rawValue) has not"
    }
    if zoneout > 0, kind == .window {
      return "zoneout is for cells with a state of their own, which window has not"
    }
    return nil
  }

  /// `cell` with what acts on its state from outside.
  func wrap<Wrapped: Cell>(_ cell: Wrapped) -> AnyCell {
    if state == 0, zoneout == 0 { return AnyCell(cell) }
    let dropped = StateDropoutCell(cell, rate: state)
    if zoneout == 0 { return AnyCell(dropped) }
    return AnyCell(ZoneoutCell(dropped, rate: zoneout))
  }
}

/// A cell whose products see its last output through a mask, the same at every step (Gal & Ghahramani
/// 2016).
struct StateDropoutCell<Wrapped: Cell>: Cell {
  let cell: Wrapped
  let rate: Float

  init(_ cell: Wrapped, rate: Float) {
    self.cell = cell
    self.rate = rate
  }

  var inputSize: Int { cell.inputSize }
  var hiddenSize: Int { cell.hiddenSize }
  var outputSize: Int { cell.outputSize }
  var parameters: [Parameter] { cell.parameters }
  func zeroState(batch: Int) -> Wrapped.State { cell.zeroState(batch: batch) }

  func step(_ input: Variable, _ state: Wrapped.State, mode: Mode) -> Wrapped.State {
    guard mode.isTraining, rate > 0 else { return cell.step(input, state, mode: mode) }
    var parts = state.parts
    let seen = parts[0].dropout(rate, mode: mode.child(-3))
    if let cell = cell as? any InterpolatingCell {
      return Wrapped.State(
        parts: [cell.step(input, seeing: seen, keeping: parts[0], mode: mode)])
    }
    parts[0] = seen
    return cell.step(input, Wrapped.State(parts: parts), mode: mode)
  }

  func branch(
    _ input: [SelectedRows], from state: Wrapped.State, _ parents: RowSelection
  ) -> Wrapped.State {
    cell.branch(input, from: state, parents)
  }

  func run(_ inputs: Variable, lengths: [Int32]?, from state: Wrapped.State?, mode: Mode)
    -> (outputs: Variable, state: Wrapped.State)
  {
    guard mode.isTraining, rate > 0 else {
      return cell.run(inputs, lengths: lengths, from: state, mode: mode)
    }
    return runSteps(inputs, lengths: lengths, from: state) { x, state, _ in
      step(x, state, mode: mode)
    }
  }
}

/// A cell some of whose units keep their old state for a step (Krueger et al. 2017).
///
/// ```
/// s_t = d_t ⊙ s_{t-1} + (1 - d_t) ⊙ ŝ_t,   d_t ~ Bernoulli(rate) in training, rate in prediction
/// ```
struct ZoneoutCell<Wrapped: Cell>: Cell {
  let cell: Wrapped
  let rate: Float

  init(_ cell: Wrapped, rate: Float) {
    self.cell = cell
    self.rate = rate
  }

  var inputSize: Int { cell.inputSize }
  var hiddenSize: Int { cell.hiddenSize }
  var outputSize: Int { cell.outputSize }
  var parameters: [Parameter] { cell.parameters }
  func zeroState(batch: Int) -> Wrapped.State { cell.zeroState(batch: batch) }

  /// The mask comes from the mode, so give each step of training a mode of its own.
  func step(_ input: Variable, _ state: Wrapped.State, mode: Mode) -> Wrapped.State {
    zone(cell.step(input, state, mode: mode), state, mode.child(-4))
  }

  func step(_ input: Variable, _ state: Wrapped.State, at t: Int, mode: Mode) -> Wrapped.State {
    zone(cell.step(input, state, at: t, mode: mode), state, mode.child(-4).child(t))
  }

  private func zone(
    _ new: Wrapped.State, _ old: Wrapped.State, _ mode: Mode
  ) -> Wrapped.State {
    let parts = zip(new.parts, old.parts).enumerated().map { part, pair in
      let (new, old) = pair
      guard case .training(let key) = mode else { return old * rate + new * (1 - rate) }
      var keeps = key.child(part).uniform(new.shape, from: 0, to: 1)
      keeps.withUnsafeMutableBufferPointer { keeps in
        for index in keeps.indices { keeps[index] = keeps[index] < rate ? 1 : 0 }
      }
      return Variable.select(keeps, old, new)
    }
    return Wrapped.State(parts: parts)
  }
}

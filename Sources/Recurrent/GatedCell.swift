import Tensors

/// What a gate lets through at one step, between 0 and 1.
public struct GateActivations: Sendable {
  /// The gate: "forget".
  public let name: String
  /// σ(…), [B, H].
  public let values: Tensor

  /// The activations of a gate.
  public init(_ name: String, _ values: Tensor) {
    self.name = name
    self.values = values
  }
}

/// A cell whose gates can be looked into, which shows how it remembers: units whose forget gate is
/// nearly always open keep something for long (Karpathy et al. 2015).
public protocol GatedCell: Cell {
  /// What the blocks of H rows in the cell's matrices are, in their order: "input", "forget", ….
  var blockNames: [String] { get }

  /// What the gates let through in the step from `state` with `input` [B, I], each [B, H]. The
  /// candidate, which is no gate, is left out.
  func gateActivations(_ input: Variable, _ state: State) -> [GateActivations]
}

/// The gates of whatever cell an ``AnyCell`` holds.
struct GateReader: Sendable {
  let blockNames: [String]
  let read: @Sendable (Variable, AnyCell.State) -> [GateActivations]

  /// nil for a cell that shows no gates.
  init?(_ cell: some Cell) {
    guard let gated = cell as? any GatedCell else { return nil }
    self.init(of: gated)
  }

  private init<Gated: GatedCell>(of cell: Gated) {
    blockNames = cell.blockNames
    read = { input, state in cell.gateActivations(input, Gated.State(parts: state.parts)) }
  }
}

extension AnyCell: GatedCell {
  /// Those of the cell; none if it is not a ``GatedCell``.
  public var blockNames: [String] { gateReader?.blockNames ?? [] }

  /// Those of the cell; none if it is not a ``GatedCell``.
  public func gateActivations(_ input: Variable, _ state: State) -> [GateActivations] {
    gateReader?.read(input, state) ?? []
  }
}

// The gates of a cell in training are read as if nothing of its state were dropped.

extension StateDropoutCell: GatedCell where Wrapped: GatedCell {
  var blockNames: [String] { cell.blockNames }
  func gateActivations(_ input: Variable, _ state: Wrapped.State) -> [GateActivations] {
    cell.gateActivations(input, state)
  }
}

extension ZoneoutCell: GatedCell where Wrapped: GatedCell {
  var blockNames: [String] { cell.blockNames }
  func gateActivations(_ input: Variable, _ state: Wrapped.State) -> [GateActivations] {
    cell.gateActivations(input, state)
  }
}

extension GateParameters {
  /// W_ih x + b_ih + W_hh h + b_hh, or with gains LN(W_ih x; γ_ih) + b_ih + LN(W_hh h; γ_hh) + b_hh.
  func sums(_ input: Tensor, _ h: Tensor, gains: (Parameter, Parameter)? = nil) -> Variable {
    let weights = variables(.prediction)
    guard let gains else { return sum(Variable(input), Variable(h), .prediction) }
    let (ofInput, ofState) = (gains.0.variable(.prediction), gains.1.variable(.prediction))
    let epsilon = NormalizedProduct.epsilon
    return Variable(input).linear(weights[0])
      .layerNorm(gain: ofInput, bias: weights[2], epsilon: epsilon)
      + Variable(h).linear(weights[1]).layerNorm(gain: ofState, bias: weights[3], epsilon: epsilon)
  }

  /// σ of those sums for the named blocks of H rows; unnamed ones are left out.
  func activations(
    _ names: [String?], _ input: Tensor, _ h: Tensor, gains: (Parameter, Parameter)? = nil
  ) -> [GateActivations] {
    zip(names, sums(input, h, gains: gains).split(into: names.count, axis: 1)).compactMap {
      name, sum in name.map { GateActivations($0, sum.sigmoid().value) }
    }
  }
}

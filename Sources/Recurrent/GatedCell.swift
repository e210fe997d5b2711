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

extension GateParameters {
  /// σ(W_ih x + b_ih + W_hh h + b_hh) for the named blocks of H rows; unnamed ones are left out.
  func activations(_ names: [String?], _ input: Tensor, _ h: Tensor) -> [GateActivations] {
    let weights = variables(.prediction)
    let sums =
      Variable(input).linear(weights[0], bias: weights[2])
      + Variable(h).linear(weights[1], bias: weights[3])
    return zip(names, sums.split(into: names.count, axis: 1)).compactMap { name, sum in
      name.map { GateActivations($0, sum.sigmoid().value) }
    }
  }
}

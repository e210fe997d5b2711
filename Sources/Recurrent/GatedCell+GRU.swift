import Tensors

extension GRUCell: GatedCell {
  public var blockNames: [String] { ["reset", "update", "candidate"] }

  /// r_t and z_t, the same in both forms. An open update gate keeps the state.
  public func gateActivations(_ input: Variable, _ state: HiddenState) -> [GateActivations] {
    gates.activations(["reset", "update", nil], input.value, state.h.value)
  }
}

extension NormalizedGRUCell: GatedCell {
  public var blockNames: [String] { ["reset", "update", "candidate"] }

  /// r_t and z_t.
  public func gateActivations(_ input: Variable, _ state: HiddenState) -> [GateActivations] {
    gates.activations(
      ["reset", "update", nil], input.value, state.h.value, gains: (norms[0], norms[1]))
  }
}

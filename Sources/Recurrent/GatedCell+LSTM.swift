import Tensors

extension LSTMCell: GatedCell {
  public var blockNames: [String] { ["input", "forget", "candidate", "output"] }

  /// i_t, f_t and o_t.
  public func gateActivations(_ input: Variable, _ state: MemoryState) -> [GateActivations] {
    gates.activations(["input", "forget", nil, "output"], input.value, state.h.value)
  }
}

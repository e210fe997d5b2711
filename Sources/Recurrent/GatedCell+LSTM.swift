import Tensors

extension LSTMCell: GatedCell {
  public var blockNames: [String] { ["input", "forget", "candidate", "output"] }

  /// i_t, f_t and o_t.
  public func gateActivations(_ input: Variable, _ state: MemoryState) -> [GateActivations] {
    gates.activations(["input", "forget", nil, "output"], input.value, state.h.value)
  }
}

extension LSTMVariantCell: GatedCell {
  public var blockNames: [String] {
    variant.isCoupled
      ? ["forget", "candidate", "output"] : ["input", "forget", "candidate", "output"]
  }

  /// i_t (unless it is 1 - f_t), f_t and o_t; see the cell for the equations.
  public func gateActivations(_ input: Variable, _ state: MemoryState) -> [GateActivations] {
    let names = blockNames
    let sums = Dictionary(
      uniqueKeysWithValues: zip(
        names,
        gates.sums(
          input.value, state.h.value,
          gains: variant.isNormalized ? (norms[0], norms[1]) : nil
        ).split(into: names.count, axis: 1)))
    let rows = peepholes.map { Variable($0.value).unstacked() }
    func gate(_ name: String, seeing c: Variable) -> GateActivations? {
      guard let sum = sums[name], let index = names.firstIndex(of: name) else { return nil }
      return GateActivations(name, (rows.map { sum + $0[index] * c } ?? sum).sigmoid().value)
    }
    // The output gate sees the memory that the step makes.
    let next = peepholes == nil ? state.c : step(input, state, mode: .prediction).c
    return [
      gate("input", seeing: state.c), gate("forget", seeing: state.c), gate("output", seeing: next),
    ].compactMap(\.self)
  }
}

extension GatedMemoryCell: GatedCell {
  public var blockNames: [String] { ["input", "forget", "candidate"] }

  /// i_t and f_t.
  public func gateActivations(_ input: Variable, _ state: MemoryState) -> [GateActivations] {
    gates.activations(["input", "forget", nil], input.value, state.h.value)
  }
}

extension RunLog {
  /// Appends a `gradient_flow` line: the norms of all layers and steps, the shares of gates that are
  /// nearly shut and open, and the spectra's ends. Does nothing unless the log is open.
  ///
  /// ```
  /// {"event":"gradient_flow","step":100,"epoch":1,"loss":2.1,
  ///  "layers":[{"gates":{"forget":[0.01,0.42],…},"norms":{"c":[…],"h":[…]}},…],
  ///  "matrices":[{"block":"forget","largest":1.2,"parameter":"rnn.weight_hh_l0",
  ///               "smallest":0.1,"spectral_radius":1.1},…],"seconds":12.5}
  /// ```
  public func append(_ flow: GradientFlow, _ spectrum: RecurrentSpectrum, step: Int, epoch: Int)
    throws
  {
    try append(
      "gradient_flow",
      [
        "step": .integer(step), "epoch": .integer(epoch), "loss": .number(flow.loss),
        "layers": .list(flow.layers.map(\.logValue)),
        "matrices": .list(spectrum.matrices.map(\.logValue)),
      ])
  }
}

extension GradientFlow.Layer {
  fileprivate var logValue: RunLog.Value {
    let norms = parts.map { ($0.name, RunLog.Value.list($0.norms.map { .number($0) })) }
    let gates = gates.map { gate in
      (gate.gate, RunLog.Value.list([.number(gate.shut), .number(gate.open)]))
    }
    return .members([
      "norms": .members(Dictionary(norms) { first, _ in first }),
      "gates": .members(Dictionary(gates) { first, _ in first }),
    ])
  }
}

extension RecurrentSpectrum.Matrix {
  fileprivate var logValue: RunLog.Value {
    .members([
      "parameter": .string(parameter), "block": .string(block), "largest": .number(largest),
      "smallest": .number(smallest), "spectral_radius": .number(spectralRadius ?? .nan),
    ])
  }
}

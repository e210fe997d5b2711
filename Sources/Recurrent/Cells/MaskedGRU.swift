import Tensors

/// A cell whose output is its memory too. What its products read can be masked, what it keeps must not
/// be: a memory that is multiplied by m/(1 - p) at every step grows or dies exponentially.
protocol InterpolatingCell {
  /// One step from plain operations whose products read `seen` in the place of h_{t-1}, and whose
  /// update gate keeps `kept`, each [B, H]. Equals the cell's step where both are h_{t-1}.
  func step(_ input: Variable, seeing seen: Variable, keeping kept: Variable, mode: Mode)
    -> Variable
}

extension GRUCell: InterpolatingCell {
  func step(_ input: Variable, seeing seen: Variable, keeping kept: Variable, mode: Mode)
    -> Variable
  {
    let weights = gates.variables(mode)
    let x = input.linear(weights[0], bias: weights[2]).split(into: 3, axis: 1)
    switch reset {
    case .afterProduct:
      let u = seen.linear(weights[1], bias: weights[3]).split(into: 3, axis: 1)
      return interpolate(x, u, keeping: kept)
    case .beforeProduct:
      let rows = zip(weights[1].split(into: 3), weights[3].split(into: 3)).map { ($0, $1) }
      let r = (x[0] + seen.linear(rows[0].0, bias: rows[0].1)).sigmoid()
      let z = (x[1] + seen.linear(rows[1].0, bias: rows[1].1)).sigmoid()
      let n = (x[2] + (r * seen).linear(rows[2].0, bias: rows[2].1)).tanh()
      return n - z * n + z * kept
    }
  }
}

extension NormalizedGRUCell: InterpolatingCell {
  func step(_ input: Variable, seeing seen: Variable, keeping kept: Variable, mode: Mode)
    -> Variable
  {
    let weights = gates.variables(mode)
    let (x, u) = (
      input.linear(weights[0]).layerNorm(
        gain: norms[0].variable(mode), bias: weights[2], epsilon: NormalizedProduct.epsilon),
      seen.linear(weights[1]).layerNorm(
        gain: norms[1].variable(mode), bias: weights[3], epsilon: NormalizedProduct.epsilon)
    )
    return interpolate(
      x.split(into: 3, axis: 1), u.split(into: 3, axis: 1), keeping: kept)
  }
}

/// h_t of a GRU that resets after the product, from its three sums of the input and of the state.
private func interpolate(
  _ x: [Variable], _ u: [Variable], keeping kept: Variable
) -> Variable {
  let z = (x[1] + u[1]).sigmoid()
  let n = (x[2] + (x[0] + u[0]).sigmoid() * u[2]).tanh()
  return n - z * n + z * kept
}

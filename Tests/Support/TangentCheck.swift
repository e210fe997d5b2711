import Tensors

/// Checks the tangents of `function` along random directions, of all its parameters at once and of
/// each alone, in two ways.
///
/// Against the backward pass by ⟨u, J·v⟩ = ⟨Jᵀ·u, v⟩, to 10⁻⁵ of ‖u‖·‖J·v‖: both sides are sums of
/// products of Floats, which agree to some 10⁻⁷ of that; a missing term is off by its share of J·v.
/// And element by element against central differences of fourth order (see `checkGradients`).
///
/// The graph is run backward twice, and must give the same both times.
///
/// - Throws: ``TangentMismatch``.
public func checkTangents(
  of parameters: [Parameter], step: Float = 0.02, tolerance: Double = 1e-4,
  _ function: () -> Variable
) throws(TangentMismatch) {
  let directions = parameters.enumerated().map { index, parameter in
    (parameter: parameter, tensor: Tensor.random(parameter.shape, seed: 0x7A00 + UInt64(index)))
  }
  let choices = [directions] + (parameters.count > 1 ? directions.map { [$0] } : [])
  for direction in choices {
    let output = function()
    let tangent = Variable.tangents(of: [output], along: direction)[0]
    guard tangent.shape == output.shape else {
      throw TangentMismatch("a tangent of shape \(tangent.shape) for a result \(output.shape)")
    }
    let seed = Tensor.randomAwayFromZero(output.shape, seed: 0x5EED)
    let names = direction.map(\.parameter.name).joined(separator: ", ")
    var products: [Double] = []
    for _ in 0..<2 {
      for parameter in parameters { parameter.clearGradient() }
      output.backward(seed: seed, keepsGraph: true)
      products.append(
        direction.reduce(0) { $0 + dot($1.parameter.denseGradient, $1.tensor) })
    }
    guard products[0] == products[1] else {
      throw TangentMismatch("a kept graph gave \(products[0]), then \(products[1])")
    }
    let forward = dot(seed, tangent)
    let scale = (dot(seed, seed) * dot(tangent, tangent)).squareRoot()
    // A NaN is off, too.
    guard (forward - products[0]).magnitude <= 1e-5 * scale + 1e-6 else {
      throw TangentMismatch(
        "along \(names), forward gives \(forward), backward \(products[0])")
    }
    let numeric = numericTangent(direction, step: step, function)
    let error = relativeError(tangent.scalars.map(Double.init), numeric)
    guard error <= tolerance else {
      throw TangentMismatch(
        "along \(names), the tangent is off by \(error) of its norm, more than \(tolerance)")
    }
  }
  for parameter in parameters { parameter.clearGradient() }
}

/// A tangent that does not agree with the backward pass or with central differences.
public struct TangentMismatch: Error, CustomStringConvertible {
  /// Along what, and how far off.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Σ a ⊙ b in double precision.
public func dot(_ a: Tensor, _ b: Tensor) -> Double {
  zip(a.scalars, b.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

private func numericTangent(
  _ direction: [(parameter: Parameter, tensor: Tensor)], step: Float, _ function: () -> Variable
) -> [Double] {
  let originals = direction.map(\.parameter.value)
  defer { for (part, value) in zip(direction, originals) { part.parameter.value = value } }
  func value(_ step: Float) -> [Double] {
    for (part, original) in zip(direction, originals) {
      part.parameter.value = Tensor(
        shape: original.shape,
        scalars: zip(original.scalars, part.tensor.scalars).map { $0 + step * $1 })
    }
    return function().value.scalars.map(Double.init)
  }
  func difference(_ step: Float) -> [Double] {
    zip(value(step), value(-step)).map { ($0 - $1) / (2 * Double(step)) }
  }
  return zip(difference(step), difference(2 * step)).map { (4 * $0 - $1) / 3 }
}

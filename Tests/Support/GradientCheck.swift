import Tensors

/// Checks the gradients of `function` in all elements of all `inputs` against central differences,
/// that they add to gradients which are there already, and the tangents (see `checkTangents`).
///
/// The output is projected on a fixed random direction r, s(x) = Σ r ⊙ f(x), summed in Double, and
/// the backward pass starts from r. The differences are of fourth order,
///
///     s′(x) ≈ (4·D(h) − D(2h)) / 3,   D(h) = (s(x+h) − s(x−h)) / 2h,
///
/// whose truncation error, 4h⁴/120·s⁗′, is a few millionths at h = 0.02; so the step can stay large
/// against the rounding of a Float (6·10⁻⁸ of the value, divided by 2h: some 3·10⁻⁶). The tolerance
/// of 10⁻⁴, relative to the norm of an input's gradient, leaves both some room. A wrong sign, factor
/// or missing term is off by 10⁻² and more.
///
/// - Parameters:
///   - inputs: any number of tensors of any shapes.
///   - step: h. Smaller where `function` curves strongly; `inputs` must keep 2h away from kinks.
///   - tolerance: the greatest ‖analytic − numeric‖ / ‖numeric‖ of an input.
///   - function: a deterministic function of the inputs.
/// - Throws: ``GradientMismatch`` or ``TangentMismatch``.
public func checkGradients(
  of inputs: [Tensor], step: Float = 0.02, tolerance: Double = 1e-4,
  _ function: ([Variable]) -> Variable
) throws {
  let parameters = inputs.enumerated().map { Parameter("input \($0)", $1) }
  let mode = Mode.training(RandomKey(seed: 0))
  try checkGradients(of: parameters, step: step, tolerance: tolerance) {
    function(parameters.map { $0.variable(mode) })
  }

  // The same gradients through nodes, each used twice: what flows into a node rather than into a
  // parameter, first as the only gradient, then on top of another one.
  let expected = parameters.map { $0.denseGradient }
  for parameter in parameters { parameter.clearGradient() }
  let nodes = parameters.map { identity($0.variable(mode)) }
  let (first, second) = (function(nodes), function(nodes))
  let seed = direction(first.shape)
  Variable.backward([(first, seed), (second, seed)])
  try expectTwice(expected, parameters, "through a node that is used twice")
}

/// Checks the gradients of `function` in all elements of all `parameters` that it uses, as
/// `checkGradients(of:)` does for its inputs. Gradients are left as one backward pass makes them.
///
/// - Throws: ``GradientMismatch`` or ``TangentMismatch``.
public func checkGradients(
  of parameters: [Parameter], step: Float = 0.02, tolerance: Double = 1e-4,
  _ function: () -> Variable
) throws {
  try checkTangents(of: parameters, step: step, tolerance: tolerance, function)

  for parameter in parameters { parameter.clearGradient() }
  let output = function()
  let seed = direction(output.shape)
  output.backward(seed: seed)
  let analytic = parameters.map(\.denseGradient)

  for (parameter, analytic) in zip(parameters, analytic) {
    let numeric = numericGradient(parameter, step: step) { projection(function(), on: seed) }
    let error = relativeError(analytic.scalars.map(Double.init), numeric)
    guard error <= tolerance else {
      throw GradientMismatch(parameter, analytic, numeric, error: error, tolerance: tolerance)
    }
  }

  function().backward(seed: seed)
  try expectTwice(analytic, parameters, "on top of an earlier gradient")
  for (parameter, gradient) in zip(parameters, analytic) {
    parameter.setGradient(.dense(gradient))
  }
}

/// A gradient that does not agree with central differences, or does not add up.
public struct GradientMismatch: Error, CustomStringConvertible {
  /// Which input, how far off, and the worst element.
  public let description: String

  init(
    _ parameter: Parameter, _ analytic: Tensor, _ numeric: [Double], error: Double,
    tolerance: Double
  ) {
    let analytic = analytic.scalars
    let worst = numeric.indices.max {
      abs(Double(analytic[$0]) - numeric[$0]) < abs(Double(analytic[$1]) - numeric[$1])
    }
    let element = worst.map {
      "; worst at element \($0): \(analytic[$0]), by differences \(numeric[$0])"
    }
    description =
      "the gradient of \(parameter.name) \(parameter.shape) is off by \(error) of its norm, more "
      + "than \(tolerance)" + (element ?? "")
  }

  init(_ parameter: Parameter, error: Double, _ situation: String) {
    description =
      "the gradient of \(parameter.name) \(parameter.shape) \(situation) is off by \(error) of "
      + "its norm"
  }
}

/// Two equal gradients must have been summed; they round differently only in their last bits.
private func expectTwice(
  _ expected: [Tensor], _ parameters: [Parameter], _ situation: String
) throws(GradientMismatch) {
  for (expected, parameter) in zip(expected, parameters) {
    let twice = expected.scalars.map { 2 * Double($0) }
    let error = relativeError(parameter.denseGradient.scalars.map(Double.init), twice)
    // A NaN is off, too.
    guard error <= 2e-6 else { throw GradientMismatch(parameter, error: error, situation) }
  }
}

/// ∂s/∂parameter by central differences of fourth order.
private func numericGradient(
  _ parameter: Parameter, step: Float, _ evaluate: () -> Double
) -> [Double] {
  let original = parameter.value
  defer { parameter.value = original }
  func difference(_ index: Int, _ step: Float) -> Double {
    let (low, high) = (original.shifted(index, by: -step), original.shifted(index, by: step))
    parameter.value = high
    let above = evaluate()
    parameter.value = low
    let below = evaluate()
    // The step that the rounding of x ± h left.
    return (above - below) / (Double(high.element(index)) - Double(low.element(index)))
  }
  return (0..<original.count).map { index in
    (4 * difference(index, step) - difference(index, 2 * step)) / 3
  }
}

private func projection(_ output: Variable, on direction: Tensor) -> Double {
  zip(output.value.scalars, direction.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

private func direction(_ shape: [Int]) -> Tensor {
  Tensor.randomAwayFromZero(shape, seed: 0x5EED)
}

private func identity(_ x: Variable) -> Variable {
  Variable.operation(from: [x], output: x.value) {
    $0.tangent()
  } backward: {
    $0.add($0.takeGradient(), toParent: 0)
  }
}

extension Tensor {
  fileprivate func element(_ index: Int) -> Float { withUnsafeBufferPointer { $0[index] } }

  fileprivate func shifted(_ index: Int, by step: Float) -> Tensor {
    var shifted = self
    shifted.withUnsafeMutableBufferPointer { $0[index] += step }
    return shifted
  }
}

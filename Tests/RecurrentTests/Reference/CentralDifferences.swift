/// ∂f/∂(each element of operand `name`) by central differences,
///
///     (f(x+h) − f(x−h)) / 2h,   h = 10⁻⁵,
///
/// whose truncation (h²/6·f‴) and rounding (10⁻¹⁶·f/h) are both some 10⁻¹¹.
func centralDifferences(
  of name: String, _ operands: [String: [Double]], _ function: ([String: [Double]]) -> Double
) -> [Double] {
  operands[name]!.indices.map { index in
    centralDifference(operands, function) { $0[name]![index] += $1 }
  }
}

/// The derivative of f along `direction` of operand `name`, by a central difference.
func centralDifference(
  along direction: [Double], of name: String, _ operands: [String: [Double]],
  _ function: ([String: [Double]]) -> Double
) -> Double {
  centralDifference(operands, function) { moved, step in
    for (index, component) in direction.enumerated() { moved[name]![index] += step * component }
  }
}

private func centralDifference(
  _ operands: [String: [Double]], _ function: ([String: [Double]]) -> Double,
  _ move: (inout [String: [Double]], Double) -> Void
) -> Double {
  let step = 1e-5
  func value(_ step: Double) -> Double {
    var moved = operands
    move(&moved, step)
    return function(moved)
  }
  return (value(step) - value(-step)) / (2 * step)
}

import Tensors

/// A search along a line for a step that satisfies the strong Wolfe conditions (Nocedal & Wright 2006,
/// algorithms 3.5 and 3.6).
///
/// ```
/// φ(α) = f(w + α d)
/// φ(α) ≤ φ(0) + c₁ α φ'(0)            enough of a decrease
/// |φ'(α)| ≤ c₂ |φ'(0)|                 enough of a flattening
/// ```
/// A step is lengthened until it is too long, then an interval that holds a good one is narrowed by
/// cubic interpolation. Losses that differ by less than a Float's rounding count as equal, and one
/// that is no number counts as too high.
struct WolfeSearch {
  var sufficientDecrease = 1e-4
  var curvature = 0.9
  var maximumEvaluations = 25

  /// A point on the line.
  struct Trial {
    /// α.
    var step: Double
    /// φ(α).
    var value: Double
    /// φ'(α).
    var slope: Double
    /// The parameters there.
    var parameters: [Tensor]
    /// The gradient there.
    var gradient: [Tensor]
  }

  /// The point found, or nil if none is lower than the start; and how many were looked at.
  ///
  /// - Parameters:
  ///   - start: where α is 0; the slope is negative.
  ///   - first: the first α to be looked at.
  func search(
    from start: Trial, first: Double, _ evaluate: (Double) throws -> Trial
  ) rethrows -> (found: Trial?, evaluations: Int) {
    var last = start
    var trial = try evaluate(first)
    for evaluations in 1...maximumEvaluations {
      if isTooHigh(trial, start) || (evaluations > 1 && trial.value >= last.value) {
        return try zoom(start, last, trial, evaluations, evaluate)
      }
      if isFlat(trial, start) { return (trial, evaluations) }
      if trial.slope >= 0 { return try zoom(start, trial, last, evaluations, evaluate) }
      guard evaluations < maximumEvaluations else { break }
      let guess = Self.minimum(last, trial) ?? .infinity
      let next = min(max(guess, 2 * trial.step), 10 * trial.step)
      last = trial
      trial = try evaluate(next)
    }
    return (trial, maximumEvaluations)
  }

  /// Narrows the interval between the best step so far and one beyond the minimum.
  private func zoom(
    _ start: Trial, _ low: Trial, _ high: Trial, _ evaluations: Int,
    _ evaluate: (Double) throws -> Trial
  ) rethrows -> (found: Trial?, evaluations: Int) {
    var (low, high, evaluations) = (low, high, evaluations)
    while evaluations < maximumEvaluations {
      let (left, right) = (min(low.step, high.step), max(low.step, high.step))
      // Floats tell no points apart that are nearer than this.
      guard right - left > 1e-9 * right else { break }
      let margin = (right - left) / 10
      let guess = Self.minimum(low, high) ?? (left + right) / 2
      let trial = try evaluate(min(max(guess, left + margin), right - margin))
      evaluations += 1
      if isTooHigh(trial, start) || trial.value >= low.value {
        high = trial
      } else {
        if isFlat(trial, start) { return (trial, evaluations) }
        if trial.slope * (high.step - low.step) >= 0 { high = low }
        low = trial
      }
    }
    return (low.step > 0 ? low : nil, evaluations)
  }

  private func isTooHigh(_ trial: Trial, _ start: Trial) -> Bool {
    let noise = 0x1p-24 * abs(start.value)
    let limit = start.value + sufficientDecrease * trial.step * start.slope + noise
    return !(trial.value <= limit) || !trial.slope.isFinite
  }

  private func isFlat(_ trial: Trial, _ start: Trial) -> Bool {
    abs(trial.slope) <= -curvature * start.slope
  }

  /// Where the cubic through both values and slopes has its minimum (Nocedal & Wright 2006, 3.59).
  private static func minimum(_ a: Trial, _ b: Trial) -> Double? {
    let mean = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
    let square = mean * mean - a.slope * b.slope
    guard square >= 0, square.isFinite else { return nil }
    let root = b.step > a.step ? square.squareRoot() : -square.squareRoot()
    let step =
      b.step - (b.step - a.step) * (b.slope + root - mean) / (b.slope - a.slope + 2 * root)
    return step.isFinite ? step : nil
  }
}

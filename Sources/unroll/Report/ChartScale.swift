import Foundation

/// Where values lie along an axis of a chart, and the round numbers to mark on it.
struct ChartScale {
  let low: Double
  let high: Double
  /// The pixels of `low` and `high`.
  let start: Double
  let end: Double
  /// Whether equal distances are equal ratios.
  let isLogarithmic: Bool

  init(low: Double, high: Double, start: Double, end: Double) {
    self.low = low
    // One value only is drawn at the start of an axis of length one.
    self.high = high > low ? high : low + 1
    self.start = start
    self.end = end
    isLogarithmic = false
  }

  /// An axis of powers of ten. Both ends are above 0.
  init(logarithmicLow low: Double, high: Double, start: Double, end: Double) {
    precondition(low > 0, "a logarithmic axis begins above 0, not at \(low)")
    self.low = low
    self.high = high > low ? high : low * 10
    self.start = start
    self.end = end
    isLogarithmic = true
  }

  /// The pixel of a value. On a logarithmic axis what is not above 0 lies at its start.
  func callAsFunction(_ value: Double) -> Double { start + share(value) * (end - start) }

  /// Where a value lies between the ends: 0 at `low`, 1 at `high`.
  func share(_ value: Double) -> Double {
    guard isLogarithmic else { return (value - low) / (high - low) }
    return value > 0 ? log(value / low) / log(high / low) : 0
  }

  /// About `count` round values between the ends: 1, 2 or 5 times a power of ten apart, or powers of
  /// ten on a logarithmic axis (with their 2 and 5 where there would be few).
  func ticks(_ count: Int) -> [Double] {
    isLogarithmic ? powers(count) : rounds(count)
  }

  private func rounds(_ count: Int) -> [Double] {
    let rough = (high - low) / Double(max(count, 1))
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
    var ticks: [Double] = []
    var index = (low / step - 1e-9).rounded(.up)
    while index * step <= high + step * 1e-9 {
      ticks.append(index * step)
      index += 1
    }
    return ticks
  }

  private func powers(_ count: Int) -> [Double] {
    let first = Int((log10(low) - 1e-9).rounded(.down))
    let last = Int((log10(high) + 1e-9).rounded(.down))
    let decades = log10(high / low)
    let factors: [Double] =
      if decades * 3 <= Double(count) + 1 { [1, 2, 5] } else { [1] }
    let stride = max(1, Int((decades / Double(max(count, 1))).rounded(.up)))
    let exponents = (first...max(first, last)).filter { $0 % stride == 0 }
    let ticks = exponents.flatMap { exponent in factors.map { $0 * pow(10, Double(exponent)) } }
    return ticks.filter { $0 >= low * (1 - 1e-9) && $0 <= high * (1 + 1e-9) }
  }
}

/// Where values lie along an axis of a chart, and the round numbers to mark on it.
struct ChartScale {
  let low: Double
  let high: Double
  /// The pixels of `low` and `high`.
  let start: Double
  let end: Double

  init(low: Double, high: Double, start: Double, end: Double) {
    self.low = low
    // One value only is drawn at the start of an axis of length one.
    self.high = high > low ? high : low + 1
    self.start = start
    self.end = end
  }

  /// The pixel of a value.
  func callAsFunction(_ value: Double) -> Double {
    start + (value - low) / (high - low) * (end - start)
  }

  /// About `count` round values between the ends: 1, 2 or 5 times a power of ten apart.
  func ticks(_ count: Int) -> [Double] {
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
}

/// Mean, least and greatest of some numbers.
struct Spread: Equatable {
  let mean: Double
  let low: Double
  let high: Double

  /// nil for no numbers.
  init?(_ values: [Double]) {
    guard let low = values.min(), let high = values.max() else { return nil }
    (self.low, self.high) = (low, high)
    mean = values.reduce(0, +) / Double(values.count)
  }

  /// "4.500 (4.000 to 5.000)"; the mean alone where all numbers are one.
  func text(_ number: (Double) -> String) -> String {
    low == high ? number(mean) : "\(number(mean)) (\(number(low)) to \(number(high)))"
  }
}

extension Array {
  /// Keeps about `count` elements, evenly spaced, and the last.
  mutating func thin(to count: Int) {
    guard self.count > count, let last else { return }
    let every = (self.count + count - 1) / count
    self =
      indices.filter { $0 % every == every - 1 && $0 < self.count - 1 }.map { self[$0] } + [last]
  }
}

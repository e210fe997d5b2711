import CKernels
import Tensors

/// Measures how many floating-point operations a second this machine's multiply-add units give, on
/// all threads at once: what a perfect matrix product would run at, at this moment.
struct PeakRate {
  private var samples: [Double] = []
  private let iterations: Int

  /// Finds out how many iterations take about 20 ms.
  init() {
    var iterations = 10_000
    while Self.run(iterations).seconds < 0.005 { iterations *= 2 }
    let seconds = Self.run(iterations).seconds
    self.iterations = max(1, Int(Double(iterations) * 0.02 / seconds))
  }

  /// Takes a sample. To be taken before, after and between what is compared with it, because other
  /// programs take their share of the machine as they please.
  mutating func sample() {
    let (operations, seconds) = Self.run(iterations)
    samples.append(operations / seconds)
  }

  /// Operations a second.
  var median: Double { middle(of: samples) }

  private static func run(_ iterations: Int) -> (operations: Double, seconds: Double) {
    let team = ThreadTeam.current
    var operations = [Double](repeating: 0, count: team.threadCount)
    let start = secondsNow()
    operations.withUnsafeMutableBufferPointer { operations in
      team.forEach(team.threadCount) { index in
        var sink: Float = 0
        operations[index] = unroll_peak_multiply_add(iterations, &sink)
      }
    }
    return (operations.reduce(0, +), secondsNow() - start)
  }
}

/// The median: the middle value, or the mean of the middle two of an even number of them.
func middle(of values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

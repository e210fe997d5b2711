import CKernels
import Synchronization
import Tensors

/// Measures how many floating-point operations a second this machine's multiply-add units give, on
/// all threads at once: what a perfect matrix product would run at, at this moment.
struct PeakRate {
  private var samples: [Double] = []
  private let iterations: Int

  /// - Parameter duration: seconds of a sample, about those of what is compared with it, so that
  ///   other programs disturb both alike.
  init(duration: Double) {
    var iterations = 10_000
    var seconds = 0.0
    while seconds < 0.002 {
      iterations *= 2
      let start = secondsNow()
      _ = Self.operations(of: iterations)
      seconds = secondsNow() - start
    }
    self.iterations = max(1, Int(Double(iterations) * duration / seconds))
  }

  /// Takes a sample. To be taken before, after and between what is compared with it, because other
  /// programs take their share of the machine as they please.
  mutating func sample() {
    let team = ThreadTeam.current
    let arrived = Atomic<Int>(0)
    var rates = [Double](repeating: 0, count: team.threadCount)
    rates.withUnsafeMutableBufferPointer { rates in
      team.forEach(team.threadCount) { index in
        // All at once, as in a product; but a thread that is late is not waited for long.
        arrived.add(1, ordering: .relaxed)
        let patience = secondsNow() + 0.005
        while arrived.load(ordering: .relaxed) < rates.count, secondsNow() < patience {}
        rates[index] = Self.ownRate(iterations)
      }
    }
    samples.append(rates.reduce(0, +))
  }

  /// Operations a second.
  var median: Double { middle(of: samples) }

  /// Operations a second of the calling thread.
  private static func ownRate(_ iterations: Int) -> Double {
    let start = secondsNow()
    let count = operations(of: iterations)
    return count / (secondsNow() - start)
  }

  private static func operations(of iterations: Int) -> Double {
    var sink: Float = 0
    return unroll_peak_multiply_add(iterations, &sink)
  }
}

/// The median: the middle value, or the mean of the middle two of an even number of them.
func middle(of values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

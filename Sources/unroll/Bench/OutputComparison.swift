import Models
import Recurrent

/// How fast a shape trains with several output layers, each beside the full softmax.
///
/// All read the same words, which follow Zipf's law: what an output of clusters or classes costs depends
/// on how frequent its targets are. A round measures them one after the other, the full softmax first, so
/// that a ratio is one of neighbours in time.
struct OutputComparison {
  /// What was found of one kind.
  struct Finding {
    let kind: OutputKind
    /// Tokens a second by round.
    var speeds: [Double] = []
    /// The same over the full softmax's of the round.
    var ratios: [Double] = []
  }

  /// Of the full softmax, and then of the others.
  private(set) var findings: [Finding]

  /// Measures each kind for about `seconds` in each round.
  init(_ shape: TrainShape, kinds: [OutputKind], rounds: Int, seconds: Double) throws {
    findings = ([.full] + kinds).map { Finding(kind: $0) }
    for _ in 0..<rounds {
      var base = 0.0
      for index in findings.indices {
        let measurement = try TrainMeasurement(
          shape, output: OutputConfiguration(standard: findings[index].kind), words: .zipf,
          seconds: seconds)
        let speed = measurement.tokensPerSecond
        if index == 0 { base = speed }
        findings[index].speeds.append(speed)
        findings[index].ratios.append(speed / base)
      }
    }
  }
}

extension OutputConfiguration {
  /// A kind with everything as it is unless told otherwise.
  fileprivate init(standard kind: OutputKind) {
    self =
      switch kind {
      case .full: .full
      case .sampled: .sampled()
      case .nce: .nce()
      case .adaptive: .adaptive()
      case .classFactored: .classFactored()
      }
  }
}

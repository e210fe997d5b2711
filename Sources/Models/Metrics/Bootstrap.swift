import Corpora

/// What a score would be on other texts of the kind (Efron 1979), and whether one system is better than
/// another there (paired, Koehn 2004): the sentences are drawn again and again, as many as there are, with
/// replacement, and each of these resamples is scored.
///
/// The same seed draws the same sentences on every machine, whatever the metric and the systems, as long as
/// there are equally many sentences: so all systems of a table are compared on the same resamples.
public struct Bootstrap: Sendable, Hashable {
  /// How many resamples are drawn.
  public var resamples: Int
  /// Picks the draws.
  public var seed: UInt64

  /// A thousand resamples, unless told otherwise.
  public init(resamples: Int = 1000, seed: UInt64 = 1) {
    precondition(resamples > 0, "\(resamples) resamples")
    (self.resamples, self.seed) = (resamples, seed)
  }

  /// The score of a system and how certain it is. There has to be a sentence.
  public func estimate<Metric: CorpusMetric>(
    of system: [Metric.Statistic], by metric: Metric
  ) -> BootstrapEstimate {
    var generator = SplitMix64(seed: seed)
    let scores = scores(of: [system], by: metric, using: &generator)
    return BootstrapEstimate(score: Self.score(of: metric.total(of: system), by: metric), scores[0])
  }

  /// Compares two systems by the statistics of the same sentences in the same order. There has to be one.
  public func compare<Metric: CorpusMetric>(
    _ first: [Metric.Statistic], with second: [Metric.Statistic], by metric: Metric
  ) -> BootstrapComparison {
    var generator = SplitMix64(seed: seed)
    return compare(first, with: second, by: metric, using: &generator)
  }

  func compare<Metric: CorpusMetric>(
    _ first: [Metric.Statistic], with second: [Metric.Statistic], by metric: Metric,
    using generator: inout some RandomNumberGenerator
  ) -> BootstrapComparison {
    let scores = scores(of: [first, second], by: metric, using: &generator)
    let whole = [first, second].map { Self.score(of: metric.total(of: $0), by: metric) }
    return BootstrapComparison(
      first: whole[0], second: whole[1], resampled: (scores[0], scores[1]),
      isHigherBetter: metric.isHigherBetter)
  }

  /// The scores of each system on each resample, the same for all systems.
  private func scores<Metric: CorpusMetric>(
    of systems: [[Metric.Statistic]], by metric: Metric,
    using generator: inout some RandomNumberGenerator
  ) -> [[Double]] {
    let width = metric.countsOfSentence
    let sentences = systems[0].count
    precondition(sentences > 0, "no sentences to draw from")
    // The counts of all systems stand side by side, so that a draw is one run of memory.
    var counts: [Int] = []
    counts.reserveCapacity(sentences * width * systems.count)
    for system in systems {
      precondition(
        system.count == sentences, "\(system.count) sentences of a system, not \(sentences)")
    }
    for sentence in 0..<sentences {
      for system in systems {
        let own = system[sentence].counts
        precondition(
          own.count == width, "\(own.count) counts of a sentence; the metric has \(width)")
        counts += own
      }
    }
    var scores: [[Double]] = Array(repeating: [], count: systems.count)
    for _ in 0..<resamples {
      let sums = Self.resample(counts, width: width * systems.count, using: &generator)
      for system in systems.indices {
        let sum = Metric.Statistic(counts: Array(sums[system * width..<(system + 1) * width]))
        scores[system].append(Self.score(of: sum, by: metric))
      }
    }
    return scores
  }

  /// An infinite score has no mean with others, and NaN no place among them.
  private static func score<Metric: CorpusMetric>(
    of statistic: Metric.Statistic, by metric: Metric
  ) -> Double {
    let score = metric.value(of: statistic)
    precondition(score.isFinite, "a score of \(score) for \(statistic.counts), expected a number")
    return score
  }

  /// The sums of as many rows of `counts` as there are, drawn with replacement.
  private static func resample(
    _ counts: [Int], width: Int, using generator: inout some RandomNumberGenerator
  ) -> [Int] {
    let rows = counts.count / width
    var sums = Array(repeating: 0, count: width)
    counts.withUnsafeBufferPointer { counts in
      sums.withUnsafeMutableBufferPointer { sums in
        for _ in 0..<rows {
          let start = Int(generator.below(UInt64(rows))) * width
          let row = UnsafeBufferPointer(rebasing: counts[start..<start + width])
          // Checks for overflow would keep these from being added several at once.
          for column in 0..<width { sums[column] &+= row[column] }
        }
      }
    }
    return sums
  }
}

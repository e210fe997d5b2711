import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Draws samples of a vocabulary, the tokens that a batch is trained against.
///
/// ```
/// π(w) = min(1, κ Q(w)),   κ such that Σ π(w) = S
/// ```
/// Each token is in the sample with probability π(w), whether or not another one is (Poisson sampling,
/// Hájek 1964): the expected number of times that it is drawn is π(w), which is what logits are corrected
/// by. A token is in it once at most, the S tokens or more that the proposal Q would draw again and
/// again always, and a sample of all V tokens is the vocabulary.
struct CandidateSampler: Sendable {
  /// A token is drawn if a random word of 32 bits is at most this.
  private let lastWords: [UInt32]
  /// ln π of each token.
  let logProbabilities: [Float]

  /// - Parameters:
  ///   - counts: of each token in the text.
  ///   - samples: S, the expected size of a sample; V or more for all tokens.
  init(counts: [Int], samples: Int, _ proposal: Proposal) {
    let weights = Self.weights(counts, proposal)
    let factor = Self.factor(weights, samples: samples)
    // Rounded to what the random words can tell apart, and never 0.
    let words = weights.map { min(max((factor * $0 * 0x1p32).rounded(), 1), 0x1p32) }
    lastWords = words.map { UInt32($0 - 1) }
    logProbabilities = words.map { Float(log($0 * 0x1p-32)) }
  }

  /// The tokens of one sample, in rising order.
  func draw(_ key: RandomKey) -> [Int32] {
    let words = key.words(lastWords.count)
    var drawn: [Int32] = []
    words.withUnsafeBufferPointer { words in
      lastWords.withUnsafeBufferPointer { lastWords in
        for token in words.indices where words[token] <= lastWords[token] {
          drawn.append(Int32(token))
        }
      }
    }
    return drawn
  }

  /// Q of each token, but for a factor.
  private static func weights(_ counts: [Int], _ proposal: Proposal) -> [Double] {
    switch proposal {
    case .logUniform:
      FrequencyRanks(counts: counts).ranks.map { log1p(1 / (Double($0) + 1)) }
    case .unigram(let power): counts.map { pow(Double(max($0, 1)), power) }
    }
  }

  /// κ: with m tokens certain, (S - m) / Σ Q over the others, for the least m that leaves no π above 1.
  private static func factor(_ weights: [Double], samples: Int) -> Double {
    guard samples < weights.count else { return .infinity }
    let falling = weights.sorted(by: >)
    var rest = falling.reduce(0, +)
    for (certain, weight) in falling.prefix(samples).enumerated() {
      let factor = Double(samples - certain) / rest
      if factor * weight <= 1 { return factor }
      rest -= weight
    }
    // The rounding of the sums: everything that is left is about as likely.
    return 1 / falling[samples]
  }
}

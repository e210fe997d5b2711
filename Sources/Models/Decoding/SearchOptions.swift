#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// By how much a long target is forgiven its many factors below one.
public enum LengthPenalty: Sendable, Hashable {
  /// Divides ln p by nᵅ, n being the tokens with `</s>`: with α = 0 by nothing, with α = 1 by the length.
  case power(Double)
  /// Divides ln p by ((5 + n) / 6)ᵅ (Wu et al. 2016).
  case google(Double)

  /// What ln p of n tokens is divided by.
  func divisor(_ count: Int) -> Double {
    switch self {
    case .power(let alpha): pow(Double(max(count, 1)), alpha)
    case .google(let alpha): pow((5 + Double(count)) / 6, alpha)
    }
  }
}

/// How the models of an ensemble become one.
public enum EnsembleMean: String, Sendable, Codable, CaseIterable {
  /// p = Σ_m w_m p_m / Σ_m w_m, which is a distribution (the consensus of the models).
  case probabilities
  /// ln p = Σ_m w_m ln p_m / Σ_m w_m, which is none, for it is not normalised: a token that one of them excludes
  /// is excluded.
  case logProbabilities = "log-probabilities"
}

/// How targets are searched for.
public struct SearchOptions: Sendable, Hashable {
  /// K, the hypotheses that are kept at each step; 1 takes the likeliest token, step by step.
  public var beamSize: Int
  /// The targets that are given of each source, the best first.
  public var best: Int
  /// What ln p is divided by.
  public var lengthPenalty: LengthPenalty
  /// β: adds β·Σ_s ln min(1, Σ_t α_ts) to the score, less the less of the source was attended to (Wu et al.
  /// 2016). For models that attend.
  public var coveragePenalty: Double
  /// The least number of tokens, `</s>` not counted; fewer where a blocked n-gram leaves nothing else to say.
  public var minimumLength: Int
  /// The most tokens, `</s>` not counted, beside those of a longer prefix; nil for twice those of the source and
  /// twenty.
  public var maximumLength: Int?
  /// No sequence of so many tokens occurs twice in a target (Paulus et al. 2018); nil to allow it.
  public var blockedNGram: Int?
  /// The groups that the beam is divided into, each kept off the tokens that those before it choose at the
  /// same step (Vijayakumar et al. 2018).
  public var groups: Int
  /// What ln p of a token is lowered by for each hypothesis of an earlier group that has chosen it.
  public var diversity: Double
  /// Whether `<unk>` may be said.
  public var allowsUnknown: Bool
  /// How models become one.
  public var mean: EnsembleMean

  /// Options; ``fault`` says what is wrong with them.
  public init(
    beamSize: Int = 5, best: Int = 1, lengthPenalty: LengthPenalty = .power(1),
    coveragePenalty: Double = 0, minimumLength: Int = 0, maximumLength: Int? = nil,
    blockedNGram: Int? = nil, groups: Int = 1, diversity: Double = 0.5,
    allowsUnknown: Bool = true, mean: EnsembleMean = .probabilities
  ) {
    self.beamSize = beamSize
    self.best = best
    self.lengthPenalty = lengthPenalty
    self.coveragePenalty = coveragePenalty
    self.minimumLength = minimumLength
    self.maximumLength = maximumLength
    self.blockedNGram = blockedNGram
    self.groups = groups
    self.diversity = diversity
    self.allowsUnknown = allowsUnknown
    self.mean = mean
  }

  /// The likeliest token, step by step.
  public static let greedy = SearchOptions(beamSize: 1)

  /// What is wrong with them for a search, in words; nil if nothing is.
  public var fault: String? {
    if !(1...Self.most).contains(beamSize) {
      return "a beam has 1 to \(Self.most) hypotheses, not \(beamSize)"
    }
    if !(1...beamSize).contains(best) {
      return "a beam of \(beamSize) has 1 to \(beamSize) best hypotheses, not \(best)"
    }
    if groups < 1 || beamSize % groups != 0 {
      return "a beam of \(beamSize) cannot be divided into \(groups) equal groups"
    }
    if !(diversity >= 0 && diversity.isFinite) {
      return "a diversity is at least 0, not \(diversity)"
    }
    if !(coveragePenalty >= 0 && coveragePenalty.isFinite) {
      return "a coverage penalty is at least 0, not \(coveragePenalty)"
    }
    return commonFault
  }

  /// What is wrong with them for targets that are drawn: there is no beam then, nor groups of it, and nothing
  /// is chosen by its score. nil if nothing is.
  public var samplingFault: String? {
    if !(1...Self.most).contains(best) {
      return "1 to \(Self.most) targets of a source are drawn, not \(best)"
    }
    if groups != 1 || coveragePenalty != 0 {
      return "what is drawn is not divided into groups and has no coverage penalty"
    }
    return commonFault
  }

  /// The most hypotheses of a source.
  private static let most = 10_000
  /// The most tokens that may be asked for.
  private static let longest = 1_000_000

  private var commonFault: String? {
    let alpha =
      switch lengthPenalty {
      case .power(let alpha), .google(let alpha): alpha
      }
    if !(alpha >= 0 && alpha.isFinite) { return "a length penalty is at least 0, not \(alpha)" }
    if !(0...Self.longest).contains(minimumLength) {
      return "a least length is 0 to \(Self.longest), not \(minimumLength)"
    }
    if let maximumLength, !(minimumLength...Self.longest).contains(maximumLength) {
      return "a greatest length is at least the least one, \(minimumLength), and at most "
        + "\(Self.longest), not \(maximumLength)"
    }
    if let blockedNGram, blockedNGram < 1 {
      return "an n-gram that may not occur again has at least 1 token, not \(blockedNGram)"
    }
    return nil
  }
}

/// A target that a search has found.
public struct Hypothesis: Sendable, Equatable {
  /// The tokens, without `</s>`.
  public var tokens: [Int32]
  /// ln p of each token, and of `</s>` at the end.
  public var tokenLogProbabilities: [Float]
  /// What it was chosen by: ln p divided by the length penalty, with the coverage penalty.
  public var score: Double
  /// What each token, and `</s>`, attended to: a weight for each token of the source, and for its
  /// `</s>`, in the order of the source. Empty where nothing was attended to, or where it was not asked for.
  public var attention: [[Float]]

  /// ln p of the whole.
  public var logProbability: Double { tokenLogProbabilities.reduce(0) { $0 + Double($1) } }

  /// A target.
  public init(
    tokens: [Int32], tokenLogProbabilities: [Float], score: Double, attention: [[Float]] = []
  ) {
    self.tokens = tokens
    self.tokenLogProbabilities = tokenLogProbabilities
    self.score = score
    self.attention = attention
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An n-gram language model: what a recurrent one must beat.
///
/// Order 1 is the unigram with add-δ smoothing,
///
/// ```
/// P(w) = (c(w) + δ) / (N + δ·V)
/// ```
///
/// and order n ≥ 2 is interpolated modified Kneser-Ney (Chen and Goodman 1999). With h the last n-1
/// tokens, h' the same without the first,
///
/// ```
/// P(w | h) = (c(h w) - D(c(h w))) / Σ_v c(h v)  +  γ(h) · P(w | h')
/// γ(h)     = (D₁·N₁(h) + D₂·N₂(h) + D₃·N₃₊(h)) / Σ_v c(h v)
/// ```
///
/// where c counts at the highest order, and below it the *different* tokens before the sequence;
/// N₁, N₂ and N₃₊ are the numbers of continuations of h with count 1, 2, and 3 or more; the last
/// resort below the unigram is the uniform 1/V. A context that the text lacks leaves everything to
/// h'. Probabilities over all V tokens add up to 1 in any context.
public struct NGramModel: Sendable {
  /// n: how many tokens, the predicted one included, are looked at.
  public let order: Int
  /// V, the number of tokens that share the probability.
  public let vocabularySize: Int

  /// The sequences of length 1 up to n.
  private var levels: [NGramLevel] = []
  /// For each level, D₁, D₂ and D₃.
  private var discounts: [[Double]] = []
  /// For each level and sequence, its count.
  private var counts: [[Int32]] = []
  /// For each level and each context in the level above, Σ_v c(h v).
  private var totals: [[Double]] = []
  /// For each level and each context in the level above, γ(h).
  private var backoffs: [[Double]] = []
  private let delta: Double

  /// Counts the sequences of `ids`, all of which must lie in 0 ..< `vocabularySize`. Takes O(n ·
  /// ids).
  ///
  /// `delta` is the δ of order 1; the higher orders do without it.
  public init(order: Int, vocabularySize: Int, training ids: [Int32], delta: Double = 1) {
    precondition(order >= 1, "an n-gram model of order \(order), expected 1 or more")
    precondition(vocabularySize >= 1, "a vocabulary of \(vocabularySize) tokens")
    precondition(delta > 0, "δ = \(delta), expected more than 0")
    self.order = order
    self.vocabularySize = vocabularySize
    self.delta = delta
    count(ids)
    for level in levels.indices { smooth(level) }
  }

  /// ln P(token | context), of which the last n - 1 tokens matter; a shorter context is taken as it
  /// is.
  public func logProbability(of token: Int32, context: some BidirectionalCollection<Int32>)
    -> Double
  {
    let recent = Array(context.suffix(order - 1))
    var contexts: [Int32?] = [Self.root]
    for length in stride(from: 1, through: recent.count, by: 1) {
      var node: Int32? = Self.root
      for (level, token) in recent.suffix(length).enumerated() {
        node = node.flatMap { levels[level].number(prefix: $0, token: token) }
      }
      contexts.append(node)
    }
    return logProbability(of: token, contexts: contexts)
  }

  /// -1/n Σ ln P(idᵢ | what came before) over all n `ids`, in nats a token; `history` precedes the
  /// first of them.
  public func crossEntropy(of ids: [Int32], history: [Int32] = []) -> Double {
    precondition(!ids.isEmpty, "the cross-entropy of no tokens")
    // contexts[k] is the sequence of the last k tokens, as far as there are k and the text has
    // them.
    var contexts: [Int32?] = [Self.root]
    for token in history { advance(&contexts, by: token) }
    var sum = 0.0
    for token in ids {
      sum += logProbability(of: token, contexts: contexts)
      advance(&contexts, by: token)
    }
    return -sum / Double(ids.count)
  }

  /// The empty sequence, in the level above the first.
  private static let root: Int32 = 0

  /// Prefix numbers start at 0 in every level; only the root has no level of its own.
  private mutating func count(_ ids: [Int32]) {
    levels = .init(repeating: NGramLevel(), count: order)
    counts = .init(repeating: [], count: order)
    // nodes[k] is the sequence of the last k + 1 tokens.
    var nodes: [Int32] = []
    for token in ids {
      precondition(
        0..<Int32(clamping: vocabularySize) ~= token,
        "id \(token) in a vocabulary of \(vocabularySize) tokens")
      var longer: [Int32] = []
      longer.reserveCapacity(order)
      for level in 0..<min(order, nodes.count + 1) {
        let prefix = level == 0 ? Self.root : nodes[level - 1]
        let (node, isNew) = levels[level].insert(prefix: prefix, token: token)
        if isNew { counts[level].append(0) }
        if level == order - 1 { counts[level][Int(node)] += 1 }
        // A new sequence is a new token in front of the one that lacks its first token.
        if isNew, level > 0 { counts[level - 1][Int(longer[level - 1])] += 1 }
        longer.append(node)
      }
      nodes = longer
    }
  }

  /// Discounts of one level, and the sums over the continuations of each context.
  private mutating func smooth(_ level: Int) {
    let contextCount = level == 0 ? 1 : levels[level - 1].count
    var totals = [Double](repeating: 0, count: contextCount)
    var backoffs = [Double](repeating: 0, count: contextCount)
    var countsOfCounts = [Double](repeating: 0, count: 5)
    for count in counts[level] { countsOfCounts[min(4, Int(count))] += 1 }
    let discounts = Self.discounts(
      once: countsOfCounts[1], twice: countsOfCounts[2], thrice: countsOfCounts[3],
      fourTimes: countsOfCounts[4])
    // The sequence at the start of the text may have nothing in front of it, and then counts 0
    // below the top.
    for (number, count) in counts[level].enumerated() where count > 0 {
      let context = Int(levels[level].prefixes[number])
      totals[context] += Double(count)
      backoffs[context] += discounts[min(3, Int(count)) - 1]
    }
    for context in totals.indices where totals[context] > 0 {
      backoffs[context] /= totals[context]
    }
    self.totals.append(totals)
    self.backoffs.append(backoffs)
    self.discounts.append(discounts)
  }

  /// D₁, D₂ and D₃ from the numbers of sequences that occur once, twice, three and four times (Chen
  /// and Goodman 1999, equation 26): `Y = n₁ / (n₁ + 2n₂)`, `Dᵢ = i - (i + 1)·Y·nᵢ₊₁ / nᵢ`.
  ///
  /// Small alphabets leave some of these numbers at 0 and the estimates anywhere; then each is kept
  /// where it still takes something from every count and leaves no count negative.
  private static func discounts(
    once: Double, twice: Double, thrice: Double, fourTimes: Double
  ) -> [Double] {
    let numbers = [once, twice, thrice, fourTimes]
    let common = once > 0 ? once / (once + 2 * twice) : 0.5
    return (1...3).map { count in
      let (here, next) = (numbers[count - 1], numbers[count])
      let discount =
        here > 0 ? Double(count) - Double(count + 1) * common * next / here : common
      return min(max(discount, 0.1), Double(count))
    }
  }

  private func advance(_ contexts: inout [Int32?], by token: Int32) {
    var longer: [Int32?] = [Self.root]
    longer.reserveCapacity(order)
    for length in 0..<min(contexts.count, order - 1) {
      longer.append(
        contexts[length].flatMap { levels[length].number(prefix: $0, token: token) })
    }
    contexts = longer
  }

  /// `contexts[k]` is the sequence of the last k tokens, nil where the text has none.
  private func logProbability(of token: Int32, contexts: [Int32?]) -> Double {
    precondition(
      0..<Int32(clamping: vocabularySize) ~= token,
      "id \(token) in a vocabulary of \(vocabularySize) tokens")
    guard order > 1 else {
      let count = levels[0].number(prefix: Self.root, token: token).map { counts[0][Int($0)] } ?? 0
      return log((Double(count) + delta) / (totals[0][0] + delta * Double(vocabularySize)))
    }
    var probability = 1 / Double(vocabularySize)
    for (level, context) in contexts.enumerated() {
      guard let context, totals[level][Int(context)] > 0 else { continue }
      let total = totals[level][Int(context)]
      var kept = 0.0
      if let number = levels[level].number(prefix: context, token: token) {
        let count = counts[level][Int(number)]
        if count > 0 { kept = Double(count) - discounts[level][min(3, Int(count)) - 1] }
      }
      probability = kept / total + backoffs[level][Int(context)] * probability
    }
    return log(probability)
  }
}

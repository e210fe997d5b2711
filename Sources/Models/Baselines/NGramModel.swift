#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An n-gram language model over token ids: what a recurrent one must beat.
///
/// It looks at the last n - 1 tokens and falls back on fewer where it does not know them (Katz 1987).
/// With h the context and h' the same without its first token,
///
/// ```
/// P(w | h) = P*(w | h)            if hw is an n-gram of the model
///          = γ(h) · P(w | h')     if only h is
///          = P(w | h')            otherwise
/// ```
///
/// where P* and γ are stored, as an ARPA file has them. Every token is a 1-gram. Trained from text,
/// it is interpolated modified Kneser-Ney, whose P* contains the lower orders already
/// (``init(order:vocabularySize:sequences:start:)``).
public struct NGramModel: Sendable {
  /// n: how many tokens, the predicted one included, are looked at.
  public var order: Int { logProbabilities.count }
  /// V, the number of tokens.
  public var vocabularySize: Int { logProbabilities[0].count }
  /// How many n-grams there are of each length 1 ... n.
  public var ngramCounts: [Int] { logProbabilities.map(\.count) }

  /// The n-grams of lengths 2 ... n. Of length 1 there is one for each token, with its number.
  let levels: [NGramLevel]
  /// ln P* of each n-gram, by length from 1 on.
  let logProbabilities: [[Double]]
  /// ln γ of each n-gram as a context, by length from 1 to n - 1.
  let logBackoffs: [[Double]]

  init(levels: [NGramLevel], logProbabilities: [[Double]], logBackoffs: [[Double]]) {
    precondition(
      logProbabilities.count == levels.count + 1 && logBackoffs.count == levels.count,
      "\(logProbabilities.count) lengths with probabilities, \(logBackoffs.count) with backoffs")
    self.levels = levels
    self.logProbabilities = logProbabilities
    self.logBackoffs = logBackoffs
  }

  /// ln P(token | context), of which the last n - 1 tokens matter; a shorter context is taken as it
  /// is.
  public func logProbability(of token: Int32, context: some BidirectionalCollection<Int32>)
    -> Double
  {
    var known = Context()
    for token in context.suffix(order - 1) { _ = read(token, &known) }
    return read(token, &known)
  }

  /// ln P(idᵢ | what came before) for each of `ids`; `history` precedes the first of them.
  public func logProbabilities(of ids: [Int32], history: [Int32] = []) -> [Double] {
    var known = Context()
    for token in history.suffix(order - 1) { _ = read(token, &known) }
    return ids.map { read($0, &known) }
  }

  /// -1/n Σ ln P(idᵢ | what came before) over all n `ids`, in nats a token; `history` precedes the
  /// first of them.
  public func crossEntropy(of ids: [Int32], history: [Int32] = []) -> Double {
    precondition(!ids.isEmpty, "the cross-entropy of no tokens")
    return -logProbabilities(of: ids, history: history).reduce(0, +) / Double(ids.count)
  }

  /// The last tokens, as far as they are looked at.
  private struct Context {
    /// The number of the n-gram of the last k + 1 tokens; -1 where there is none.
    var numbers: [Int32] = []
  }

  /// ln P(token | context), and puts the token behind the context.
  private func read(_ token: Int32, _ context: inout Context) -> Double {
    precondition(
      0..<Int32(clamping: vocabularySize) ~= token,
      "id \(token) in a vocabulary of \(vocabularySize) tokens")
    var backoff = 0.0
    var logProbability: Double?
    let longest = context.numbers.count
    if longest < order - 1 { context.numbers.append(-1) }
    // From the longest context down, so that what a length needs of the one below is still there.
    for length in stride(from: longest, to: 0, by: -1) {
      let prefix = context.numbers[length - 1]
      let number = prefix < 0 ? nil : levels[length - 1].number(prefix: prefix, token: token)
      if logProbability == nil {
        if let number {
          logProbability = logProbabilities[length][Int(number)]
        } else if prefix >= 0 {
          backoff += logBackoffs[length - 1][Int(prefix)]
        }
      }
      if length < order - 1 { context.numbers[length] = number ?? -1 }
    }
    if order > 1 { context.numbers[0] = token }
    return backoff + (logProbability ?? logProbabilities[0][Int(token)])
  }
}

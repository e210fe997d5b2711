#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Interpolated modified Kneser-Ney smoothing (Kneser and Ney 1995; Chen and Goodman 1999).
///
/// With h a context and h' the same without its first token,
///
/// ```
/// P(w | h) = (c(hw) - D(c(hw))) / Σ_v c(hv)  +  γ(h) · P(w | h')
/// γ(h)     = (D₁·N₁(h) + D₂·N₂(h) + D₃·N₃₊(h)) / Σ_v c(hv)
/// ```
///
/// where c counts occurrences for the n-grams of the highest order and for those that begin with
/// `<s>`, before which nothing can stand; for all others the *different* tokens that occur before
/// them. N₁, N₂ and N₃₊ are the numbers of continuations of h with count 1, 2, and 3 or more. Below
/// the 1-grams stands the uniform distribution over all tokens that are ever predicted, so that
/// every one of them, `<unk>` too, has a probability, and in every context they add up to 1.
extension NGramModel {
  /// What stands before the first token of a sequence.
  public enum Start: Sendable {
    /// Nothing: the first token is predicted from no context.
    case nothing
    /// A token like others, such as the end of a line.
    case token(Int32)
    /// `<s>`, which stands nowhere else and is never predicted: its probability is 0.
    case mark(Int32)
  }

  /// Learns from one sequence that starts with nothing; see
  /// ``init(order:vocabularySize:sequences:start:)``.
  public init(order: Int, vocabularySize: Int, training ids: [Int32]) {
    self.init(
      order: order, vocabularySize: vocabularySize, sequences: CollectionOfOne(ids),
      start: .nothing)
  }

  /// Learns from `sequences`, whose tokens must all lie in 0 ..< `vocabularySize`, each after
  /// `start`. Takes O(n · tokens) time and memory.
  public init(
    order: Int, vocabularySize: Int, sequences: some Sequence<[Int32]>, start: Start
  ) {
    precondition(order >= 1, "an n-gram model of order \(order), expected 1 or more")
    precondition(vocabularySize >= 1, "a vocabulary of \(vocabularySize) tokens")
    var counts = NGramCounts(order: order, vocabularySize: vocabularySize)
    for sequence in sequences { counts.add(sequence, start: start) }
    self.init(counts, start: start)
  }

  private init(_ counts: NGramCounts, start: Start) {
    let vocabularySize = counts.counts[0].count
    var mark: Int?
    if case .mark(let id) = start { mark = Int(id) }
    let predicted = vocabularySize - (mark == nil ? 0 : 1)
    precondition(predicted > 0, "a vocabulary of <s> alone")

    // What each n-gram of a level falls back on, P(w | h').
    var lower = [Double](repeating: 1 / Double(predicted), count: vocabularySize)
    if let mark { lower[mark] = 0 }
    var (logProbabilities, logBackoffs): ([[Double]], [[Double]]) = ([], [])
    for length in 1...counts.counts.count {
      let level = length == 1 ? nil : counts.levels[length - 2]
      let smoothed = SmoothedLevel(
        counts.counts[length - 1], contexts: length == 1 ? 1 : counts.counts[length - 2].count,
        lower: lower
      ) { number in level.map { Int($0.prefix(number)) } ?? 0 }
      logProbabilities.append(smoothed.probabilities.map { log($0) })
      if length > 1 { logBackoffs.append(smoothed.backoffs.map { log($0) }) }
      if length < counts.counts.count {
        lower = counts.suffixes[length - 1].map { smoothed.probabilities[Int($0)] }
      }
    }
    self.init(
      levels: counts.levels, logProbabilities: logProbabilities, logBackoffs: logBackoffs)
  }
}

/// The n-grams of a text and their counts as Kneser and Ney count.
private struct NGramCounts {
  /// The n-grams of lengths 2 ... n.
  private(set) var levels: [NGramLevel]
  /// c of each n-gram, by length from 1 on.
  private(set) var counts: [[Int32]]
  /// The number of each n-gram without its first token, by length from 2 on.
  private(set) var suffixes: [[Int32]]

  private let order: Int

  init(order: Int, vocabularySize: Int) {
    self.order = order
    levels = .init(repeating: NGramLevel(), count: order - 1)
    suffixes = .init(repeating: [], count: order - 1)
    counts = .init(repeating: [], count: order)
    counts[0] = .init(repeating: 0, count: vocabularySize)
  }

  mutating func add(_ sequence: [Int32], start: NGramModel.Start) {
    // `before[k]` is the n-gram of the last k + 1 tokens.
    var before: [Int32]
    var startIsMark = false
    switch start {
    case .nothing: before = []
    case .token(let id): before = [id]
    case .mark(let id): (before, startIsMark) = ([id], true)
    }
    if order == 1 { before = [] }
    let tokens = Int32(clamping: counts[0].count)
    for id in before + sequence {
      precondition(0..<tokens ~= id, "id \(id) in a vocabulary of \(tokens) tokens")
    }
    var now: [Int32] = []
    for (place, token) in sequence.enumerated() {
      now.removeAll(keepingCapacity: true)
      now.append(token)
      if order == 1 { counts[0][Int(token)] += 1 }
      for length in stride(from: 2, through: before.count + 1, by: 1) {
        let (number, isNew) = levels[length - 2].insert(prefix: before[length - 2], token: token)
        if isNew {
          counts[length - 1].append(0)
          suffixes[length - 2].append(now[length - 2])
          // It brings a new token before what it is without its first.
          counts[length - 2][Int(now[length - 2])] += 1
        }
        let beginsWithMark = startIsMark && length == place + 2
        if length == order || beginsWithMark { counts[length - 1][Int(number)] += 1 }
        now.append(number)
      }
      if now.count == order { now.removeLast() }
      swap(&before, &now)
    }
  }
}

/// The probabilities of the n-grams of one length, and what their contexts leave to shorter ones.
private struct SmoothedLevel {
  /// P(w | h) of each n-gram hw.
  private(set) var probabilities: [Double]
  /// γ of each context; 1 for one that nothing is known to follow.
  private(set) var backoffs: [Double]

  /// - Parameters:
  ///   - contexts: the number of n-grams one token shorter.
  ///   - lower: P(w | h') of each n-gram hw.
  ///   - context: the number of the context of an n-gram.
  init(_ counts: [Int32], contexts: Int, lower: [Double], context: (Int) -> Int) {
    let discounts = KneserNeyDiscounts(counts)
    var totals = [Double](repeating: 0, count: contexts)
    backoffs = .init(repeating: 0, count: contexts)
    // The first tokens of a text have nothing before them and may so count 0 below the top.
    for (number, count) in counts.enumerated() where count > 0 {
      totals[context(number)] += Double(count)
      backoffs[context(number)] += discounts[count]
    }
    for context in 0..<contexts {
      backoffs[context] = totals[context] > 0 ? backoffs[context] / totals[context] : 1
    }
    probabilities = lower
    for (number, count) in counts.enumerated() {
      let context = context(number)
      probabilities[number] *= backoffs[context]
      if count > 0 {
        probabilities[number] += (Double(count) - discounts[count]) / totals[context]
      }
    }
  }
}

/// What is taken off the counts of one length: D₁, D₂, and D₃ of every count from 3 on.
///
/// From the numbers n₁, n₂, n₃, n₄ of n-grams that count 1, 2, 3 and 4 (Chen and Goodman 1999,
/// equation 26):
///
/// ```
/// Y = n₁ / (n₁ + 2·n₂)        Dᵢ = i - (i + 1)·Y·nᵢ₊₁ / nᵢ
/// ```
///
/// Where n₁ or nᵢ is 0 there is no such estimate, and one of 0 or less would leave nothing to the
/// lower orders (small alphabets give both); then Dᵢ is 1/2, 1 or 3/2, as in KenLM.
struct KneserNeyDiscounts {
  /// D₁, D₂ and D₃.
  let values: [Double]

  init(_ counts: [Int32]) {
    var numbers = [Double](repeating: 0, count: 5)
    for count in counts where 1...4 ~= count { numbers[Int(count)] += 1 }
    let share = numbers[1] / (numbers[1] + 2 * numbers[2])
    values = (1...3).map { count in
      let estimate =
        Double(count) - Double(count + 1) * share * numbers[count + 1] / numbers[count]
      // Not so for NaN either, which 0 / 0 makes.
      return numbers[1] > 0 && estimate > 0 ? estimate : Double(count) / 2
    }
  }

  /// D of a count of 1 or more.
  subscript(count: Int32) -> Double { values[Int(min(3, count)) - 1] }
}

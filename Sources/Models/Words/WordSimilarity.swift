import Corpora

/// How well the cosines of a model's vectors rank pairs of words as people do, by Spearman's ρ
/// (WordSim-353, Finkelstein et al. 2002; SimLex-999, Hill et al. 2015).
public struct WordSimilarity: Sendable, Equatable {
  /// ρ over the pairs of which both words have a vector; nil with fewer than 2, or where one side is all
  /// ties.
  public let correlation: Double?
  /// Pairs of which both words have a vector.
  public let rated: Int
  /// Of those, pairs of which both words are in the vocabulary.
  public let known: Int
  /// ρ over the known ones alone, by which models with and without composed words can be compared.
  public let knownCorrelation: Double?
  /// All pairs.
  public let pairs: Int
}

/// Two words and how similar people find them.
public struct WordPair: Sendable, Equatable {
  /// The words.
  public let words: (String, String)
  /// The mean of people's ratings, higher for more similar.
  public let rating: Double

  /// Equal words and ratings.
  public static func == (a: WordPair, b: WordPair) -> Bool {
    a.words == b.words && a.rating == b.rating
  }

  /// The pairs of a text, a line each: word, word and rating, separated by tabs. Empty lines and lines
  /// that begin with `#` say nothing.
  ///
  /// - Parameter name: what errors call the text.
  /// - Throws: `CorpusError.malformed`.
  public static func parse(_ text: String, name: String) throws(CorpusError) -> [WordPair] {
    var pairs: [WordPair] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if line.isEmpty || line.hasPrefix("#") { continue }
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 3, let rating = Double(fields[2]), rating.isFinite else {
        throw .malformed(
          path: name, line: number + 1,
          detail: "expected two words and a number, separated by tabs")
      }
      pairs.append(WordPair(words: (fields[0], fields[1]), rating: rating))
    }
    guard !pairs.isEmpty else { throw .empty(path: name) }
    return pairs
  }
}

extension WordVectorModel {
  /// How well cosines rank `pairs`.
  public func similarity(on pairs: [WordPair]) -> WordSimilarity {
    let vectors = vectors(of: pairs.flatMap { [$0.words.0, $0.words.1] })
    var rated: [(rating: Double, cosine: Double, isKnown: Bool)] = []
    for (index, pair) in pairs.enumerated() {
      guard let a = vectors[2 * index], let b = vectors[2 * index + 1] else { continue }
      rated.append(
        (
          pair.rating, cosineSimilarity(a, b),
          vocabulary.contains(pair.words.0) && vocabulary.contains(pair.words.1)
        ))
    }
    let known = rated.filter(\.isKnown)
    return WordSimilarity(
      correlation: spearmanCorrelation(rated.map(\.rating), rated.map(\.cosine)),
      rated: rated.count, known: known.count,
      knownCorrelation: spearmanCorrelation(known.map(\.rating), known.map(\.cosine)),
      pairs: pairs.count)
  }
}

/// Spearman's rank correlation: Pearson's of the ranks, equal numbers sharing the mean of theirs. nil for
/// fewer than 2 numbers, or where one side has but one value.
public func spearmanCorrelation(_ x: [Double], _ y: [Double]) -> Double? {
  precondition(x.count == y.count, "\(x.count) numbers beside \(y.count)")
  let (a, b) = (ranks(x), ranks(y))
  let mean = Double(x.count + 1) / 2
  var (product, left, right) = (0.0, 0.0, 0.0)
  for (a, b) in zip(a, b) {
    product += (a - mean) * (b - mean)
    left += (a - mean) * (a - mean)
    right += (b - mean) * (b - mean)
  }
  return left > 0 && right > 0 ? product / (left * right).squareRoot() : nil
}

/// The rank of each number, from 1.
private func ranks(_ numbers: [Double]) -> [Double] {
  let order = numbers.indices.sorted { numbers[$0] < numbers[$1] }
  var ranks = [Double](repeating: 0, count: numbers.count)
  var start = 0
  while start < order.count {
    var end = start + 1
    while end < order.count, numbers[order[end]] == numbers[order[start]] { end += 1 }
    for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
    start = end
  }
  return ranks
}

import Corpora
import Learning
import Models
import Recurrent
import Tensors

/// What looking further back is worth, and what it costs ("RNNs never forget, n-grams do"): counted
/// n-grams, a feed-forward net that sees a window of words (Bengio et al. 2003), and nets that carry a state
/// from word to word, on one text. All nets have as many parameters as the LSTM, as nearly as whole units
/// allow.
struct RecurrenceStudy: Study {
  static let name = "recurrence"
  static let cellExample = "LSTM/seed 1"

  /// What predicts words.
  enum Net: Equatable, Sendable {
    /// Interpolated modified Kneser-Ney.
    case ngram(order: Int)
    /// A net of one layer of cells.
    case cells(CellKind)

    /// The nets, the LSTM, by which the others are measured, among them.
    static let cells = [CellKind.window, .rnn, .lstm, .gru]

    /// In a sentence.
    var title: String {
      switch self {
      case .ngram(let order): "\(order)-gram"
      case .cells(let kind): kind.title
      }
    }
  }

  struct Cell: StudyCell, Equatable {
    var net: Net
    /// Of the start and the dropout of a net; counting needs none.
    var seed: Int

    var id: String {
      switch net {
      case .ngram: net.title
      case .cells: "\(net.title)/seed \(seed)"
      }
    }
  }

  typealias Finding = WordTraining.Outcome

  let corpus: WordCorpus
  let training: WordTraining
  /// H of the LSTM, and E of all nets.
  let hidden: Int
  let dropout: Float
  let orders: ClosedRange<Int>
  let seeds: Int
  let pattern: CellPattern

  var settings: [String: String] {
    [
      "corpus": corpus.fingerprint, "vocabulary": "\(corpus.vocabulary.count)",
      "hidden": "\(hidden)", "dropout": "\(dropout)",
    ].merging(training.settings) { $1 }
  }

  /// n-grams first, which take seconds.
  var all: [Cell] {
    orders.map { Cell(net: .ngram(order: $0), seed: 1) }
      + (1...seeds).flatMap { seed in Net.cells.map { Cell(net: .cells($0), seed: seed) } }
  }

  var chains: [[Cell]] { all.filter { pattern.matches($0.id) }.map { [$0] } }

  /// A net of the parameters that the LSTM has, or of a few less.
  func configuration(_ kind: CellKind) -> LanguageModelConfiguration {
    func make(_ kind: CellKind, _ units: Int) -> LanguageModelConfiguration {
      LanguageModelConfiguration(
        level: .words, cell: kind, embeddingSize: hidden, hiddenSize: units, layers: 1,
        dropout: NetworkDropout(dropout), output: training.output)
    }
    func parameters(_ kind: CellKind, _ units: Int) -> Int {
      make(kind, units).parameterCount(vocabularySize: corpus.vocabulary.count)
    }
    let budget = parameters(.lstm, hidden)
    var units = hidden
    while parameters(kind, units + 1) <= budget { units += 1 }
    while units > 1, parameters(kind, units) > budget { units -= 1 }
    return make(kind, units)
  }

  func measure(_ cell: Cell, _ watch: StudyWatch) throws -> Finding? {
    switch cell.net {
    case .ngram(let order): return try count(order)
    case .cells(let kind):
      let seed = UInt64(cell.seed)
      let model = try LanguageModel(
        configuration: configuration(kind), vocabulary: corpus.vocabulary,
        key: RandomKey(seed: seed).child(0))
      return try training.train(model, on: corpus, seed: seed, watch)
    }
  }

  private func count(_ order: Int) throws -> Finding {
    let start = secondsNow()
    let model = try NGramLanguageModel(
      order: order, level: .words, vocabulary: corpus.vocabulary, training: corpus.training)
    let seconds = secondsNow() - start
    let words = corpus.training.split(whereSeparator: \.isWhitespace).count
    let counts = model.ngrams.ngramCounts
    return Finding(
      validation: [try model.evaluate(corpus.validation).perplexity],
      test: try model.evaluate(corpus.test).perplexity,
      // A probability of each n-gram, and a weight of each that is the context of longer ones.
      parameters: counts.reduce(0, +) + counts.dropLast().reduce(0, +),
      tokensPerSecond: Double(words) / seconds, hasDiverged: false)
  }

  func line(_ finding: Finding) -> String {
    "test perplexity \(Format.number(finding.test)), validation "
      + "\(finding.best.map(Format.number) ?? "-"), \(Format.count(finding.parameters)) parameters, "
      + "\(Format.short(finding.tokensPerSecond)) words/s"
      + (finding.hasDiverged ? ", diverged" : "")
  }

  /// The findings of all seeds.
  func of(_ net: Net, _ findings: StudyFindings<Self>) -> [Finding] {
    all.filter { $0.net == net }.compactMap { findings[$0] }
  }

  /// All of them, in the order of the tables.
  var nets: [Net] { orders.map { .ngram(order: $0) } + Net.cells.map { .cells($0) } }

  static let columns = ["model", "units", "validation", "test", "parameters", "words/s"]

  func rows(_ findings: StudyFindings<Self>) -> [[String]] {
    nets.compactMap { net in
      let found = of(net, findings)
      guard let first = found.first else { return nil }
      func spread(_ values: [Double]) -> String { Spread(values)?.text(Format.number) ?? "-" }
      var units = ""
      if case .cells(let kind) = net { units = "\(configuration(kind).hiddenSize)" }
      return [
        net.title, units, spread(found.sound.compactMap(\.best)), found.testText,
        Format.count(first.parameters),
        Format.short(Spread(found.map(\.tokensPerSecond))?.mean ?? 0),
      ]
    }
  }

  func table(_ findings: StudyFindings<Self>) -> String {
    TextTable(columns: Self.columns, rows: rows(findings)).text
  }
}

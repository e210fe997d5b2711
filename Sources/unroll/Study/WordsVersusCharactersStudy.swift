import Corpora
import Foundation
import Learning
import Models
import Recurrent
import Tensors

/// What composing words from characters is worth (Ling et al. 2015; the lecture's table and its lists of
/// neighbours): language models of one text that differ in nothing but where their words' vectors come
/// from: a table, their characters, or both. All are tuned alike, over the same shares of dropout, by
/// validation.
struct WordsVersusCharactersStudy: Study {
  static let name = "words-vs-characters"
  static let cellExample = "both/dropout 0.2, words 0.1/seed 1"

  /// What is dropped in training.
  struct Dropout: Hashable, Sendable {
    /// The share of the features of words' vectors, between layers and before the output.
    var features: Float
    /// The share of the table's words.
    var words: Float

    var text: String { "\(features), words \(words)" }
  }

  struct Cell: StudyCell, Equatable {
    var source: WordSource
    var dropout: Dropout
    var seed: Int

    var id: String { "\(source.rawValue)/dropout \(dropout.text)/seed \(seed)" }
  }

  struct Finding: Codable, Equatable {
    var outcome: WordTraining.Outcome
    /// By probe; nil for a word without a vector.
    var neighbors: [[String]?]
    /// Spearman's ρ by file, where there is one.
    var similarity: [Similarity]
  }

  /// How one file of rated pairs is ranked.
  struct Similarity: Codable, Equatable {
    var file: String
    var correlation: Double?
    var rated: Int
    var knownCorrelation: Double?
    var known: Int
  }

  /// A word whose neighbours are shown.
  struct Probe: Sendable {
    enum Kind: String, CaseIterable, Sendable { case frequent, rare, unseen }
    var word: String
    var kind: Kind
    /// In the training text.
    var count: Int
  }

  /// The sizes of the nets.
  struct Sizes: Sendable {
    /// E, of a word's vector: looked up, or composed. Where it is both, the table has half as many features
    /// to itself, so that there are fewer parameters than those of a table alone.
    var embedding = 128
    var hidden = 128
    var layers = 1
    var characters = CharacterConfiguration(embeddingSize: 32, hiddenSize: 100)
  }

  let corpus: WordCorpus
  let training: WordTraining
  let sizes: Sizes
  /// The shares that all are tuned over.
  let dropouts: [Dropout]
  /// Rated pairs, with the names of their files.
  let pairs: [(file: String, pairs: [WordPair])]
  let seeds: Int
  let pattern: CellPattern
  let probes: [Probe]

  static let sources = [WordSource.lookup, .characters, .both]

  var settings: [String: String] {
    [
      "corpus": corpus.fingerprint, "vocabulary": "\(corpus.vocabulary.count)",
      "embedding": "\(sizes.embedding)", "hidden": "\(sizes.hidden)", "layers": "\(sizes.layers)",
      "character embedding": "\(sizes.characters.embeddingSize)",
      "character hidden": "\(sizes.characters.hiddenSize)",
      "pairs": pairsText,
    ].merging(training.settings) { $1 }
  }

  /// The files of pairs, each with a fingerprint of what is in it.
  private var pairsText: String {
    pairs.map { file, pairs -> String in
      let content = pairs.flatMap { pair -> [Int32] in
        [pair.words.0, pair.words.1, "\(pair.rating)"].flatMap { text -> [Int32] in
          text.utf8.map { Int32($0) } + [-1]
        }
      }
      return "\(file) \(Models.fingerprint(content))"
    }.joined(separator: " ")
  }

  var chains: [[Cell]] {
    (1...seeds).flatMap { seed in
      Self.sources.flatMap { source in
        dropouts(of: source).map { Cell(source: source, dropout: $0, seed: seed) }
      }
    }.filter { pattern.matches($0.id) }.map { [$0] }
  }

  /// Those that a net is tuned over: without a table there are no words of it to drop.
  func dropouts(of source: WordSource) -> [Dropout] {
    guard source == .characters else { return dropouts }
    var features: [Float] = []
    for dropout in dropouts where !features.contains(dropout.features) {
      features.append(dropout.features)
    }
    return features.map { Dropout(features: $0, words: 0) }
  }

  func configuration(_ cell: Cell) -> LanguageModelConfiguration {
    let size = cell.source == .both ? sizes.embedding / 2 : sizes.embedding
    var characters = sizes.characters
    characters.outputSize = sizes.embedding
    var dropout = NetworkDropout(cell.dropout.features)
    dropout.embedding = cell.dropout.words
    return LanguageModelConfiguration(
      level: .words, cell: .lstm, embeddingSize: size,
      characters: cell.source == .lookup ? nil : characters,
      looksWordsUp: cell.source != .characters,
      hiddenSize: sizes.hidden, layers: sizes.layers, dropout: dropout,
      output: training.output)
  }

  func measure(_ cell: Cell, _ watch: StudyWatch) throws -> Finding? {
    let seed = UInt64(cell.seed)
    let model = try LanguageModel(
      configuration: configuration(cell), vocabulary: corpus.vocabulary,
      key: RandomKey(seed: seed).child(0))
    guard let outcome = try training.train(model, on: corpus, seed: seed, watch) else { return nil }
    return Finding(
      outcome: outcome, neighbors: neighbors(model),
      similarity: pairs.map { file, pairs in
        let found = model.similarity(on: pairs)
        return Similarity(
          file: file, correlation: found.correlation, rated: found.rated,
          knownCorrelation: found.knownCorrelation, known: found.known)
      })
  }

  private func neighbors(_ model: LanguageModel) -> [[String]?] {
    let words = probes.map(\.word)
    let vectors = model.vectors(of: words)
    let known = vectors.indices.filter { vectors[$0] != nil }
    let found = WordNeighbors(of: model).nearest(
      to: known.compactMap { vectors[$0] }, of: known.map { words[$0] }, count: 5)
    var neighbors = [[String]?](repeating: nil, count: words.count)
    for (place, index) in known.enumerated() { neighbors[index] = found[place].map(\.word) }
    return neighbors
  }

  func line(_ finding: Finding) -> String {
    "test perplexity \(Format.number(finding.outcome.test)), validation "
      + "\(finding.outcome.best.map(Format.number) ?? "-"), "
      + "\(Format.count(finding.outcome.parameters)) parameters"
      + (finding.outcome.hasDiverged ? ", diverged" : "")
  }

  /// The dropout with which validation is best, over all seeds; nil if nothing was measured that did not
  /// diverge.
  func bestDropout(_ source: WordSource, _ findings: StudyFindings<Self>) -> Dropout? {
    dropouts(of: source).compactMap { dropout -> (Dropout, Double)? in
      let sound = of(source, dropout, findings).map(\.outcome).sound
      return Spread(sound.compactMap(\.best)).map { (dropout, $0.mean) }
    }.min { $0.1 < $1.1 }?.0
  }

  /// The findings of all seeds.
  func of(_ source: WordSource, _ dropout: Dropout, _ findings: StudyFindings<Self>) -> [Finding] {
    (1...seeds).compactMap { findings[Cell(source: source, dropout: dropout, seed: $0)] }
  }

  static let columns = [
    "words", "dropout", "validation", "test", "parameters", "of the word vectors", "words/s",
  ]

  /// A row for each net and dropout, the chosen one of each net marked.
  func rows(_ findings: StudyFindings<Self>) -> [[String]] {
    Self.sources.flatMap { source in
      let best = bestDropout(source, findings)
      return dropouts(of: source).compactMap { dropout -> [String]? in
        let found = of(source, dropout, findings)
        guard let first = found.first else { return nil }
        let outcomes = found.map(\.outcome)
        let validation = Spread(outcomes.sound.compactMap(\.best))
        return [
          source.title, "\(dropout.text)\(dropout == best ? " (best)" : "")",
          validation?.text(Format.number) ?? "-", outcomes.testText,
          Format.count(first.outcome.parameters), Format.count(vectorParameters(source)),
          Format.short(Spread(outcomes.map(\.tokensPerSecond))?.mean ?? 0),
        ]
      }
    }
  }

  /// The parameters that make words' vectors.
  func vectorParameters(_ source: WordSource) -> Int {
    let dropout = Dropout(features: 0, words: 0)
    let encoder = configuration(Cell(source: source, dropout: dropout, seed: 1)).encoder
    let alphabet = (try? corpus.vocabulary.alphabet().count) ?? 0
    return encoder.parameterShapes(
      vocabularySize: corpus.vocabulary.count, alphabetSize: alphabet
    ).reduce(0) { $0 + $1.shape.reduce(1, *) }
  }

  func table(_ findings: StudyFindings<Self>) -> String {
    var text = TextTable(columns: Self.columns, rows: rows(findings)).text
    let similar = similarityRows(findings)
    if !similar.isEmpty {
      text += "\n" + TextTable(columns: Self.similarityColumns, rows: similar).text
    }
    for source in Self.sources {
      let rows = neighborRows(source, findings)
      guard !rows.isEmpty else { continue }
      text += "\nneighbours, words \(source.title)\n"
      for row in rows { text += "  " + row.joined(separator: "  ") + "\n" }
    }
    return text
  }

  /// The finding of the chosen dropout and the first seed with which it did not diverge.
  func chosen(_ source: WordSource, _ findings: StudyFindings<Self>) -> Finding? {
    bestDropout(source, findings).flatMap { dropout in
      of(source, dropout, findings).first { !$0.outcome.hasDiverged }
    }
  }

  /// A row for each probe: its kind, the word, its neighbours.
  func neighborRows(_ source: WordSource, _ findings: StudyFindings<Self>) -> [[String]] {
    guard let found = chosen(source, findings) else { return [] }
    return zip(probes, found.neighbors).map { probe, neighbors in
      [probe.kind.rawValue, probe.word, neighbors?.joined(separator: ", ") ?? "no vector"]
    }
  }

  static let similarityColumns = [
    "pairs", "words", "Spearman's rho", "over", "of known words", "over",
  ]

  func similarityRows(_ findings: StudyFindings<Self>) -> [[String]] {
    Self.sources.flatMap { source -> [[String]] in
      (chosen(source, findings)?.similarity ?? []).map {
        [
          $0.file, source.title, $0.correlation.map(Format.number) ?? "-", "\($0.rated)",
          $0.knownCorrelation.map(Format.number) ?? "-", "\($0.known)",
        ]
      }
    }
  }
}

extension WordSource {
  /// In a table.
  var title: String {
    switch self {
    case .lookup: "looked up"
    case .characters: "composed"
    case .both: "both"
    }
  }
}

extension WordsVersusCharactersStudy.Probe {
  /// Words to show: frequent ones that mean something, rare ones, and ones of the test text that the
  /// vocabulary lacks. The same corpus gives the same words.
  static func choose(_ corpus: WordCorpus, each count: Int = 6) -> [Self] {
    let vocabulary = corpus.vocabulary
    func isWord(_ word: String, _ least: Int) -> Bool {
      word.count >= least && word.allSatisfy(\.isLetter)
    }
    func spread<Element>(_ elements: [Element]) -> [Element] {
      guard elements.count > count else { return elements }
      return (0..<count).map { elements[$0 * elements.count / count] }
    }
    let words = (0..<Int32(vocabulary.count)).map {
      (word: vocabulary.token($0), count: vocabulary.counts[Int($0)])
    }
    let frequent = spread(Array(words.filter { isWord($0.word, 4) }.prefix(300)))
    let least = words.last?.count ?? 0
    let rare = spread(words.filter { $0.count == least && isWord($0.word, 6) })
    let inTraining = Set(corpus.training.split(whereSeparator: \.isWhitespace))
    var seen: Set<Substring> = []
    let unseen = spread(
      corpus.test.split(whereSeparator: \.isWhitespace).filter {
        !inTraining.contains($0) && isWord(String($0), 6) && seen.insert($0).inserted
      })
    return frequent.map { Self(word: $0.word, kind: .frequent, count: $0.count) }
      + rare.map { Self(word: $0.word, kind: .rare, count: $0.count) }
      + unseen.map { Self(word: String($0), kind: .unseen, count: 0) }
  }
}

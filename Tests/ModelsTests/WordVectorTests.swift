import Corpora
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Word vectors")
struct WordVectorTests {
  private func model(
    composed: Bool, text: String = "red rad cat car bed\n"
  ) throws -> LanguageModel {
    var builder = VocabularyBuilder(tokenizer: .words)
    builder.add(text)
    return try LanguageModel(
      configuration: LanguageModelConfiguration(
        level: .words, cell: .lstm, embeddingSize: 3,
        characters: composed
          ? CharacterConfiguration(embeddingSize: 3, hiddenSize: 4, outputSize: 3) : nil,
        looksWordsUp: !composed, hiddenSize: 4, layers: 1),
      vocabulary: try builder.build(), initialization: .uniform(0.9), key: RandomKey(seed: 4))
  }

  @Test("a table has vectors for the words it knows, a composer for all")
  func vectors() throws {
    let table = try model(composed: false)
    let looked = table.vectors(of: ["cat", "unseen", "red"])
    let rows = table.encoder.table!.weight.value
    #expect(looked[1] == nil)
    #expect(looked[0] == rows.gathered(rows: [table.vocabulary.id(of: "cat")!]).scalars)
    #expect(looked[2] == rows.gathered(rows: [table.vocabulary.id(of: "red")!]).scalars)
    let composer = try model(composed: true)
    let composed = composer.vectors(of: ["cat", "unseen", "cats", "cat"])
    #expect(composed.allSatisfy { $0?.count == 3 })
    #expect(composed[0] == composed[3] && composed[1] != composed[2])
    #expect(table.vectors(of: []) == [])
    #expect(!table.hasVectorsForAllWords && composer.hasVectorsForAllWords)
  }

  @Test("neighbours are the words of the largest cosines, in order, without the word itself")
  func neighbors() throws {
    for composed in [false, true] {
      let model = try model(composed: composed)
      let words = ["red", "rad", "cat", "car", "bed"]
      let vectors = model.vectors(of: words).map { $0! }
      let found = WordNeighbors(of: model).nearest(to: vectors, of: words, count: 3)
      for (index, word) in words.enumerated() {
        let expected = words.indices.filter { words[$0] != word }
          .map { (words[$0], cosineSimilarity(vectors[index], vectors[$0])) }
          .sorted { $0.1 > $1.1 }
        #expect(found[index].map(\.word) == expected.prefix(3).map(\.0))
        for (neighbor, other) in zip(found[index], expected) {
          #expect(abs(Double(neighbor.similarity) - other.1) < 1e-6)
        }
      }
    }
  }

  @Test("neighbours may be of any vector, and no more than there are")
  func anyVector() throws {
    let neighbors = WordNeighbors(of: try model(composed: false))
    #expect(neighbors.nearest(to: [[0.5, -1, 2]], count: 10)[0].count == 5)
    #expect(neighbors.nearest(to: [[0, 0, 0]], count: 2)[0].map(\.similarity) == [0, 0])
    #expect(neighbors.nearest(to: [[1, 0, 0]], count: 0)[0].isEmpty)
    #expect(neighbors.nearest(to: [], count: 3).isEmpty)
  }

  @Test("many neighbours begin with the few, equally near ones in the order of the vocabulary")
  func manyNeighbors() throws {
    let words = (0..<150).map { "w\($0)" }
    let neighbors = WordNeighbors(
      of: try model(composed: false, text: words.joined(separator: " ") + "\n"))
    let vectors: [[Float]] = [[0.5, -1, 2], [0, 0, 0]]
    let few = neighbors.nearest(to: vectors, of: ["w7"], count: 64)
    let many = neighbors.nearest(to: vectors, of: ["w7"], count: 65)
    let all = neighbors.nearest(to: vectors, of: ["w7"], count: 1_000_000)
    #expect(all.map(\.count) == [149, 150] && few.map(\.count) == [64, 64])
    for index in vectors.indices {
      #expect(few[index] == Array(all[index].prefix(64)))
      #expect(many[index] == Array(all[index].prefix(65)))
    }
    #expect(all[1].map(\.word) == words)
  }

  @Test("a text as a field has its white space and control characters by their numbers")
  func fieldSpelling() {
    #expect("\n".fieldSpelling == "\\u{a}" && "\r\n".fieldSpelling == "\\u{d}\\u{a}")
    #expect("a\tb \u{A0}\u{0}".fieldSpelling == "a\\u{9}b\\u{20}\\u{a0}\\u{0}")
    #expect("e\u{301}é<unk>\\".fieldSpelling == "e\u{301}é<unk>\\" && "".fieldSpelling == "")
  }

  @Test("Spearman's rho is that of ranks, ties sharing theirs")
  func spearman() {
    #expect(spearmanCorrelation([1, 2, 3, 4], [10, 100, 1000, 10_000]) == 1)
    #expect(spearmanCorrelation([1, 2, 3], [3, 2, 1]) == -1)
    // 1 - 6 Σd² / n(n² - 1) without ties: d = 0, 1, -1, 0, 0.
    #expect(abs(spearmanCorrelation([1, 2, 3, 4, 5], [1, 3, 2, 4, 5])! - 0.9) < 1e-12)
    // Ranks 1, 2.5, 2.5, 4 beside 1, 2, 3, 4: 4.5 / √(4.5 · 5).
    #expect(abs(spearmanCorrelation([1, 2, 2, 3], [1, 2, 3, 4])! - (0.9).squareRoot()) < 1e-12)
    #expect(spearmanCorrelation([1, 1], [1, 2]) == nil)
    #expect(spearmanCorrelation([], []) == nil)
  }

  @Test("pairs are rated where both words have a vector")
  func similarity() throws {
    let pairs = try WordPair.parse(
      "# a comment\nred\trad\t9\n\ncat\tcar\t7.5\nred\tcat\t1\nred\tunseen\t2\n", name: "pairs")
    #expect(pairs.map(\.rating) == [9, 7.5, 1, 2])
    let table = try model(composed: false).similarity(on: pairs)
    #expect(table.pairs == 4 && table.rated == 3 && table.known == 3)
    let model = try model(composed: true)
    let composed = model.similarity(on: pairs)
    #expect(composed.rated == 4 && composed.known == 3)
    let cosines = pairs.map { pair in
      let vectors = model.vectors(of: [pair.words.0, pair.words.1])
      return cosineSimilarity(vectors[0]!, vectors[1]!)
    }
    #expect(composed.correlation == spearmanCorrelation([9, 7.5, 1, 2], cosines))
  }

  @Test("a line that is no pair is named", arguments: ["a\tb", "a\tb\tc", "a\tb\tnan", "a b 1"])
  func malformed(line: String) throws {
    #expect(
      throws: CorpusError.malformed(
        path: "pairs", line: 2, detail: "expected two words and a number, separated by tabs")
    ) { try WordPair.parse("x\ty\t1\n\(line)\n", name: "pairs") }
  }
}

import Testing

@testable import Corpora

@Suite("Vocabularies of units")
struct UnitVocabularyTests {
  private let sentences = [["▁b", "a"], ["c", "a", "d"], [], ["c", "e\u{301}", "é"]]

  @Test("special tokens, then by falling count, then by first appearance; told apart by bytes")
  func order() throws {
    let vocabulary = try Vocabulary(ofSentences: sentences)
    let expected = ["<unk>", "<s>", "</s>", "a", "c", "▁b", "d", "e\u{301}", "é"]
    #expect(vocabulary.tokens.elementsEqual(expected) { $0.isIdentical(to: $1) })
    #expect(vocabulary.counts == [0, 4, 4, 2, 2, 1, 1, 1, 1])
    #expect([vocabulary.unknown, vocabulary.start, vocabulary.end] == [0, 1, 2])
  }

  @Test("what is rare or too much counts for <unk>")
  func limits() throws {
    let frequent = try Vocabulary(ofSentences: sentences, minimumCount: 2)
    #expect(frequent.tokens == ["<unk>", "<s>", "</s>", "a", "c"])
    #expect(frequent.counts == [4, 4, 4, 2, 2] && frequent.id(of: "d") == 0)
    let small = try Vocabulary(ofSentences: sentences, maximumSize: 4)
    #expect(small.tokens == ["<unk>", "<s>", "</s>", "a"] && small.counts[0] == 6)
    let error = #expect(throws: CorpusError.self) {
      try Vocabulary(ofSentences: sentences, maximumSize: 3)
    }
    #expect(
      error?.description == "invalid vocabulary: a size of 3 leaves no room beside the special "
        + "tokens <unk>, <s>, </s>, expected at least 4")
  }

  @Test("a unit that is spelled like a special token means it")
  func roles() throws {
    let vocabulary = try Vocabulary(ofSentences: [["<unk>", "a", "<unk>"]])
    #expect(vocabulary.tokens == ["<unk>", "<s>", "</s>", "a"])
    #expect(vocabulary.counts == [2, 1, 1, 1])
    let counts = Segmenter(.tokens).counts(of: ["b a b", "<s>"])
    let plain = try counts.vocabulary(roles: [])
    #expect(plain.tokens == ["b", "a", "<s>"] && plain.counts == [2, 1, 1])
    #expect(plain.unknown == nil && plain.start == nil)
  }
}

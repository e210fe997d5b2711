import Testing

@testable import Corpora

@Suite("Lexicons")
struct LexiconTests {
  private func vocabulary(_ text: String, minimumCount: Int = 1) throws -> Vocabulary {
    var builder = VocabularyBuilder(tokenizer: .words)
    builder.add(text)
    return try builder.build(minimumCount: minimumCount)
  }

  private func spelled(_ lexicon: Lexicon, _ id: Int32) -> [String] {
    lexicon.spelling(of: id).map(lexicon.alphabet.token)
  }

  private func spelled(_ lexicon: inout Lexicon, _ word: String) -> [String] {
    let id = lexicon.insert(word)
    return spelled(lexicon, id)
  }

  @Test("the alphabet has the special characters, then those of the words by how often they occur")
  func alphabet() throws {
    let alphabet = try vocabulary("ab ab b\nc").alphabet()
    #expect(alphabet.tokens == ["<unk>", "<s>", "</s>", "b", "a", "c"])
    #expect(alphabet.counts == [0, 0, 0, 3, 2, 1])
    #expect(try vocabulary("ab ab b\nc").alphabet(minimumCount: 2).tokens.last == "a")
  }

  @Test("words of the vocabulary keep their ids, others are numbered on from V, each once")
  func numbers() throws {
    let vocabulary = try vocabulary("to be or not to be\n", minimumCount: 2)
    var lexicon = try Lexicon(vocabulary: vocabulary, alphabet: vocabulary.alphabet())
    #expect(vocabulary.tokens == ["<unk>", "</s>", "to", "be"])
    #expect(lexicon.insert("be") == 3)
    #expect(lexicon.insert("boot") == 4 && lexicon.insert("toe") == 5)
    #expect(lexicon.insert("boot") == 4)
    #expect(lexicon.insert("<unk>") == 0)
    #expect(lexicon.count == 6)
    #expect((0..<6).map { lexicon.word($0) } == ["<unk>", "</s>", "to", "be", "boot", "toe"])
    #expect(lexicon.lookUp([3, 4, 5, 1]) == [3, 0, 0, 1])
  }

  @Test("words are spelled in characters, special tokens by the special ones")
  func spellings() throws {
    let vocabulary = try vocabulary("to be\n")
    var lexicon = try Lexicon(vocabulary: vocabulary, alphabet: vocabulary.alphabet())
    #expect(spelled(lexicon, 0) == ["<unk>"] && spelled(lexicon, 1) == ["</s>"])
    #expect(spelled(&lexicon, "be") == ["b", "e"])
    #expect(spelled(&lexicon, "böe") == ["b", "<unk>", "e"])
    #expect(spelled(&lexicon, "") == ["<unk>"])
    // Two scalars that a String compares as one letter.
    #expect(lexicon.insert("e\u{301}") != lexicon.insert("é"))
  }

  @Test("of a very long word the two ends are spelled")
  func longWord() throws {
    let vocabulary = try vocabulary("a b\n")
    var lexicon = try Lexicon(vocabulary: vocabulary, alphabet: vocabulary.alphabet())
    let half = Lexicon.longestSpelling / 2
    let exact = String(repeating: "a", count: half) + String(repeating: "b", count: half)
    #expect(spelled(&lexicon, exact) == exact.map { String($0) })
    let long = "b" + String(repeating: "a", count: 100_000) + "b"
    let spelling = spelled(&lexicon, long)
    #expect(spelling.count == Lexicon.longestSpelling)
    #expect(spelling.first == "b" && spelling.last == "b")
    #expect(spelling[1] == "a" && spelling[half] == "a")
  }

  @Test("texts are encoded with the words that are new, streams and lines alike")
  func encoding() throws {
    let vocabulary = try vocabulary("to be\n")
    var lexicon = try Lexicon(vocabulary: vocabulary, alphabet: vocabulary.alphabet())
    let stream = try Tokenizer.words.encode("be new to new\nbe old\n", with: &lexicon)
    #expect(stream == [3, 4, 2, 4, 1, 3, 5, 1])
    #expect(try Tokenizer.words.encodeLines("old\n\nbe", with: &lexicon) == [[5], [], [3]])
    #expect(
      lexicon.lookUp(stream)
        == (try Tokenizer.words.encode("be new to new\nbe old\n", with: vocabulary)))
  }

  @Test("an alphabet without the special characters is refused")
  func poorAlphabet() throws {
    let words = try vocabulary("to be\n")
    #expect(throws: CorpusError.invalidVocabulary(detail: "an alphabet without <unk>")) {
      try Lexicon(vocabulary: words, alphabet: Vocabulary(tokens: ["a", "b"]))
    }
  }
}

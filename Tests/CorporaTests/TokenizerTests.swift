import Testing

@testable import Corpora

@Suite("Tokens and ids")
struct TokenizerTests {
  let words: Vocabulary
  let characters: Vocabulary

  init() throws {
    words = try Vocabulary(tokens: ["<unk>", "</s>", "a", "b", "c"])
    characters = try Vocabulary(tokens: ["\n", "a", "b", "é"])
  }

  @Test("every line of words ends with </s>, empty lines and a last one without line feed too")
  func linesOfWords() throws {
    func ids(_ text: String) throws -> [Int32] { try Tokenizer.words.encode(text, with: words) }
    #expect(try ids("a b\n\n c x\n") == [2, 3, 1, 1, 4, 0, 1])
    #expect(try ids("a b") == [2, 3, 1])
    #expect(try ids("a\n ") == [2, 1, 1])
    #expect(try ids("\n") == [1])
    #expect(try ids("") == [])
    #expect(try Tokenizer.words.encode("a\nb", with: words, closingLastLine: false) == [2, 1, 3])
    #expect(try Tokenizer.words.encode("a\n", with: words, closingLastLine: false) == [2, 1])
  }

  @Test("words are cut at every white space of Unicode and nowhere else")
  func whiteSpace() throws {
    var disagreements: [Unicode.Scalar] = []
    for code in (0...0x3100 as ClosedRange<UInt32>) where code != 0x0A {
      guard let scalar = Unicode.Scalar(code) else { continue }
      let isCut = try Tokenizer.words.encode("a\(scalar)b", with: words) == [2, 3, 1]
      if isCut != (scalar.properties.isWhitespace || 0x1C...0x1F ~= code) {
        disagreements.append(scalar)
      }
    }
    #expect(disagreements.isEmpty)
  }

  @Test("characters are Unicode scalars, the line feed among them")
  func scalars() throws {
    let ids = try Tokenizer.characters.encode("ab\né\n\n", with: characters)
    #expect(ids == [1, 2, 0, 3, 0, 0])
    #expect(try Tokenizer.characters.encode("é", with: characters) == [3])
    #expect(Tokenizer.characters.decode(ids, with: characters) == "ab\né\n\n")
  }

  @Test("without an unknown token, a token outside the vocabulary is an error with its line")
  func unknownTokens() throws {
    #expect(throws: CorpusError.unknownToken(token: "x", line: 3)) {
      try Tokenizer.characters.encode("a\nb\nax", with: characters)
    }
    let noLines = try Vocabulary(tokens: ["a"])
    #expect(throws: CorpusError.unknownToken(token: "\n", line: 1)) {
      try Tokenizer.characters.encode("a\n", with: noLines)
    }
    #expect(throws: CorpusError.self) { try Tokenizer.words.encode("a", with: noLines) }
    #expect(throws: CorpusError.unknownToken(token: "bb", line: 2)) {
      try Tokenizer.words.encodeLines("a\nbb\n", with: noLines)
    }
  }

  @Test("sentence i is line i, empty ones too")
  func lines() throws {
    #expect(try Tokenizer.words.encodeLines("a b\n\nx", with: words) == [[2, 3], [], [0]])
    #expect(try Tokenizer.characters.encodeLines("ab\né\n", with: characters) == [[1, 2], [3]])
    #expect(try Tokenizer.words.encodeLines("", with: words) == [])
  }

  @Test("words are joined by spaces, and there is no space beside a line feed")
  func decoding() throws {
    let ids: [Int32] = [2, 3, 1, 1, 4, 0, 1]
    #expect(Tokenizer.words.decode(ids, with: words) == "a b\n\nc <unk>\n")
    var decoder = TextDecoder(tokenizer: .words, vocabulary: words, afterWord: true)
    #expect(decoder.text(of: 2) == " a")
    #expect(decoder.text(of: 1) == "\n")
    #expect(decoder.text(of: 3) == "b")
    let specials = try Vocabulary(tokens: ["<unk>", "<s>", "</s>", "a"])
    #expect(Tokenizer.characters.decode([1, 3, 0, 2], with: specials) == "a\u{FFFD}\n")
  }

  @Test("a stream starts as if a line had just ended")
  func streamStart() throws {
    #expect(Tokenizer.words.streamStart(words) == 1)
    #expect(Tokenizer.characters.streamStart(characters) == 0)
  }

  @Test("encode, decode, encode gives the same ids")
  func thereAndBack() throws {
    var random = SplitMix64(seed: 3, epoch: 0)
    for _ in 0..<200 {
      let pieces = ["a", "b", "c", " ", "\n", "\u{3000}", "é"]
      let text = (0..<20).map { _ in pieces[Int(random.below(7))] }.joined()
      var builder = VocabularyBuilder(tokenizer: .words)
      builder.add(text)
      let vocabulary = try builder.build()
      let ids = try Tokenizer.words.encode(text, with: vocabulary)
      let again = Tokenizer.words.decode(ids, with: vocabulary)
      #expect(try Tokenizer.words.encode(again, with: vocabulary) == ids)
      // The counts of the builder are those of the encoded text.
      for id in vocabulary.tokens.indices {
        #expect(vocabulary.counts[id] == ids.count { $0 == id })
      }
      var scalars = VocabularyBuilder(tokenizer: .characters)
      scalars.add(text)
      let alphabet = try scalars.build()
      let characters = try Tokenizer.characters.encode(text, with: alphabet)
      #expect(characters.count == text.unicodeScalars.count)
      #expect(Tokenizer.characters.decode(characters, with: alphabet) == text)
    }
  }
}

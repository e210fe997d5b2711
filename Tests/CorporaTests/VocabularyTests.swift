import Testing

@testable import Corpora

@Suite("Vocabularies")
struct VocabularyTests {
  private func words(
    _ text: String, unit: TextUnit = .stream, minimumCount: Int = 1, maximumSize: Int? = nil
  ) throws -> Vocabulary {
    var builder = VocabularyBuilder(tokenizer: .words, unit: unit)
    builder.add(text)
    return try builder.build(minimumCount: minimumCount, maximumSize: maximumSize)
  }

  @Test("specials come first, then words by count, then by first appearance")
  func order() throws {
    let vocabulary = try words("b c a\nc b d\n\n a c")
    #expect(vocabulary.tokens == ["<unk>", "</s>", "c", "b", "a", "d"])
    #expect(vocabulary.counts == [0, 4, 3, 2, 2, 1])
    #expect(vocabulary.unknown == 0 && vocabulary.start == nil && vocabulary.end == 1)
    #expect(vocabulary.id(of: "a") == 4)
    #expect(vocabulary.id(of: "never") == 0)
    #expect(vocabulary.contains("d") && !vocabulary.contains("never"))
    #expect(vocabulary.token(2) == "c")
  }

  @Test("rare words count for <unk>, by least count and by size")
  func rareWords() throws {
    let text = "a a a b b c d\n"
    let frequent = try words(text, minimumCount: 2)
    #expect(frequent.tokens == ["<unk>", "</s>", "a", "b"])
    #expect(frequent.counts == [2, 1, 3, 2])
    let three = try words(text, maximumSize: 3)
    #expect(three.tokens == ["<unk>", "</s>", "a"])
    #expect(three.counts == [4, 1, 3])
    #expect(try words(text, maximumSize: 5).tokens == ["<unk>", "</s>", "a", "b", "c"])
    #expect(try words(text, maximumSize: 100).count == 6)
    #expect(throws: CorpusError.self) { try words(text, maximumSize: 2) }
  }

  @Test("a <unk> spelled out in the text is the unknown token")
  func spelledUnknown() throws {
    let vocabulary = try words("a <unk> a\n<unk> <unk> b\n", minimumCount: 2)
    #expect(vocabulary.tokens == ["<unk>", "</s>", "a"])
    #expect(vocabulary.counts == [4, 2, 2])
    #expect(vocabulary.id(of: "<unk>") == vocabulary.unknown)
  }

  @Test("sentences add <s> and count it once a line")
  func sentences() throws {
    let vocabulary = try words("a b\n\nb", unit: .sentence)
    #expect(vocabulary.tokens == ["<unk>", "<s>", "</s>", "b", "a"])
    #expect(vocabulary.counts == [0, 3, 3, 2, 1])
    #expect(vocabulary.start == 1 && vocabulary.end == 2)
  }

  @Test("characters are scalars; the line feed is one of them in a stream, not in sentences")
  func characters() throws {
    var stream = VocabularyBuilder(tokenizer: .characters)
    stream.add("é\ne\u{301}a\na")
    #expect(try stream.build().tokens == ["<unk>", "\n", "a", "é", "e", "\u{301}"])
    #expect(try stream.build().counts == [0, 2, 2, 1, 1, 1])
    var lines = VocabularyBuilder(tokenizer: .characters, unit: .sentence)
    lines.add("ab\na")
    #expect(try lines.build().tokens == ["<unk>", "<s>", "</s>", "a", "b"])
    #expect(try lines.build().counts == [0, 2, 2, 2, 1])
  }

  @Test("canonically equivalent spellings are different tokens")
  func bytesAreCompared() throws {
    let vocabulary = try Vocabulary(tokens: ["\u{E9}", "e\u{301}"])
    #expect(vocabulary.id(of: "\u{E9}") == 0)
    #expect(vocabulary.id(of: "e\u{301}") == 1)
    #expect(vocabulary != (try Vocabulary(tokens: ["e\u{301}", "\u{E9}"])))
  }

  @Test("JSON keeps tokens, counts and roles, and is the same every time")
  func json() throws {
    let vocabulary = try Vocabulary(
      tokens: ["<unk>", "</s>", "/\"\\\n\u{0}", "é", "e\u{301}", "🙂"],
      counts: [0, 1, 2, 3, 4, 5])
    let json = vocabulary.json
    #expect(try Vocabulary(json: json) == vocabulary)
    #expect(try Vocabulary(json: json).json == json)
    #expect(
      try Vocabulary(tokens: ["a", "</s>"], counts: [1, 2]).json
        == #"{"counts":[1,2],"roles":["</s>"],"tokens":["a","</s>"]}"#)
    // A token spelled like a role need not have it.
    let plain = try Vocabulary(tokens: ["<s>"], roles: [])
    #expect(try Vocabulary(json: plain.json).start == nil)
  }

  @Test(
    "a vocabulary that contradicts itself is refused",
    arguments: [
      #"{"counts":[1,2],"roles":[],"tokens":["a","a"]}"#,
      #"{"counts":[1],"roles":[],"tokens":["a","b"]}"#,
      #"{"counts":[-1],"roles":[],"tokens":["a"]}"#,
      #"{"counts":[1],"roles":["<s>"],"tokens":["a"]}"#,
      #"{"counts":[1],"roles":["<x>"],"tokens":["a"]}"#,
      #"{"counts":[],"roles":[],"tokens":[]}"#, #"{"counts":[1],"roles":[]}"#,
      #"{"counts":[1],"roles":[],"tokens":"a"}"#, "[", "",
    ])
  func refused(json: String) throws {
    let error = #expect(throws: CorpusError.self) { try Vocabulary(json: json) }
    #expect(try #require(error).description.hasPrefix("invalid vocabulary: "))
  }

  @Test("many tokens are numbered in order and found again")
  func manyTokens() throws {
    let tokens = (0..<5000).map { "t\($0 * 7919 % 5000)" }
    let vocabulary = try Vocabulary(tokens: tokens)
    #expect(vocabulary.tokens == tokens)
    #expect(tokens.indices.allSatisfy { vocabulary.id(of: tokens[$0]) == Int32($0) })
    #expect(vocabulary.id(of: "t5000") == nil && vocabulary.id(of: "") == nil)
  }
}

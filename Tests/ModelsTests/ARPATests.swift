import Corpora
import Foundation
import ModelFiles
import Testing

@testable import Models

@Suite("ARPA files")
struct ARPATests {
  private func train(
    _ text: String, order: Int, _ level: Tokenizer, _ unit: TextUnit
  ) throws -> NGramLanguageModel {
    var builder = VocabularyBuilder(tokenizer: level, unit: unit)
    builder.add(text)
    return try NGramLanguageModel(
      order: order, level: level, unit: unit, vocabulary: builder.build(), training: text)
  }

  /// The model that `text` holds as a file.
  private func read(_ text: String) throws -> NGramLanguageModel {
    try withTemporaryFolder { folder in
      try write(Array(text.utf8), to: folder + "/m.arpa")
      return try NGramLanguageModel(contentsOf: folder + "/m.arpa")
    }
  }

  @Test(
    "a model that was read gives the probabilities of the one that was written, known or not",
    arguments: Tokenizer.allCases, [TextUnit.stream, .sentence])
  func roundTrip(level: Tokenizer, unit: TextUnit) throws {
    let text = randomText(lines: 40, seed: 3) + "{\\} \\u{20}\t\u{A0} \u{2028}é e\u{301}\r\u{0} ="
    for order in [1, 2, 5] {
      let model = try train(text, order: order, level, unit)
      try withTemporaryFolder { folder in
        let paths = [folder + "/a.arpa", folder + "/b.arpa"]
        try model.save(to: paths[0])
        #expect(NGramLanguageModel.isARPA(paths[0]))
        let copy = try NGramLanguageModel(contentsOf: paths[0])
        #expect(copy.level == level && copy.unit == unit && copy.order == order)
        #expect(copy.vocabulary.hasSameIDs(as: model.vocabulary))
        #expect(copy.ngrams.ngramCounts == model.ngrams.ngramCounts)
        var random = Random(state: 5)
        let size = model.vocabulary.count
        let known = try level.encode(text, with: model.vocabulary)
        for round in 0..<60 {
          let end = random.below(known.count)
          let context =
            round % 2 == 0
            ? Array(known[max(0, end - order)..<end])
            : (0..<random.below(order + 1)).map { _ in Int32(random.below(size)) }
          for token in 0..<Int32(size) {
            let (a, b) = (
              model.ngrams.logProbability(of: token, context: context),
              copy.ngrams.logProbability(of: token, context: context)
            )
            #expect(a == b || abs(a - b) < 1e-10)
          }
        }
        try copy.save(to: paths[1])
        #expect(areEqual(try contents(paths[0]), try contents(paths[1])))
      }
    }
  }

  @Test("the file is as the format has it")
  func text() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/m.arpa"
      try train("a b\nb\n", order: 2, .words, .sentence).save(to: path)
      let lines = String(decoding: try contents(path), as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      #expect(lines[..<5] == ["\\data\\", "ngram 1=5", "ngram 2=4", "", "\\1-grams:"])
      #expect(lines[6].hasPrefix("-99\t<s>\t"))
      #expect(lines[10] == "" && lines[11] == "\\2-grams:")
      #expect(lines[12].contains("\t<s> a") && lines[12].count { $0 == "\t" } == 1)
      #expect(lines[16...] == ["", "\\end\\", ""])

      try train("a b\n", order: 1, .characters, .stream).save(to: path)
      let characters = String(decoding: try contents(path), as: UTF8.self)
      #expect(characters.hasPrefix("unroll level=character unit=stream\n\\data\\\nngram 1=5\n\n"))
      #expect(characters.contains("\t\\u{20}\n") && characters.contains("\t\\u{a}\n"))
      // A stream of words needs no word about it, unless one of the words is <s>.
      try train("a b\n", order: 1, .words, .stream).save(to: path)
      #expect(try contents(path).first == UInt8(ascii: "\\"))
      try train("a <s>\n", order: 1, .words, .stream).save(to: path)
      #expect(try NGramLanguageModel(contentsOf: path).unit == .stream)
    }
  }

  /// As other programs write them: remarks, tabs and spaces, no <unk>, backoffs left out.
  static let foreign = """
    \tThis file was made by hand; \\1-grams: is no line of its own here.

    \\data\\
    ngram 1=4
    ngram  2 = 3

    \\1-grams:
    -0.5 </s>
    -99\t<s>\t-0.25
    -1e0\ta\t-0.125
    -0.75\tb


    \\2-grams:
    -0.1\t<s> a\t
    -.2   a\tb
    -0.3 a </s>

    \\end\\

    """

  @Test("files of other programs are read", arguments: ["\n", "\r\n"])
  func others(lineEnd: String) throws {
    let model = try read(Self.foreign.replacing("\n", with: lineEnd))
    #expect(model.level == .words && model.unit == .sentence && model.order == 2)
    #expect(model.vocabulary.tokens == ["</s>", "<s>", "a", "b"])
    #expect(model.vocabulary.unknown == nil)
    func logarithm(_ token: Int32, _ context: Int32...) -> Double {
      model.ngrams.logProbability(of: token, context: context) / log(10)
    }
    #expect(abs(logarithm(2, 1) + 0.1) < 1e-15)
    #expect(abs(logarithm(3, 1) + 0.75 + 0.25) < 1e-15)
    #expect(abs(logarithm(3, 1, 2) + 0.2) < 1e-15)
    #expect(abs(logarithm(2, 2) + 1 + 0.125) < 1e-15)
    #expect(abs(logarithm(3, 3) + 0.75) < 1e-15)
    #expect(logarithm(1, 2) == -.infinity)
    #expect(throws: CorpusError.self) { try model.evaluate("a z\n") }
  }

  @Test("what is malformed is refused with its line")
  func malformed() throws {
    let valid = """
      \\data\\
      ngram 1=3
      ngram 2=2
      ngram 3=1

      \\1-grams:
      -0.5\t</s>
      -0.5\ta\t-0.3
      -0.9\tb\t-0.3

      \\2-grams:
      -0.3\ta b\t0
      -0.4\tb a

      \\3-grams:
      -0.2\ta b a

      \\end\\
      """
    _ = try read(valid)
    func refuses(_ line: Int, _ part: String, _ old: String, _ new: String) {
      let text = valid.replacing(old, with: new, maxReplacements: 1)
      #expect(text != valid)
      let error = #expect(throws: ARPAError.self) { try read(text) }
      #expect(
        error?.line == line && error?.detail.contains(part) == true,
        "\(old.debugDescription) as \(new.debugDescription): \(String(describing: error))")
      #expect(error?.description.contains("m.arpa:\(line): ") == true)
      #expect(error?.description.contains("\n") == false)
    }
    refuses(18, "without a line \\data\\", "\\data\\", "\\date\\")
    refuses(1, "expected \"unroll level", "\\data\\", "unroll level=word\n\\data\\")
    refuses(1, "expected \"unroll level", "\\data\\", "unroll level=byte unit=stream\n\\data\\")
    refuses(2, "expected \"ngram 1=COUNT\"", "ngram 1=3", "ngram 2=3")
    refuses(2, "expected \"ngram 1=COUNT\"", "ngram 1=3", "ngram 1=-3")
    refuses(3, "expected \"ngram 2=COUNT\"", "ngram 2=2", "ngram 2=2=2")
    refuses(3, "expected \"ngram 2=COUNT\"", "ngram 2=2", "ngram 2=two")
    refuses(4, "32-bit counts", "ngram 3=1", "ngram 3=99999999999")
    refuses(10, "3 1-grams end here, expected 4", "ngram 1=3", "ngram 1=4")
    refuses(14, "2 2-grams end here, expected 1", "ngram 2=2", "ngram 2=1")
    refuses(6, "expected \\1-grams:", "\\1-grams:", "\\2-grams:")
    refuses(11, "expected \\2-grams:", "\\2-grams:", "-0.1\tb")
    refuses(19, "expected \\4-grams:", "ngram 3=1\n", "ngram 3=1\nngram 4=0\n")
    refuses(18, "expected \\end\\", "\\end\\", "\\4-grams:")
    refuses(17, "ends without a line \\end\\", "\\end\\", "")
    refuses(19, "nothing behind", "\\end\\", "\\end\\\n-0.1\ta")
    refuses(7, "\"x\" is not a number", "-0.5\t</s>", "x\t</s>")
    refuses(7, "\"nan\" is not a number", "-0.5\t</s>", "nan\t</s>")
    refuses(7, "\"-\" is not a number", "-0.5\t</s>", "-\t</s>")
    refuses(8, "\"0.3.1\" is not a number", "-0.5\ta\t-0.3", "-0.5\ta\t0.3.1")
    refuses(8, "expected 0 or less", "-0.5\ta", "0.5\ta")
    refuses(8, "expected a finite number", "-0.5\ta\t-0.3", "-0.5\ta\t1e999")
    refuses(8, "with 4 fields, expected 2 or 3", "-0.5\ta\t-0.3", "-0.5\ta b\t-0.3")
    refuses(8, "with 1 fields", "-0.5\ta\t-0.3", "-0.5")
    refuses(9, "\"a\" for the second time", "-0.9\tb", "-0.9\ta")
    refuses(10, "no </s>", "</s>", "c")
    refuses(12, "\"c\" is none of the 1-grams", "a b\t0", "a c\t0")
    refuses(13, "second time", "-0.4\tb a", "-0.4\ta b")
    refuses(16, "with 5 fields, expected 4", "a b a", "a b a\t0.5")
    refuses(16, "the context \"b b\" is none of the 2-grams", "a b a", "b b a")

    #expect(throws: ModelFileError.self) { try NGramLanguageModel(contentsOf: "/nowhere/m.arpa") }
  }

  @Test("a token that the format cannot hold is refused, and what was there stays")
  func unwritable() throws {
    for token in ["a b", "", "a\n"] {
      let vocabulary = try Vocabulary(tokens: ["<unk>", "</s>", token])
      let model = try NGramLanguageModel(
        order: 2, level: .words, vocabulary: vocabulary, training: "a\n")
      try withTemporaryFolder { folder in
        try write([1], to: folder + "/m.arpa")
        #expect(throws: ModelError.self) { try model.save(to: folder + "/m.arpa") }
        #expect(try contents(folder + "/m.arpa") == [1])
      }
    }
  }

  @Test("of many damaged files each is refused with its line, or is a model")
  func damaged() throws {
    var original: [UInt8] = []
    try withTemporaryFolder { folder in
      let path = folder + "/m.arpa"
      try train(randomText(lines: 6), order: 3, .characters, .sentence).save(to: path)
      original = try contents(path)
      var random = Random(state: 11)
      var refused = 0
      for _ in 0..<150 {
        try write(ModelFuzzTests.mutate(original, &random), to: path)
        do {
          let model = try NGramLanguageModel(contentsOf: path)
          // <s> and tokens that a damaged file lacks are refused; all else has a loss.
          _ = try? model.evaluate("w1 w0\n")
        } catch is ARPAError {
          refused += 1
        }
      }
      #expect(refused > 50)
    }
  }

  @Test("a neural model is no ARPA file, nor an ARPA file a neural model")
  func kinds() throws {
    try withTemporaryFolder { folder in
      let (neural, ngrams) = (folder + "/a", folder + "/b")
      try makeModel("a b\n").save(to: neural)
      try write(Array(Self.foreign.utf8), to: ngrams)
      #expect(!NGramLanguageModel.isARPA(neural) && NGramLanguageModel.isARPA(ngrams))
      try write(Array("a text about \\data\\\n".utf8), to: folder + "/c")
      #expect(!NGramLanguageModel.isARPA(folder + "/c"))
      #expect(!NGramLanguageModel.isARPA(folder) && !NGramLanguageModel.isARPA(folder + "/none"))
      let error = #expect(throws: ModelError.self) { try LanguageModel(contentsOf: ngrams) }
      #expect(error?.description.contains("n-gram model (ARPA)") == true)
    }
  }
}

import Foundation
import Testing

@testable import Corpora

@Suite("Text as units and back")
struct SegmenterTests {
  private static let learned = Segmenter(
    .bytePairs, learningFrom: RandomTexts.make(300, seed: 9), merges: 150)

  @Test("units give the text back, white space aside", arguments: UnitKind.allCases, [false, true])
  func roundTrip(kind: UnitKind, lowercases: Bool) {
    let segmenter = Segmenter(
      kind, lowercases: lowercases, encoding: Self.learned.encoding)
    var random = SplitMix64(seed: 2, epoch: 0)
    for text in RandomTexts.make(300, seed: 1) {
      let expected = RandomTexts.normalised(lowercases ? text.inLowerCase : text)
      let units = segmenter.units(of: text)
      #expect(segmenter.text(of: units).isIdentical(to: expected))
      #expect(units.allSatisfy { !$0.isEmpty })
      #expect(units.isEmpty == expected.isEmpty)
      let dropped = segmenter.units(of: text, dropout: 0.5, using: &random)
      #expect(segmenter.text(of: dropped).isIdentical(to: expected))
    }
  }

  @Test(
    "words, numbers and marks; apostrophes end words, a space is kept in front",
    arguments: [
      ("don't", "▁don' t"), ("l'eau", "▁l' eau"), ("J\u{2019}ai", "▁J\u{2019} ai"),
      ("aujourd'hui", "▁aujourd' hui"), ("rock'n'roll", "▁rock' n' roll"),
      ("the boys' 'tis", "▁the ▁boys ' ▁' tis"), ("a''b", "▁a ' ' b"), ("5'4", "▁5 ' 4"),
      ("À toi !", "▁À ▁toi ▁!"), ("Dis-moi, 12,5 km²…", "▁Dis - moi , ▁12 , 5 ▁km ² …"),
      ("mp3 B2B", "▁mp 3 ▁B 2 B"), ("e\u{301}te\u{301}s!", "▁e\u{301}te\u{301}s !"),
      ("1\u{20E3}2", "▁1\u{20E3}2"), ("a \u{301}b", "▁a ▁\u{301} b"),
      ("می\u{200C}خواهم", "▁می\u{200C}خواهم"), ("👍🏽x", "▁👍 🏽 x"), ("--", "▁- -"),
      ("l'\u{301}a", "▁l '\u{301} a"), ("", ""), (" \n", ""),
    ])
  func words(text: String, expected: String) {
    let joined = Segmenter(.words).units(of: text).joined(separator: " ")
    #expect(joined.isIdentical(to: expected))
  }

  @Test("the mark of spaces in a text is another scalar in its units, and comes back")
  func literalMark() throws {
    // Not to be written in a literal, as it is no character.
    let literal = String(try #require(Unicode.Scalar(0xFDD0 as UInt32)))
    for kind in [UnitKind.words, .characters, .bytePairs] {
      let units = Segmenter(kind).units(of: "▁a ▁")
      let first = kind == .characters ? "" : "▁"
      #expect(units.joined() == first + literal + "a▁" + literal)
      #expect(Segmenter(kind).text(of: units) == "▁a ▁")
    }
    #expect(Segmenter(.words).units(of: "a▁b") == ["▁a", literal, "b"])
  }

  @Test("characters are scalars, and the first has no mark in front")
  func characters() {
    let segmenter = Segmenter(.characters)
    #expect(segmenter.units(of: "ABBENHAUS") == ["A", "B", "B", "E", "N", "H", "A", "U", "S"])
    let units = segmenter.units(of: " e\u{301}  n ")
    #expect(units.map { Array($0.unicodeScalars) } == [["e"], ["\u{301}"], ["▁"], ["n"]])
  }

  @Test("tokens are what stands between white space, the mark of spaces among them")
  func tokens() {
    let segmenter = Segmenter(.tokens, lowercases: true)
    #expect(segmenter.units(of: " AH  B\n▁ don't") == ["ah", "b", "▁", "don't"])
    #expect(segmenter.text(of: ["AH", "B"]) == "AH B")
  }

  @Test("any units have a text: marks at its ends give nothing, several one space")
  func anyUnits() {
    for kind in [UnitKind.words, .characters, .bytePairs] {
      let segmenter = Segmenter(kind)
      #expect(segmenter.text(of: ["▁", "▁a", "b", "▁", "▁▁c", "▁"]) == "ab c")
      #expect(segmenter.text(of: ["▁"]).isEmpty && segmenter.text(of: []).isEmpty)
    }
  }

  @Test("lines are cut as they are one by one", arguments: UnitKind.allCases)
  func lines(kind: UnitKind) {
    let segmenter = Segmenter(kind, encoding: Self.learned.encoding)
    let texts = RandomTexts.make(200, seed: 3)
    let units = segmenter.units(ofLines: texts)
    #expect(units == texts.map { segmenter.units(of: $0) })
    var counts = TokenCounts()
    for unit in units.joined() { counts.add(unit) }
    #expect(segmenter.counts(of: texts).elementsEqual(counts, by: ==))
  }

  @Test("dropout follows from seed and epoch")
  func dropout() {
    let texts = RandomTexts.make(100, seed: 4)
    func units(_ dropout: Double, _ seed: UInt64, _ epoch: Int) -> [[String]] {
      Self.learned.units(ofLines: texts, dropout: dropout, seed: seed, epoch: epoch)
    }
    #expect(units(0.3, 1, 2) == units(0.3, 1, 2))
    #expect(units(0.3, 1, 2) != units(0.3, 1, 3) && units(0.3, 1, 2) != units(0.3, 2, 2))
    #expect(units(0, 1, 2) == Self.learned.units(ofLines: texts))
    // Without merges every scalar is a unit.
    #expect(units(1, 1, 2) == Segmenter(.bytePairs).units(ofLines: texts))
    #expect(units(1, 1, 2).joined().allSatisfy { $0.unicodeScalars.count == 1 })
  }

  @Test("a dropout that is no probability, or an epoch before the first, is refused")
  func badDropout() async {
    await #expect(processExitsWith: .failure) {
      _ = Segmenter(.words).units(ofLines: ["a"], dropout: -0.1, seed: 1, epoch: 1)
    }
    await #expect(processExitsWith: .failure) {
      _ = Segmenter(.words).units(ofLines: ["a"], dropout: 0, seed: 1, epoch: -1)
    }
  }

  @Test("lower case comes before merges are learned")
  func lowerCase() {
    let segmenter = Segmenter(
      .bytePairs, learningFrom: ["ÉTÉ Été", "été"], merges: 9, lowercases: true)
    #expect(segmenter.units(of: "ÉTÉ") == ["▁été"])
  }

  @Test(
    "lower case is the standard library's but for sigma, which has another form at the end of a word",
    arguments: [
      ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"), ("ΣΑΣ Σ ΑΣ'Β", "σας σ ασ'β"), ("ΑΣ\u{301}. ΑΣ1", "ας\u{301}. ας1"),
      ("ΣΣ", "σς"), ("İΣ", "i\u{307}ς"), ("", ""),
    ])
  func sigma(text: String, expected: String) {
    #expect(text.inLowerCase.isIdentical(to: expected))
    // By scalars, as a mark makes one character of a sigma and itself.
    let sameSigmas = text.inLowerCase.unicodeScalars.map { $0 == "ς" ? "σ" : $0 }
    #expect(sameSigmas == Array(text.lowercased().unicodeScalars))
    let units = Segmenter(.tokens, lowercases: true).units(of: text)
    #expect(units.joined(separator: " ").isIdentical(to: expected))
  }

  @Test("a segmenter is JSON and back, merges an array of strings")
  func coding() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let pairs = Segmenter(.bytePairs, encoding: try BytePairEncoding(merges: ["e s", "es t"]))
    #expect(
      String(decoding: try encoder.encode(pairs), as: UTF8.self)
        == #"{"kind":"bpe","lowercases":false,"merges":["e s","es t"]}"#)
    for segmenter in [pairs, Self.learned, Segmenter(.words, lowercases: true)] {
      let data = try encoder.encode(segmenter)
      #expect(try JSONDecoder().decode(Segmenter.self, from: data) == segmenter)
    }
    #expect(pairs != Segmenter(.bytePairs))
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(
        Segmenter.self, from: Data(#"{"kind":"bpe","lowercases":false}"#.utf8))
    }
  }
}

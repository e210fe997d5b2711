import Testing

@testable import Corpora

@Suite("Byte-pair encoding")
struct BytePairEncodingTests {
  private func counts(_ words: [(String, Int)]) -> TokenCounts {
    words.reduce(into: TokenCounts()) { $0.add($1.0, times: $1.1) }
  }

  private let example = [("▁low", 5), ("▁lower", 2), ("▁newest", 6), ("▁widest", 3)]

  @Test("the paper's example by hand: low, lower, newest, widest")
  func paperExample() {
    // Of 9: e s before s t. Of 7: l o before o w and ▁ l. Of 6: e w before n e, w est and ▁ n.
    // Of 3: d est before i d, w i and ▁ w. Of 2: e r before ▁low e.
    let merges = [
      "e s", "es t", "l o", "lo w", "▁ low", "e w", "ew est", "n ewest", "▁ newest", "d est",
      "i dest", "w idest", "▁ widest", "e r", "▁low er",
    ]
    let encoding = BytePairEncoding(learningFrom: counts(example), merges: 100)
    #expect(encoding.merges == merges)
    #expect(
      BytePairEncoding(learningFrom: counts(example), merges: 5).merges == Array(merges.prefix(5)))
    #expect(
      BytePairEncoding(learningFrom: counts(example), merges: 100, minimumCount: 7).merges
        == Array(merges.prefix(5)))
    #expect(encoding.units(ofWord: "▁lowest") == ["▁low", "est"])
    #expect(encoding.units(ofWord: "▁newer") == ["▁", "n", "ew", "er"])
    // No scalar of it was learned.
    #expect(encoding.units(ofWord: "xé") == ["x", "é"])
    #expect(encoding.units(ofWord: "") == [])
  }

  @Test("merges do not depend on the order of the words")
  func order() {
    let words = RandomTexts.make(60, seed: 5).flatMap { Segmenter(.words).units(of: $0) }
    let one = BytePairEncoding(learningFrom: counts(words.map { ($0, 2) }), merges: 60)
    let other = BytePairEncoding(
      learningFrom: counts(words.reversed().map { ($0, 2) }), merges: 60)
    #expect(one == other && one.mergeCount == 60)
  }

  @Test("two languages together: what both count counts for both")
  func joint() {
    var english = counts([("▁nation", 2), ("▁the", 4)])
    let french = counts([("▁nation", 3), ("▁les", 1)])
    #expect(BytePairEncoding(learningFrom: english, merges: 1).merges == ["h e"])
    english.add(french)
    #expect(english["▁nation"] == 5 && english["▁les"] == 1 && english.total == 10)
    #expect(english.distinctCount == 3 && english["▁"] == 0)
    let joint = BytePairEncoding(learningFrom: english, merges: 100, minimumCount: 5)
    #expect(joint.units(ofWord: "▁nation") == ["▁nation"])
  }

  /// All merges counted anew each time.
  private func learnSlowly(_ words: [([String], Int)], merges: Int) -> [String] {
    struct Pair: Hashable {
      var left: [UInt8]
      var right: [UInt8]
    }
    var words = words.map { ($0.0.map { Array($0.utf8) }, $0.1) }
    var learned: [String] = []
    for _ in 0..<merges {
      var counts: [Pair: Int] = [:]
      for (units, count) in words {
        for (left, right) in zip(units, units.dropFirst()) {
          counts[Pair(left: left, right: right), default: 0] += count
        }
      }
      let best = counts.max {
        if $0.value != $1.value { return $0.value < $1.value }
        if $0.key.left != $1.key.left { return $1.key.left.lexicographicallyPrecedes($0.key.left) }
        return $1.key.right.lexicographicallyPrecedes($0.key.right)
      }
      guard let best, best.value > 1 else { break }
      let (left, right) = (best.key.left, best.key.right)
      learned.append(String(decoding: left + [0x20] + right, as: UTF8.self))
      words = words.map { units, count in
        var merged: [[UInt8]] = []
        var index = 0
        while index < units.count {
          let isPair =
            index + 1 < units.count && units[index] == left && units[index + 1] == right
          merged.append(isPair ? left + right : units[index])
          index += isPair ? 2 : 1
        }
        return (merged, count)
      }
    }
    return learned
  }

  @Test("learned as if all pairs were counted anew for each merge", arguments: 0..<6)
  func learning(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed), epoch: 7)
    // Few letters, so that runs such as aaaa and equal counts are common.
    let letters = ["a", "b", "c", "é", "▁"].prefix(2 + seed % 4)
    let words = (0..<40).map { _ in
      (0...random.below(9)).map { _ in letters[Int(random.below(UInt64(letters.count)))] }
    }
    let counted = words.map { ($0, 1 + Int(random.below(4))) }
    let fast = BytePairEncoding(
      learningFrom: counts(counted.map { ($0.0.joined(), $0.1) }), merges: 80)
    let slow = learnSlowly(counted, merges: 80)
    #expect(fast.merges.elementsEqual(slow) { $0.isIdentical(to: $1) })
    // And applied as one merge at a time, that of lowest rank, the leftmost of several.
    for word in words {
      var units = word
      while true {
        let ranks = zip(units, units.dropFirst()).map { fast.merges.firstIndex(of: "\($0) \($1)") }
        guard let best = ranks.compactMap(\.self).min(), let place = ranks.firstIndex(of: best)
        else { break }
        units.replaceSubrange(place...place + 1, with: [units[place] + units[place + 1]])
      }
      #expect(fast.units(ofWord: word.joined()) == units)
    }
  }

  @Test("dropout 0 is plain, 1 gives scalars, p passes over each merge with probability p")
  func dropout() throws {
    var random = SplitMix64(seed: 6, epoch: 0)
    let learned = BytePairEncoding(learningFrom: counts(example), merges: 100)
    #expect(
      learned.units(ofWord: "▁lower", dropout: 0, using: &random) == ["▁lower"])
    #expect(
      learned.units(ofWord: "▁low", dropout: 1, using: &random) == ["▁", "l", "o", "w"])
    let encoding = try BytePairEncoding(merges: ["a b", "b c"])
    var outcomes: [[String]: Double] = [:]
    let draws = 8_000
    for _ in 0..<draws {
      let units = encoding.units(ofWord: "abc", dropout: 0.4, using: &random)
      outcomes[units, default: 0] += 1 / Double(draws)
    }
    // Both pairs stand to be drawn, a b first; a merge leaves no other. Four standard deviations.
    #expect(abs(outcomes[["ab", "c"], default: 0] - 0.6) < 0.022)
    #expect(abs(outcomes[["a", "bc"], default: 0] - 0.24) < 0.02)
    #expect(abs(outcomes[["a", "b", "c"], default: 0] - 0.16) < 0.017)
  }

  @Test("what was passed over once may be merged the next time")
  func secondChance() throws {
    // c d is merged first where a b was passed over, and then a b stands to be drawn again.
    let encoding = try BytePairEncoding(merges: ["a b", "c d"])
    var random = SplitMix64(seed: 8, epoch: 0)
    let draws = 8_000
    var both = 0.0
    for _ in 0..<draws
    where encoding.units(ofWord: "abcd", dropout: 0.5, using: &random) == ["ab", "cd"] {
      both += 1 / Double(draws)
    }
    // 0.5 · 0.5 with a b first, 0.25 · 0.5 with c d first.
    #expect(abs(both - 0.375) < 0.022)
  }

  @Test("a word with spaces counts as the words between them, and merges are read again")
  func spaces() throws {
    let apart = BytePairEncoding(learningFrom: counts([("ab", 6), ("c", 3), ("bd", 3)]), merges: 9)
    let together = BytePairEncoding(
      learningFrom: counts([("ab c", 3), (" ab  bd ", 3), (" ", 8)]), merges: 9)
    #expect(together == apart && together.merges == ["a b", "b d"])
    #expect(try BytePairEncoding(merges: together.merges) == together)
    #expect(together.units(ofWord: "ab bd") == ["ab", " ", "bd"])
  }

  @Test("a long word is cut as the short ones that it is made of")
  func longWord() {
    let encoding = BytePairEncoding(learningFrom: counts(example), merges: 100)
    let word = String(repeating: "▁newest", count: 1_000)
    #expect(encoding.units(ofWord: word) == .init(repeating: "▁newest", count: 1_000))
  }

  @Test("merges are read as they are written, combining marks too")
  func reading() throws {
    let merges = ["e \u{301}", "é t", "e\u{301} t", "▁ é"]
    let encoding = try BytePairEncoding(merges: merges)
    #expect(encoding.merges.elementsEqual(merges) { $0.isIdentical(to: $1) })
    #expect(encoding.units(ofWord: "▁e\u{301}te").map(\.unicodeScalars.count) == [1, 3, 1])
    // The same to String, and other bytes.
    #expect(try BytePairEncoding(merges: ["é t"]) != BytePairEncoding(merges: merges.prefix(2)))
    #expect(try BytePairEncoding(merges: ["a é"]) != BytePairEncoding(merges: ["a è"]))
  }

  @Test(
    "merges that are none",
    arguments: [
      (["a b", "ab"], "merge 2, \"ab\", is not two units with a space between"),
      (["a b c"], "merge 1, \"a b c\", is not two units with a space between"),
      (["a  b"], "merge 1, \"a  b\", is not two units with a space between"),
      ([" b"], "merge 1, \" b\", is not two units with a space between"),
      (
        ["a b", "bc d"],
        "merge 2, \"bc d\", has \"bc\", which is neither a character nor made by an earlier merge"
      ),
      (["a b", "b c", "a b"], "merge 3, \"a b\", occurs twice"),
    ])
  func badMerges(merges: [String], expected: String) {
    let error = #expect(throws: CorpusError.self) { try BytePairEncoding(merges: merges) }
    #expect(error?.description == "invalid merges: \(expected)")
  }
}

import Testing

@testable import Models

/// Numbers by a rule, the same in every run.
private struct Draws {
  private var state: UInt64 = 20_261_128

  mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }

  mutating func word() -> [Int] { (0..<below(6)).map { _ in below(3) } }
}

/// The fewest edits and, among those, the fewest insertions and deletions, as the definition says.
private func recursive(_ a: ArraySlice<Int>, _ b: ArraySlice<Int>) -> (edits: Int, changes: Int) {
  guard let first = a.first, let other = b.first else {
    return (a.count + b.count, a.count + b.count)
  }
  let replaced = recursive(a.dropFirst(), b.dropFirst())
  let deleted = recursive(a.dropFirst(), b)
  let inserted = recursive(a, b.dropFirst())
  let ways = [
    (replaced.edits + (first == other ? 0 : 1), replaced.changes),
    (deleted.edits + 1, deleted.changes + 1), (inserted.edits + 1, inserted.changes + 1),
  ]
  return ways.dropFirst().reduce(ways[0]) { $1 < $0 ? $1 : $0 }
}

@Suite("Error rates")
struct ErrorRateTests {
  @Test("edits, as their definition counts them")
  func definition() {
    var draws = Draws()
    for _ in 0..<300 {
      let (a, b) = (draws.word(), draws.word())
      let edits = EditCounts(from: a, to: b)
      let (expected, lengthChanges) = recursive(a[...], b[...])
      #expect(edits.edits == expected)
      #expect(edits.insertions + edits.deletions == lengthChanges)
      #expect(edits.insertions - edits.deletions == b.count - a.count)
      #expect(min(edits.substitutions, edits.insertions, edits.deletions) >= 0)
    }
  }

  @Test("the distance is a metric")
  func metric() {
    var draws = Draws()
    for _ in 0..<300 {
      let (a, b, c) = (draws.word(), draws.word(), draws.word())
      let (there, back) = (EditCounts(from: a, to: b), EditCounts(from: b, to: a))
      #expect(there.edits == back.edits && there.insertions == back.deletions)
      #expect((there.edits == 0) == (a == b))
      #expect(EditCounts(from: a, to: c).edits <= there.edits + EditCounts(from: b, to: c).edits)
    }
  }

  @Test(
    "edits of words and letters, by hand",
    arguments: [
      ("kitten", "sitting", 2, 1, 0), ("sunday", "saturday", 1, 2, 0), ("", "abc", 0, 3, 0),
      ("abc", "", 0, 0, 3), ("ab", "ba", 2, 0, 0), ("abcd", "bcd", 0, 0, 1), ("", "", 0, 0, 0),
    ])
  func byHand(from: String, to: String, substitutions: Int, insertions: Int, deletions: Int) {
    let edits = EditCounts(from: Array(from), to: Array(to))
    #expect(edits.substitutions == substitutions)
    #expect(edits.insertions == insertions)
    #expect(edits.deletions == deletions)
  }

  @Test(
    "the reference with the lowest rate counts, the shortest of those, in whichever order",
    arguments: [
      // 2 edits of 4, 2 of 6, 4 of 8.
      ("abcdef", ["abcd", "abcdxy", "abcdxyzw"], 2, 6),
      // 1 of 2, 1 of 4.
      ("xay", ["xy", "xaby"], 1, 4),
      // Fewer edits are not always a lower rate: 1 of 2, 2 of 5.
      ("abc", ["ab", "abcde"], 2, 5),
      // 1 of 1, 2 of 2.
      ("s", ["p", "qr"], 1, 1),
    ])
  func closest(hypothesis: String, references: [String], edits: Int, length: Int) {
    for references in [references, references.reversed()] {
      let errors = ErrorStatistics(
        hypothesis: Array(hypothesis), references: references.map(Array.init))
      #expect(errors.edits == edits && errors.referenceLength == length)
    }
  }

  @Test("rates of a text are sums over sums, and an exact sentence equals one of its references")
  func rates() {
    let sentences = [
      ErrorStatistics(hypothesis: ["T", "AH"], references: [["T", "UW"], ["T", "AH"]]),
      ErrorStatistics(hypothesis: ["K", "AE", "T"], references: [["K", "AE", "T", "S"]]),
      ErrorStatistics(hypothesis: ["D", "AO", "G"], references: [["D", "AA", "G"], ["X"]]),
    ]
    let total = ErrorRate.tokens.total(of: sentences)
    #expect(total.sentences == 3 && total.wrongSentences == 2)
    #expect(total.deletions == 1 && total.substitutions == 1 && total.insertions == 0)
    #expect(total.tokenErrorRate == 2.0 / 9)
    #expect(total.sentenceErrorRate == 2.0 / 3 && total.exactShare == 1.0 / 3)
    #expect(ErrorRate.exact.value(of: total) == total.exactShare)
    #expect(sentences[0] + sentences[1] + sentences[2] == total)
  }

  @Test("empty sentences and references")
  func empty() {
    let none: [String] = []
    let right = ErrorStatistics(hypothesis: none, references: [["a"], []])
    #expect(right.edits == 0 && right.wrongSentences == 0 && right.tokenErrorRate == 0)
    let wrong = ErrorStatistics(hypothesis: ["a"], references: [none])
    #expect(wrong.insertions == 1 && wrong.tokenErrorRate == 1)
    // Edits of nothing count as of one token, however many they are.
    #expect((wrong + wrong).tokenErrorRate == 2 && (wrong + right).tokenErrorRate == 1)
    #expect(ErrorStatistics(hypothesis: ["a"], references: [none, ["b"]]).substitutions == 1)
    let nothing = ErrorRate.tokens.total(of: [])
    #expect(
      nothing.tokenErrorRate == 0 && nothing.sentenceErrorRate == 0 && nothing.exactShare == 0)
  }
}

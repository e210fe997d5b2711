import Recurrent
import Testing

@testable import Models

@Suite("How good labels are")
struct TaggingMetricsTests {
  private func labels(_ text: String) -> [SpanLabel] {
    text.split(separator: " ").map { SpanLabel(String($0))! }
  }

  @Test("known and unknown words are counted apart")
  func accuracy() {
    var accuracy = LabelAccuracy()
    for isCorrect in [true, true, false] { accuracy.add(isCorrect: isCorrect, isKnown: true) }
    #expect(accuracy.unknown.share == nil)
    accuracy.add(isCorrect: false, isKnown: false)
    #expect(accuracy.known.share == 2.0 / 3 && accuracy.unknown.share == 0)
    #expect(accuracy.all == .init(total: 4, correct: 2))
  }

  @Test("a label's place and type")
  func spanLabels() {
    #expect(SpanLabel("B-PER")?.place == .begin && SpanLabel("B-PER")?.type == "PER")
    #expect(SpanLabel("I-A-B")?.type == "A-B")
    #expect(SpanLabel("I")?.place == .inside && SpanLabel("I")?.type == "")
    #expect(SpanLabel("O")?.place == .outside)
    for label in ["", "NOUN", "O-PER", "BPER", "b-PER"] { #expect(SpanLabel(label) == nil) }
    #expect(SpanLabel.all(["O", "B-A"])?.count == 2)
    #expect(SpanLabel.all(["O"]) == nil && SpanLabel.all(["B-A", "NOUN"]) == nil)
  }

  @Test(
    "spans as conlleval sees them",
    arguments: [
      ("O B-A I-A O", [LabelSpan(type: "A", words: 1..<3)]),
      ("B-A B-A I-A", [.init(type: "A", words: 0..<1), .init(type: "A", words: 1..<3)]),
      ("I-A I-A O I-A", [.init(type: "A", words: 0..<2), .init(type: "A", words: 3..<4)]),
      ("B-A I-B I-B", [.init(type: "A", words: 0..<1), .init(type: "B", words: 1..<3)]),
      ("B I O", [.init(type: "", words: 0..<2)]),
      ("O O", []),
    ])
  func spans(text: String, spans: [LabelSpan]) {
    #expect(LabelSpan.spans(labels(text)) == spans)
  }

  @Test("precision, recall and F1 of all spans and of each type, by hand")
  func byHand() {
    var scores = SpanScores()
    // Right: A at 0 and B at 6..<8; wrong: an A too short, a B that is an A, and one out of nothing.
    scores.add(
      expected: labels("B-A O B-A I-A O B-B B-B I-B O"),
      predicted: labels("B-A O B-A O O B-A B-B I-B I-A"))
    #expect(scores.all == .init(correct: 2, expected: 4, predicted: 5))
    #expect(scores.all.precision == 0.4 && scores.all.recall == 0.5)
    #expect(abs(scores.all.f1 - 2 * 0.4 * 0.5 / 0.9) < 1e-15)
    #expect(
      scores.byType == [
        "A": .init(correct: 1, expected: 2, predicted: 4),
        "B": .init(correct: 1, expected: 2, predicted: 1),
      ])
    // No span goes on from one sentence into the next.
    var apart = SpanScores()
    apart.add(expected: labels("B-A"), predicted: labels("B-A"))
    apart.add(expected: labels("I-A"), predicted: labels("I-A"))
    #expect(apart.all == .init(correct: 2, expected: 2, predicted: 2))
  }

  @Test("no spans give zeros")
  func none() {
    var scores = SpanScores()
    scores.add(expected: labels("O"), predicted: labels("O"))
    #expect(scores.all.precision == 0 && scores.all.recall == 0 && scores.all.f1 == 0)
  }

  @Test("random labels are counted as by the loop of conlleval itself")
  func conlleval() {
    var random = Random(state: 7)
    let choices = ["O", "B-A", "I-A", "B-B", "I-B"]
    var scores = SpanScores()
    var loop = ConllevalLoop()
    for _ in 0..<300 {
      let count = random.below(8)
      let expected = (0..<count).map { _ in choices[random.below(5)] }
      let predicted = expected.map { random.below(3) == 0 ? choices[random.below(5)] : $0 }
      scores.add(
        expected: expected.map { SpanLabel($0)! }, predicted: predicted.map { SpanLabel($0)! })
      for (expected, predicted) in zip(expected, predicted) { loop.read(expected, predicted) }
      loop.read("O", "O")  // what it makes of an empty line
    }
    #expect(
      scores.all
        == .init(correct: loop.correct, expected: loop.expected, predicted: loop.found))
    #expect(loop.correct > 100)
  }

  @Test("what IOB2 allows")
  func transitions() {
    let names = ["O", "B-A", "I-A", "B-B", "I-B"]
    let allowed = LabelTransitions(iob2: SpanLabel.all(names)!)
    #expect(allowed.starts == [true, true, false, true, false])
    #expect(allowed.ends == [true, true, true, true, true])
    for (from, name) in names.enumerated() {
      for to in [0, 1, 3] { #expect(allowed.allows(from, to)) }
      #expect(allowed.allows(from, 2) == name.hasSuffix("-A"))
      #expect(allowed.allows(from, 4) == name.hasSuffix("-B"))
    }
  }
}

/// The counting of spans in conlleval.pl (Tjong Kim Sang 2004), rule by rule, for the tags O, B and I.
private struct ConllevalLoop {
  var expected = 0
  var found = 0
  var correct = 0
  private var last = (expected: (tag: "O", type: ""), predicted: (tag: "O", type: ""))
  private var isInCorrect = false

  typealias Tag = (tag: String, type: String)

  private func split(_ label: String) -> Tag {
    let parts = label.split(separator: "-", maxSplits: 1).map(String.init)
    return (parts[0], parts.count > 1 ? parts[1] : "")
  }

  private func ends(_ last: Tag, _ this: Tag) -> Bool {
    let pairs = ["BB", "BO", "IB", "IO"]
    return pairs.contains(last.tag + this.tag) || (last.tag != "O" && last.type != this.type)
  }

  private func starts(_ last: Tag, _ this: Tag) -> Bool {
    let pairs = ["BB", "IB", "OB", "OI"]
    return pairs.contains(last.tag + this.tag) || (this.tag != "O" && last.type != this.type)
  }

  mutating func read(_ expectedLabel: String, _ predictedLabel: String) {
    let (this, guess) = (split(expectedLabel), split(predictedLabel))
    if isInCorrect {
      let (end, guessEnd) = (ends(last.expected, this), ends(last.predicted, guess))
      if end, guessEnd, last.predicted.type == last.expected.type {
        isInCorrect = false
        correct += 1
      } else if end != guessEnd || guess.type != this.type {
        isInCorrect = false
      }
    }
    let (start, guessStart) = (starts(last.expected, this), starts(last.predicted, guess))
    if start, guessStart, guess.type == this.type { isInCorrect = true }
    if start { expected += 1 }
    if guessStart { found += 1 }
    last = (this, guess)
  }
}

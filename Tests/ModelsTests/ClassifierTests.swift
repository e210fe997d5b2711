import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Classifier")
struct ClassifierTests {
  @Test(
    "it learns what follows from what it reads",
    arguments: [
      ClassifierKind(hidden: 6, dropout: 0.0),
      ClassifierKind(hidden: 6, dropout: 0.0, pooling: .attention, output: .labels),
      ClassifierKind(input: .series, hidden: 6, dropout: 0.0, pooling: .last, output: .number),
    ])
  func learns(kind: ClassifierKind) throws {
    var (training, heldOut) = (kind.cases(150), kind.cases(50, seed: 5))
    if kind.output == .labels {
      // What does not follow from the text is not asked for.
      for index in training.indices where training[index].label == "x" {
        training[index].label = ""
      }
      for index in heldOut.indices where heldOut[index].label == "x" { heldOut[index].label = "" }
    }
    let model = try kind.make(training, range: 0.4)
    let task = try ClassifierTask(model, training, validation: heldOut, batch: 10)
    let trainer = Trainer(
      task, Adam(),
      TrainingPlan(epochs: 12, seed: 1, schedule: RateSchedule(base: 0.03), clipNorm: 5))
    let summary = try trainer.run().summary
    let evaluation = try model.evaluate(heldOut)
    #expect(abs(summary.best!.loss - evaluation.error) < 1e-12)
    #expect(evaluation.error < 0.05)
    switch evaluation {
    case .classes(let matrix, let logLoss):
      #expect(matrix.total == 50 && logLoss < 0.2 && logLoss > 0)
    case .labels(let scores, let logLoss): #expect(scores.exactShare > 0.9 && logLoss < 0.3)
    case .number(let scores): #expect(scores.rmse < 2 && scores.mae < 2)
    }
  }

  @Test("the loss falls along its gradient", arguments: ClassifierKind.all)
  func gradient(kind: ClassifierKind) throws {
    var kind = kind
    kind.dropout = 0.0
    // A maximum has kinks, which differences meet; its gradient has a test of its own.
    if kind.pooling == .max { kind.pooling = .mean }
    let data = kind.cases(7)
    let model = try kind.make(data, range: 0.5)
    let weights: ClassWeights = kind.output == .classes ? .balanced : .none
    let task = try ClassifierTask(model, data, weights: weights, batch: 7)
    let position = StepPosition(epoch: 1, index: 0, step: 0, key: RandomKey(seed: 1))
    func loss() throws -> Double {
      for parameter in model.parameters { parameter.clearGradient() }
      return try task.loss(at: position).mean
    }
    _ = try loss()
    let gradients = model.parameters.map(\.denseGradient)
    for (index, parameter) in model.parameters.enumerated() {
      let direction = RandomKey(seed: 30 + UInt64(index)).uniform(parameter.shape, from: -1, to: 1)
      var (slope, squares) = (0.0, 0.0)
      for (gradient, direction) in zip(gradients[index].scalars, direction.scalars) {
        slope += Double(gradient) * Double(direction)
        squares += Double(gradient) * Double(gradient)
      }
      let (value, step) = (parameter.value, Float(0.004))
      func moved(_ sign: Float) throws -> Double {
        parameter.value = Tensor(
          shape: value.shape,
          scalars: zip(value.scalars, direction.scalars).map { $0 + sign * step * $1 })
        return try loss()
      }
      let difference = try (moved(1) - moved(-1)) / Double(2 * step)
      parameter.value = value
      #expect(abs(difference - slope) < 2e-3 * (squares.squareRoot() + 1), "\(parameter.name)")
    }
  }

  @Test("what is said does not depend on what it is batched with", arguments: ClassifierKind.all)
  func alone(kind: ClassifierKind) throws {
    let data = kind.cases(9)
    let model = try kind.make(data)
    let together = try model.classify(data)
    for (item, answer) in zip(data, together) { #expect(try model.classify([item]) == [answer]) }
    #expect(try model.classify([]).isEmpty)
  }

  @Test("probabilities are those of the softmax and of the logistic function")
  func probabilities() throws {
    let classes = try ClassifierKind().make(ClassifierKind().cases(5))
    guard case .classes(let shares) = classes.classification([1, 2]) else {
      Issue.record("no classes")
      return
    }
    #expect(abs(shares[1] - 1 / (1 + exp(-1))) < 1e-12 && abs(shares[0] + shares[1] - 1) < 1e-12)
    #expect(classes.classification([1e4, -1e4]) == .classes([1, 0]))
    #expect(classes.classification([1, 2]).ranking == [1, 0])
    let kind = ClassifierKind(output: .labels)
    let labels = try kind.make(kind.cases(9))
    #expect(labels.classification([0, 1e4]) == .labels([0.5, 1]))
  }

  @Test("a class counts as it is told: its gradient is so many times as large")
  func weights() throws {
    let kind = ClassifierKind(dropout: 0.0)
    let data = [
      LabelledCase("good", label: "a"), LabelledCase("bad x", label: "b"),
      LabelledCase("bad y", label: "b"), LabelledCase("bad z", label: "b"),
    ]
    let model = try kind.make(data)
    let position = StepPosition(epoch: 1, index: 0, step: 0, key: RandomKey(seed: 1))
    func loss(_ weights: ClassWeights, _ data: [LabelledCase]) throws -> Double {
      try ClassifierTask(model, data, weights: weights, batch: 4).loss(at: position).sum
    }
    let (a, b) = try (loss(.none, [data[0]]), loss(.none, Array(data[1...])))
    #expect(abs(try loss(.given(["a": 3]), data) - (3 * a + b)) < 1e-5)
    // Of four cases and two classes: 4/(2·1) and 4/(2·3).
    #expect(abs(try loss(.balanced, data) - (2 * a + b * 2 / 3)) < 1e-5)
    #expect(throws: ModelError.self) { try loss(.given(["c": 1]), data) }
    #expect(throws: ModelError.self) { try loss(.given(["a": -1]), data) }
    let labels = ClassifierKind(output: .labels)
    let cases = labels.cases(5)
    #expect(throws: ModelError.self) {
      try ClassifierTask(labels.make(cases), cases, weights: .balanced, batch: 4)
    }
  }

  @Test("a long case is read in pieces, and of a very long word its ends are looked at")
  func bounded() throws {
    for kind in [
      ClassifierKind(isBidirectional: false, pooling: .attention),
      ClassifierKind(input: .series, cell: .gru, isBidirectional: false, pooling: .mean),
    ] {
      let data = kind.cases(4)
      let model = try kind.make(data, range: 0.5)
      var long = data[0].content
      switch long {
      case .text:
        long = .text((0..<Classifier.longestPiece + 50).map { "w\($0 % 9)" }.joined(separator: " "))
      case .series(let series):
        long = .series(
          Series(
            width: 2,
            values: (0..<Classifier.longestPiece + 50).flatMap {
              [Float($0 % 7) + 98, series.values[$0 % series.values.count]]
            }))
      }
      let pieces = model.outputs(of: [long])[0]
      let whole = model.outputs(of: model.sequences([long]).batch([0]), mode: .prediction)
      for (piece, output) in zip(pieces, whole.value.scalars) {
        #expect(abs(piece - output) < 1e-4 * max(1, abs(output)))
      }
    }
    // In both directions each piece is read by itself, and they are equal.
    let both = ClassifierKind(input: .series, isBidirectional: true, pooling: .mean)
    let reader = try both.make(both.cases(4), range: 0.5)
    let half = (Classifier.longestPiece + 50) / 2
    let series = Series(width: 2, values: (0..<4 * half).map { Float($0 % 7) + 98 })
    let halves = reader.outputs(of: [.series(series[0..<half]), .series(series[half..<2 * half])])
    for (index, output) in reader.outputs(of: [.series(series)])[0].enumerated() {
      // A mean goes through the output layer as it is.
      #expect(abs(output - (halves[0][index] + halves[1][index]) / 2) < 1e-4 * max(1, abs(output)))
    }
    #expect(equalPieces(of: 2001, longest: 2000) == [0..<1000, 1000..<2001])
    #expect(equalPieces(of: 2000, longest: 2000) == [0..<2000])
    #expect(equalPieces(of: 0, longest: 2000).isEmpty)

    let kind = ClassifierKind(lookUp: nil, characters: 3)
    let model = try kind.make(kind.cases(4))
    let ends = (String(repeating: "go", count: 16), String(repeating: "ba", count: 16))
    let long = ends.0 + String(repeating: "d", count: 100_000) + ends.1
    #expect(
      model.outputs(of: [.text("w1 " + long)])
        == model.outputs(of: [.text("w1 " + ends.0 + ends.1)]))
    // A text without words is one that nobody knows.
    #expect(model.outputs(of: [.text("")]) == model.outputs(of: [.text(" \t")]))
    #expect(model.outputs(of: [.text("")])[0].allSatisfy { $0.isFinite })
  }

  @Test("words in lower case, rare ones and characters are looked up as they should be")
  func lookUps() throws {
    let data = [LabelledCase("Good good x", label: "a"), LabelledCase("bad bad", label: "b")]
    let model = try ClassifierKind(lowercases: true, minimumCount: 2).make(data)
    #expect(model.vocabulary?.tokens == ["<unk>", "bad", "good"])
    #expect(
      model.outputs(of: [.text("GOOD new")]) == model.outputs(of: [.text("good x")]))
    let characters = try ClassifierKind(input: .characters).make(data)
    #expect(characters.vocabulary?.contains(" ") == true)
    #expect(characters.vocabulary?.contains("good") == false)
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch { return "\(error)" }
  }

  @Test("labels and contents that do not fit are refused, with their line")
  func refusals() throws {
    let texts = ClassifierKind().cases(6)
    let model = try ClassifierKind().make(texts)
    let series = ClassifierKind(input: .series)
    let reader = try series.make(series.cases(4))
    var unseen = LabelledCase("good", label: "c", line: 7)
    unseen.file = "f"
    #expect(
      message { _ = try model.evaluate([unseen]) }
        == "f:7: the label \"c\" does not occur in the training data, expected one of its 2")
    #expect(
      message { _ = try ClassifierTask(model, texts, validation: [unseen], batch: 2) }
        .contains("f:7"))
    unseen.label = ""
    #expect(message { _ = try model.evaluate([unseen]) } == "f:7: the label is empty, expected one")
    #expect(
      message { _ = try reader.classify([unseen]) } == "f:7: a text, expected a series")
    let wide = LabelledCase(
      content: .series(Series(width: 3, values: [1, 2, 3])), label: "up", line: 3, file: "f")
    #expect(
      message { _ = try reader.classify([wide]) } == "f:3: a series of 3 dimensions, expected 2")
    #expect(
      message { _ = try model.classify([wide]) } == "f:3: a series, expected a text")
    let number = ClassifierKind(output: .number)
    #expect(
      message { _ = try number.make([LabelledCase("a", label: "x", line: 2)]) }
        .hasSuffix(":2: the label is \"x\", expected a finite number"))
    let labels = ClassifierKind(output: .labels)
    for (label, words) in [("a||b", "is empty"), ("a|a", "twice")] {
      #expect(message { _ = try labels.make([LabelledCase("a", label: label)]) }.contains(words))
    }
    #expect(throws: CorpusError.noSentences) { try ClassifierKind().make([]) }
  }

  @Test("what is counted, by hand")
  func metrics() {
    var matrix = ConfusionMatrix(classes: 3)
    for (expected, predicted) in [(0, 0), (0, 1), (1, 1), (1, 1), (1, 0)] {
      matrix.add(expected: expected, predicted: predicted)
    }
    #expect(matrix.counts == [[1, 1, 0], [1, 2, 0], [0, 0, 0]])
    #expect(matrix.accuracy == 0.6 && matrix.total == 5)
    let scores = matrix.scores
    #expect(scores[0].precision == 0.5 && scores[0].recall == 0.5 && scores[0].f1 == 0.5)
    #expect(abs(scores[1].precision - 2.0 / 3) < 1e-15 && scores[2].f1 == 0)
    #expect(matrix.correct == 3 && scores[1].expected == 3 && scores[1].predicted == 3)
    // The third class is neither expected nor predicted.
    #expect(abs(matrix.macroF1 - (0.5 + 2.0 / 3) / 2) < 1e-15)
    // One of an unknown class is wrong, whatever it is called, and the third class is now predicted.
    matrix.add(predicted: 1)
    matrix.add(predicted: 2)
    #expect(matrix.total == 7 && matrix.correct == 3)
    #expect(matrix.counts == [[1, 1, 0], [1, 2, 0], [0, 0, 0]])
    #expect(abs(matrix.macroF1 - (0.5 + 4.0 / 7 + 0) / 3) < 1e-15)
    #expect(ConfusionMatrix(classes: 3).macroF1 == 0)
    #expect(ConfusionMatrix(classes: 3).accuracy == 0)
    // A table of so many would not fit in memory.
    var wide = ConfusionMatrix(classes: 200_000)
    wide.add(expected: 199_999, predicted: 199_999)
    #expect(wide.accuracy == 1 && wide.macroF1 == 1)

    var sets = LabelSetScores(labels: 2)
    sets.add(expected: [0], predicted: [0, 1])
    sets.add(expected: [], predicted: [])
    sets.add(expected: [0, 1], predicted: [1])
    #expect(abs(sets.exactShare - 1.0 / 3) < 1e-15)
    // Right: 0 once, 1 once; of 3 expected and 3 predicted.
    #expect(abs(sets.micro.f1 - 2.0 / 3) < 1e-15)
    #expect(abs(sets.macroF1 - 2.0 / 3) < 1e-15)

    var numbers = RegressionScores()
    #expect(numbers.r2 == nil && numbers.rmse == 0)
    for (expected, predicted) in [(1.0, 1.0), (2, 4), (3, 3), (6, 5)] {
      numbers.add(expected: expected, predicted: predicted)
    }
    #expect(abs(numbers.rmse - (5.0 / 4).squareRoot()) < 1e-15 && numbers.mae == 0.75)
    // Σ(y - 3)² = 4 + 1 + 0 + 9.
    #expect(abs(numbers.r2! - (1 - 5.0 / 14)) < 1e-15)
    let steady = Standardization(width: 2, of: [Series(width: 2, values: [1, 5, 3, 5])])
    #expect(steady.means == [2, 5] && steady.deviations == [1, 1])
    #expect(steady.standardized([0, 6]) == [-2, 1])
  }
}

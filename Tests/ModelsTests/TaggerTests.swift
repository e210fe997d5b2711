import Corpora
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Tagger")
struct TaggerTests {
  @Test(
    "it learns labels that follow from spelling and context, of words it has never seen too",
    arguments: TaggerOutput.allCases)
  func learns(output: TaggerOutput) throws {
    var kind = TaggerKind(hidden: 8, dropout: 0.0, output: output)
    kind.characters = 6
    let (training, heldOut) = (labelledSentences(120), labelledSentences(40, seed: 5))
    let model = try kind.make(training, range: 0.4)
    let before = try model.evaluate(heldOut).accuracy
    let task = try TaggerTask(model, training, validation: heldOut, batch: 16)
    let trainer = Trainer(
      task, Adam(),
      TrainingPlan(epochs: 12, seed: 1, schedule: RateSchedule(base: 0.03), clipNorm: 5))
    let summary = try trainer.run().summary
    let accuracy = try model.evaluate(heldOut).accuracy
    #expect(before.all.share! < 0.7)
    #expect(accuracy.unknown.total > 40)
    #expect(accuracy.unknown.share! > 0.95 && accuracy.known.share! > 0.97)
    #expect(abs(1 - summary.best!.loss - accuracy.all.share!) < 1e-12)
  }

  @Test(
    "the loss is that of the labels given, and falls along its gradient",
    arguments: TaggerOutput.allCases)
  func gradient(output: TaggerOutput) throws {
    let kind = TaggerKind(dropout: 0.0, output: output)
    let data = labelledSentences(5)
    let model = try kind.make(data, range: 0.5)
    let sentences = model.sequences(data.map(\.words))
    let batch = sentences.batch(Array(0..<5))
    var targets = [Int32](repeating: -1, count: batch.steps * 5)
    for (row, sentence) in data.enumerated() {
      for (step, label) in try model.labelIDs(sentence, refusesUnseen: true).enumerated() {
        targets[step * 5 + row] = label
      }
    }
    func loss(_ mode: Mode) -> (Variable, Double) {
      model.loss(batch, targets: targets, scale: 1, mode: mode)
    }
    let (variable, sum) = loss(.training(RandomKey(seed: 1)))
    #expect(abs(Double(variable.value.scalar) - sum) < 1e-5)
    variable.backward()
    for (index, parameter) in model.parameters.enumerated() {
      let gradient = parameter.denseGradient
      let direction = RandomKey(seed: 30 + UInt64(index)).uniform(parameter.shape, from: -1, to: 1)
      var (slope, squares) = (0.0, 0.0)
      for (gradient, direction) in zip(gradient.scalars, direction.scalars) {
        slope += Double(gradient) * Double(direction)
        squares += Double(gradient) * Double(gradient)
      }
      let norm = squares.squareRoot()
      #expect(norm > 0, "\(parameter.name)")
      let (value, step) = (parameter.value, Float(0.004))
      func moved(_ sign: Float) -> Double {
        parameter.value = Tensor(
          shape: value.shape,
          scalars: zip(value.scalars, direction.scalars).map { $0 + sign * step * $1 })
        return loss(.prediction).1
      }
      let difference = (moved(1) - moved(-1)) / Double(2 * step)
      parameter.value = value
      #expect(abs(difference - slope) < 2e-3 * (norm + 1), "\(parameter.name)")
    }
  }

  @Test(
    "a sentence's scores do not depend on what it is batched with",
    arguments: [
      TaggerKind(), TaggerKind(lookUp: nil, cell: .gru, layers: 2),
      TaggerKind(characters: nil, cell: .lstmPeephole),
    ])
  func alone(kind: TaggerKind) throws {
    let data = labelledSentences(9)
    let model = try kind.make(data)
    func scores(_ chosen: [Int], _ sentences: WordSequences) -> Tensor {
      model.output(model.read(sentences.batch(chosen), mode: .prediction), mode: .prediction).value
    }
    let together = scores(Array(0..<9), model.sequences(data.map(\.words)))
    for (row, sentence) in data.enumerated() {
      let single = scores([0], model.sequences([sentence.words]))
      for step in sentence.words.indices {
        for label in 0..<4 { #expect(together[step, row, label] == single[step, 0, label]) }
      }
    }
    #expect(model.tag(data.map(\.words)) == data.map { model.tag([$0.words])[0] })
  }

  @Test("no sentences, and sentences without words")
  func empty() throws {
    let data = labelledSentences(4)
    let model = try TaggerKind().make(data)
    #expect(model.tag([]) == [] && model.tag([[], []]) == [[], []])
    let found = model.tag([[], data[0].words, []])
    #expect(found == [[], model.tag([data[0].words])[0], []])
    #expect(throws: CorpusError.noSentences) { try TaggerKind().make([]) }
    let nothing = LabelledSentence(words: [], labels: [])
    #expect(throws: CorpusError.noSentences) { try TaggerKind().make([nothing]) }
    #expect(try model.evaluate([nothing]).accuracy == LabelAccuracy())
    let task = try TaggerTask(model, [nothing] + data, batch: 2)
    #expect(task.trainingTokens == data.reduce(0) { $0 + $1.words.count })
  }

  @Test("of a very long word its ends are looked at, and a long sentence is read in equal pieces")
  func bounded() throws {
    let data = labelledSentences(4)
    let model = try TaggerKind(lookUp: nil).make(data)
    let ends = (String(repeating: "ab", count: 16), String(repeating: "cs", count: 16))
    func scores(_ word: String) -> Tensor {
      let sentences = model.sequences([["the", word]])
      return model.read(sentences.batch([0]), mode: .prediction).value
    }
    let long = ends.0 + String(repeating: "e", count: 100_000) + ends.1
    #expect(scores(long) == scores(ends.0 + ends.1))

    let words = (0..<2 * Tagger.longestSentence + 3).map { data[$0 % 4].words[0] }
    let pieces = [0..<667, 667..<1335, 1335..<2003].map { Array(words[$0]) }
    #expect(model.tag([words])[0] == model.tag(pieces).flatMap { $0 })
  }

  @Test("labels of spans obey IOB2 where they are held to it", arguments: TaggerOutput.allCases)
  func constraints(output: TaggerOutput) throws {
    let data = spanSentences(60)
    #expect(LabelConstraints.usual(for: data) == .decoding)
    #expect(LabelConstraints.usual(for: labelledSentences(3)) == .none)
    func faults(_ constraints: LabelConstraints) throws -> Int {
      let model = try TaggerKind(output: output, constraints: constraints).make(data, range: 3)
      let allowed = LabelTransitions(iob2: model.spanLabels!)
      return model.labelIDs(of: data.map(\.words)).count {
        allowed.firstFault(in: $0.lazy.map(Int.init)) != nil
      }
    }
    #expect(try faults(.none) > 10)
    #expect(try faults(.decoding) == 0)
    if output == .crf { #expect(try faults(.training) == 0) }
  }

  @Test("what IOB2 does not allow is not learnt, and its line is named")
  func constraintsInTraining() throws {
    let kind = TaggerKind(output: .crf, constraints: .training)
    var data = spanSentences(20)
    let model = try kind.make(data)
    let task = try TaggerTask(model, data, batch: 20)
    _ = try task.loss(
      at: StepPosition(epoch: 1, index: 0, step: 0, key: RandomKey(seed: 3)))
    let gradient = model.field!.transitions.denseGradient
    let allowed = model.allowed!
    for from in 0..<5 {
      for to in 0..<5 { #expect(allowed.allows(from, to) == (gradient[from, to] != 0)) }
    }

    data[3] = LabelledSentence(
      words: ["a", "b"], labels: ["B-A", "I-B"], lines: [7, 8], file: "f")
    let error = #expect(throws: CorpusError.self) { try TaggerTask(model, data, batch: 2) }
    #expect(
      error?.description
        == "f:8: the label \"I-B\" stands behind \"B-A\", which IOB2 does not allow")
    #expect(LabelConstraints.usual(for: data) == .none)
  }

  @Test("a label that did not occur in training is refused by file and line, or counts as wrong")
  func unseenLabel() throws {
    let data = labelledSentences(30)
    let model = try TaggerKind().make(data)
    var odd = data[0]
    odd.labels[0] = "Z"
    odd.lines[0] = 12
    odd.file = "valid.conllu"
    let message =
      "valid.conllu:12: the label \"Z\" does not occur in the training data, expected one of its 4"
    for attempt in [
      { _ = try model.evaluate([odd]) },
      { _ = try TaggerTask(model, data, validation: [odd], batch: 4) },
    ] {
      let error = #expect(throws: CorpusError.self) { try attempt() }
      #expect(error?.description == message)
    }
    let accuracy = try model.evaluate([odd], refusesUnseen: false).accuracy
    #expect(accuracy.all.total == odd.words.count)
    let right = zip(model.tag([odd.words])[0], odd.labels).count { $0.0 == $0.1 }
    #expect(accuracy.all.correct == right)
    _ = try TaggerTask(model, data, validation: [odd], batch: 4, refusesUnseen: false)
  }

  @Test("evaluation by hand: always the first label")
  func evaluation() throws {
    let model = try TaggerKind().make(spanSentences(30))
    for parameter in model.parameters { parameter.value = Tensor(zeros: parameter.shape) }
    // B-A, whatever was read.
    let label = Int(model.labels.id(of: "B-A")!)
    model.output.bias.value[label] = 1
    let known = model.vocabulary.token(1)
    let evaluation = try model.evaluate([
      LabelledSentence(words: [known, "new", "new"], labels: ["B-A", "O", "B-A"]),
      LabelledSentence(words: [known, known], labels: ["B-A", "I-A"]),
    ])
    #expect(evaluation.sentences == 2)
    #expect(evaluation.accuracy.known == .init(total: 3, correct: 2))
    #expect(evaluation.accuracy.unknown == .init(total: 2, correct: 1))
    #expect(evaluation.spans?.all == .init(correct: 2, expected: 3, predicted: 5))
    #expect(try TaggerKind().make(labelledSentences(9)).evaluate(labelledSentences(2)).spans == nil)
  }

  @Test("words are looked up in lower case and above a count, and spelled as they are")
  func lookUps() throws {
    let data = [
      LabelledSentence(
        words: ["The", "The", "the", "the", "rare", "New York"],
        labels: ["X", "X", "X", "X", "X", "Y"])
    ]
    let model = try TaggerKind(lowercases: true, minimumCount: 2).make(data)
    #expect(model.lookUps.tokens == ["<unk>", "the"])
    let spellings = ["THE", "The", "the", "rare", "other"]
    #expect(model.sequences([spellings]).batch([0]).words.lookUps == [1, 1, 1, 0, 0])
    #expect(model.vocabulary.contains("New York") && model.alphabet.contains("h"))
    #expect(model.alphabet.contains(" ") == false)  // occurs once
    let words = model.sequences([["The", "the", "The"]]).batch([0]).words
    #expect(words.lookUps == [1, 1, 1] && words.slots == [0, 1, 0])
    #expect(words.spellings[0] != words.spellings[1])
  }

  @Test("in training alone, words that occur once are looked up as unknown ones as often as said")
  func wordDropout() throws {
    let words = (0..<400).map { "w\($0)" }
    let model = try TaggerKind(characters: nil).make([
      LabelledSentence(words: words + ["b", "b"], labels: words.map { _ in "X" } + ["Y", "Z"])
    ])
    let sentences = model.sequences([words + ["b", "b"]])
    func unknown(_ rate: Float, _ mode: Mode) -> [Bool] {
      sentences.batch([0], dropout: rate, mode: mode).words.lookUps.map { $0 == 0 }
    }
    let training = Mode.training(RandomKey(seed: 4))
    // 100 of 400, give or take six deviations of 8.7.
    #expect((48...152).contains(unknown(0.25, training).count { $0 }))
    #expect(unknown(0.25, training) == unknown(0.25, training))
    #expect(unknown(0.25, training) != unknown(0.25, .training(RandomKey(seed: 5))))
    #expect(unknown(1, training) == words.map { _ in true } + [false, false])
    #expect(!unknown(1, .prediction).contains(true) && !unknown(0, training).contains(true))
  }
}

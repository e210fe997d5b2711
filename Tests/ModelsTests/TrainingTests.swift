import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("The task of training a language model")
struct LanguageModelTaskTests {
  let text = randomText(lines: 60, seed: 11)

  private func position(_ index: Int, epoch: Int = 1) -> StepPosition {
    StepPosition(epoch: epoch, index: index, step: index, key: RandomKey(seed: 3).child(index))
  }

  @Test("the loss goes down, and is held against that of a uniform guess")
  func lossGoesDown() throws {
    for unit in TextUnit.allCases {
      let model = try makeModel(
        String(repeating: "a b c d\n", count: 40), unit: unit, hidden: 8, dropout: 0.1)
      let task = try LanguageModelTask(
        model, text: String(repeating: "a b c d\n", count: 40), validation: "a b c d\na b c d\n",
        batch: 4, window: 8)
      #expect(task.uniformLoss == log(Double(model.vocabulary.count)))
      let plan = TrainingPlan(epochs: 8, seed: 1, schedule: RateSchedule(base: 0.03), clipNorm: 5)
      let summary = try Trainer(task, Adam(), plan).run().summary
      let losses = summary.epochs.map(\.trainingLoss)
      #expect(losses.last! < losses[0] / 2)
      // All that is to be known is where one is in the line.
      #expect(try #require(summary.best).loss < 0.3)
      #expect(summary.best?.loss == (try model.evaluate("a b c d\na b c d\n").crossEntropy))
    }
  }

  @Test("a text that is too short is an error that says what would fit")
  func tooShort() throws {
    let model = try makeModel("a b\n")
    #expect(throws: CorpusError.tooShort(tokens: 5, batch: 3, largestBatch: 2)) {
      try LanguageModelTask(model, text: "a b a b\n", batch: 3, window: 5)
    }
    #expect(throws: CorpusError.tooShort(tokens: 1, batch: 1, largestBatch: 0)) {
      try LanguageModelTask(model, text: "\n", batch: 1, window: 5)
    }
    #expect(throws: CorpusError.self) {
      try LanguageModelTask(model, text: "a b a b\n", validation: "", batch: 1, window: 5)
    }
    let sentences = try makeModel("a b\n", unit: .sentence)
    #expect(throws: CorpusError.noSentences) {
      try LanguageModelTask(sentences, text: "", batch: 3, window: 5)
    }
    // An empty line is a sentence.
    _ = try LanguageModelTask(sentences, text: "\n", batch: 3, window: 5)
  }

  @Test("steps and tokens of an epoch add up")
  func counts() throws {
    for unit in TextUnit.allCases {
      let model = try makeModel(text, unit: unit)
      let task = try LanguageModelTask(model, text: text, batch: 3, window: 7)
      task.beginEpoch(1, key: RandomKey(seed: 1))
      var tokens = 0
      for index in 0..<task.stepsPerEpoch { tokens += try task.loss(at: position(index)).tokens }
      #expect(tokens == task.tokensPerEpoch)
      let all = try Tokenizer.words.encode(text, with: model.vocabulary).count
      #expect(task.trainingTokens == all)
      // Of a stream, each of the three parts predicts all but its first token.
      #expect(unit == .sentence ? tokens == all : tokens == (all / 3 - 1) * 3)
    }
  }

  @Test("a step's loss is divided by its tokens, or by its sequences")
  func lossUnits() throws {
    let model = try makeModel(text)
    let gradients = try LanguageModelTask.LossUnit.allCases.map { unit in
      let task = try LanguageModelTask(model, text: text, batch: 3, window: 7, lossUnit: unit)
      for parameter in model.parameters { parameter.clearGradient() }
      task.beginEpoch(1, key: RandomKey(seed: 1))
      let loss = try task.loss(at: position(0))
      #expect(loss.tokens == 21)
      return model.parameters.map(\.denseGradient)
    }
    for (token, sequence) in zip(gradients[0], gradients[1]) {
      for (a, b) in zip(token.scalars, sequence.scalars) { #expect(abs(7 * a - b) <= 1e-6) }
    }
  }

  @Test("without dropout the losses of an epoch of streams are those of prediction")
  func trainingIsPrediction() throws {
    let model = try makeModel(text, layers: 2)
    let task = try LanguageModelTask(model, text: text, batch: 1, window: 9)
    task.beginEpoch(1, key: RandomKey(seed: 1))
    let total = try (0..<task.stepsPerEpoch).reduce(0.0) {
      $0 + (try task.loss(at: position($1)).sum)
    }
    let ids = try Tokenizer.words.encode(text, with: model.vocabulary)
    let byStep = model.logProbabilitiesStepByStep(Array(ids.dropFirst()), after: ids[0])
    #expect(abs(total + byStep.reduce(0, +)) < 1e-6 * total)
  }

  @Test("dropout acts in training only, by the step's key")
  func dropout() throws {
    let model = try makeModel(text, layers: 2, dropout: 0.4)
    let task = try LanguageModelTask(model, text: text, validation: text, batch: 2, window: 9)
    func loss(_ key: UInt64) throws -> Double {
      task.beginEpoch(1, key: RandomKey(seed: 1))
      return try task.loss(
        at: StepPosition(epoch: 1, index: 0, step: 0, key: RandomKey(seed: key))
      ).sum
    }
    #expect(try loss(1) == loss(1))
    #expect(try loss(1) != loss(2))
    #expect(try task.validate() == task.validate())
    #expect(try task.validate() == model.evaluate(text).crossEntropy)
  }

  @Test("validation leaves state and gradients as they are")
  func validation() throws {
    let model = try makeModel(text)
    let task = try LanguageModelTask(model, text: text, validation: text, batch: 2, window: 5)
    task.beginEpoch(1, key: RandomKey(seed: 1))
    _ = try task.loss(at: position(0))
    let (state, gradients) = (task.carriedState, model.parameters.map(\.denseGradient))
    #expect(Set(state.keys) == ["layer0.part0", "layer0.part1"])
    _ = try task.validate()
    #expect(task.carriedState == state)
    #expect(model.parameters.map(\.denseGradient) == gradients)
  }

  @Test("a carried state of another form is refused")
  func foreignState() throws {
    let task = try LanguageModelTask(try makeModel(text), text: text, batch: 2, window: 5)
    #expect(throws: TrainingError.foreignCarriedState(names: ["layer0.part0"])) {
      try task.restoreCarriedState(["other": Tensor(zeros: [2, 4])])
    }
    #expect(throws: TrainingError.foreignCarriedState(names: ["layer0.part0"])) {
      try task.restoreCarriedState([
        "layer0.part0": Tensor(zeros: [3, 4]), "layer0.part1": Tensor(zeros: [2, 4]),
      ])
    }
  }

  @Test("tied weights are one parameter whose gradient is the sum of both uses")
  func tied() throws {
    let tied = try makeModel(text, embedding: 4, hidden: 4, tied: true)
    let untied = try makeModel(text, embedding: 4, hidden: 4)
    var values = Dictionary(uniqueKeysWithValues: tied.parameters.map { ($0.name, $0.value) })
    values["decoder.weight"] = values["embedding.weight"]
    for parameter in untied.parameters { parameter.value = values[parameter.name]! }
    #expect(tied.parameterCount + untied.vocabulary.count * 4 == untied.parameterCount)

    var gradients: [[String: Tensor]] = []
    for model in [tied, untied] {
      let task = try LanguageModelTask(model, text: text, batch: 2, window: 9)
      _ = try task.loss(at: position(0))
      gradients.append(
        Dictionary(uniqueKeysWithValues: model.parameters.map { ($0.name, $0.denseGradient) }))
    }
    for (name, gradient) in gradients[0] {
      var expected = gradients[1][name]!.scalars
      if name == "embedding.weight" {
        expected = zip(expected, gradients[1]["decoder.weight"]!.scalars).map(+)
      }
      for (a, b) in zip(gradient.scalars, expected) { #expect(abs(a - b) < 1e-6, "\(name)") }
    }
  }

  @Test("the fingerprint is FNV-1a over the tokens' bytes")
  func fingerprints() {
    #expect(fingerprint([]) == "cbf29ce484222325")
    // Worked out apart from this code.
    #expect(fingerprint([1]) == "ad2aca7747985764")
    #expect(fingerprint([0x0102_0304, -1]) == "8a8e4b80f29e3ee1")
  }
}

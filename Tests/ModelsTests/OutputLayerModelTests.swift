import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("A language model with an output layer for large vocabularies")
struct OutputLayerModelTests {
  static let text = randomText(lines: 40, words: 30)
  static let outputs: [OutputConfiguration] = [
    .sampled(samples: 8), .sampled(samples: 8, .unigram(power: 0.75)), .nce(samples: 8),
    .nce(samples: 8, .unigram(power: 1), learnsNormalizer: false), .adaptive(cutoffs: [6, 15]),
    .adaptive(), .classFactored(classes: 5), .classFactored(),
  ]

  private func model(
    _ output: OutputConfiguration, unit: TextUnit = .stream, isTied: Bool = false,
    range: Float = 0.5
  ) throws -> LanguageModel {
    var builder = VocabularyBuilder(tokenizer: .words, unit: unit)
    builder.add(Self.text)
    return try LanguageModel(
      configuration: LanguageModelConfiguration(
        level: .words, unit: unit, cell: .lstm, embeddingSize: 8, hiddenSize: 8, layers: 1,
        dropout: NetworkDropout(0.1), isTied: isTied, output: output),
      vocabulary: try builder.build(minimumCount: 2), initialization: .uniform(range),
      key: RandomKey(seed: 1))
  }

  @Test(
    "every step's probabilities sum to one, and evaluation and scores are made of them",
    arguments: outputs, TextUnit.allCases)
  func normalised(output: OutputConfiguration, unit: TextUnit) throws {
    let model = try model(output, unit: unit, range: 2)
    var (logits, state) = model.step([0, 3], model.initialState(batch: 2))
    for _ in 0..<3 {
      for row in 0..<2 {
        let count = model.vocabulary.count
        let own = Array(logits.scalars[row * count..<(row + 1) * count])
        let sum = logSoftmax(own).reduce(0) { $0 + exp($1) }
        #expect(abs(sum - 1) < 1e-9)
        // Those of products of softmaxes are logarithms of probabilities as they are.
        if !output.kind.canBeTied {
          #expect(abs(own.reduce(0) { $0 + exp(Double($1)) } - 1) < 1e-5)
        }
      }
      (logits, state) = model.step([5, 1], state)
    }

    let lines = ["w1 w2 w0", "w7", "w3 w29 w0 w0"]
    let scored = try lines.map { try model.score(line: $0).logProbability }
    if unit == .sentence {
      let evaluation = try model.evaluate(lines.joined(separator: "\n") + "\n")
      #expect(
        abs(evaluation.crossEntropy * Double(evaluation.tokens) + scored.reduce(0, +)) < 1e-4)
    }
    // The line as it is predicted token by token, with a softmax in Double.
    let score = try model.score(line: "w1 w2 w0")
    let ids = ["w1", "w2", "w0", "</s>"].map { model.vocabulary.id(of: $0)! }
    let start = unit == .sentence ? model.sentenceMarks.start : model.streamStart
    for (token, expected) in zip(score.tokens, model.logProbabilitiesStepByStep(ids, after: start))
    {
      #expect(abs(token.logProbability - expected) < 1e-5)
    }
  }

  @Test("its file is the model again, bit for bit", arguments: outputs)
  func file(output: OutputConfiguration) throws {
    try withTemporaryFolder { folder in
      for isTied in output.kind.canBeTied ? [false, true] : [false] {
        let model = try model(output, isTied: isTied)
        try model.save(to: folder + "/m.safetensors")
        let copy = try LanguageModel(contentsOf: folder + "/m.safetensors")
        #expect(copy.configuration == model.configuration)
        #expect(
          copy.configuration.output == output.resolved(vocabularySize: model.vocabulary.count))
        #expect(logitsOfSteps(copy) == logitsOfSteps(model))
        #expect(try copy.generated(prompt: "w1", 20) == model.generated(prompt: "w1", 20))
        #expect(try copy.score(line: "w1 w9 w2") == model.score(line: "w1 w9 w2"))
        #expect(try copy.evaluate(Self.text) == model.evaluate(Self.text))
      }
    }
  }

  @Test(
    "training lowers the perplexity, the same on any number of threads and with stops",
    arguments: outputs)
  func training(output: OutputConfiguration) throws {
    try withTemporaryFolder { folder in
      func trained(threads: Int, stopsAt stop: Int? = nil) throws -> [Tensor] {
        try ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
          let plan = TrainingPlan(
            epochs: 4, seed: 2, schedule: RateSchedule(base: 0.02),
            checkpoints: CheckpointPolicy(directory: "\(folder)/\(threads)"))
          let model = try model(output, range: 0.1)
          let before = try model.evaluate(Self.text).perplexity
          func run(resuming: Bool) throws {
            let flag = InterruptFlag()
            let task = try LanguageModelTask(model, text: Self.text, batch: 4, window: 6)
            _ = try Trainer(task, Adam(isLazy: true), plan, interrupt: flag) {
              if case .step(let progress) = $0, !resuming, progress.step == stop { flag.raise() }
            }.run(resuming: resuming)
          }
          try run(resuming: false)
          if stop != nil {
            for parameter in model.parameters { parameter.value = Tensor(zeros: parameter.shape) }
            try run(resuming: true)
          }
          #expect(try model.evaluate(Self.text).perplexity < before)
          return model.parameters.map(\.value)
        }
      }
      let one = try trained(threads: 1)
      #expect(try trained(threads: 2) == one)
      #expect(try trained(threads: 3, stopsAt: 7) == one)
    }
  }

  @Test("the tokens that a batch does not meet keep their vectors and their rows of the output")
  func untouchedRows() throws {
    for output in Self.outputs where output.kind != .adaptive {
      let model = try model(output)
      let task = try LanguageModelTask(model, text: Self.text, batch: 1, window: 3)
      let before = model.parameters.map(\.value)
      var adam: any Optimizer = Adam(isLazy: true)
      task.beginEpoch(1, key: RandomKey(seed: 2))
      for step in 0..<2 {
        for parameter in model.parameters { parameter.clearGradient() }
        _ = try task.loss(
          at: StepPosition(epoch: 1, index: step, step: step, key: RandomKey(seed: 2).child(step)))
        let met = model.parameters.map { parameter -> Set<Int32>? in
          guard case .rows(let rows) = parameter.gradient else { return nil }
          return Set(rows.rows)
        }
        let gradients = model.parameters.map(\.denseGradient)
        let previous = model.parameters.map(\.value)
        adam.step(parameters: model.parameters, rate: 0.1, gradientScale: 1)
        for (index, parameter) in model.parameters.enumerated() {
          guard let met = met[index] else { continue }
          let width = parameter.shape[1]
          let (now, then) = (parameter.value.scalars, previous[index].scalars)
          for row in 0..<parameter.shape[0] {
            let own = row * width..<(row + 1) * width
            if !met.contains(Int32(row)) { #expect(now[own] == then[own], "\(parameter.name)") }
            // A class of one token is certain, and teaches nothing.
            if gradients[index].scalars[own].contains(where: { $0 != 0 }) {
              #expect(now[own] != then[own], "\(parameter.name)")
            }
          }
        }
        let names = zip(model.parameters, met).filter { $0.1 != nil }.map(\.0.name)
        #expect(names == ["embedding.weight", "decoder.weight"])
      }
      #expect(zip(model.parameters, before).contains { $0.value != $1 })
    }
  }

  @Test("what does not go together is refused")
  func refusals() throws {
    func fault(_ output: OutputConfiguration, isTied: Bool = false) -> String? {
      do {
        _ = try model(output, isTied: isTied)
        return nil
      } catch { return "\(error)" }
    }
    for output in Self.outputs {
      #expect((fault(output, isTied: true) == nil) == output.kind.canBeTied)
      #expect(fault(output) == nil)
    }
    #expect(
      fault(.adaptive(), isTied: true)
        == "tied weights need an output with one matrix for all tokens (full, sampled or nce), not "
        + "adaptive")
    #expect(
      fault(.adaptive(cutoffs: [5, 4000]))?.hasPrefix(
        "the cut-offs of an adaptive softmax are below the ") == true)
    #expect(
      fault(.classFactored(classes: 4000))?.hasPrefix("there are at most as many classes as the ")
        == true)
    #expect(fault(.sampled(samples: 0)) == "the number of samples is at least 1, not 0")
    let task = try LanguageModelTask(
      model(.adaptive(), range: 0.1), text: Self.text, batch: 2, window: 3)
    let position = StepPosition(epoch: 1, index: 0, step: 0, key: RandomKey(seed: 1))
    #expect(throws: ModelError.self) { try task.objective(at: position) }
  }
}

import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Translators in training")
struct TranslatorRunTests {
  /// All words of up to three of three letters, and each from behind, in other letters.
  private static let pairs: (sources: [String], targets: [String]) = {
    var words = ["a", "b", "c"]
    var all = words
    for _ in 0..<2 {
      words = words.flatMap { word in "abc".map { word + String($0) } }
      all += words
    }
    return (
      all, all.map { $0.reversed().map { String($0).uppercased() }.joined(separator: " ") }
    )
  }()

  private func translator(
    _ form: DecoderForm = DecoderForm.all[6], dropout: NetworkDropout = NetworkDropout(),
    seed: UInt64 = 1, hidden: Int = 16
  ) throws -> Translator {
    try Translator(
      form.configuration(hidden: hidden, dropout: dropout),
      TranslatorUnits(source: .characters, target: .tokens), learningFrom: Self.pairs.sources,
      Self.pairs.targets, key: RandomKey(seed: seed))
  }

  private func task(
    _ model: Translator, smoothing: Float = 0, sampling: ScheduledSampling? = nil,
    criterion: TranslatorCriterion = .mismatch
  ) throws -> TranslatorTask {
    try TranslatorTask(
      model, sources: Self.pairs.sources, targets: Self.pairs.targets,
      validation: TranslatorValidation(
        sources: Self.pairs.sources, references: Self.pairs.targets.map { [$0] },
        criterion: criterion), batch: 8, smoothing: smoothing, sampling: sampling)
  }

  private func train(
    _ task: TranslatorTask, epochs: Int, rate: Double = 0.02
  ) throws -> TrainingSummary {
    let plan = TrainingPlan(
      epochs: epochs, seed: 3, schedule: RateSchedule(base: rate), clipNorm: 5)
    return try Trainer(task, Adam(), plan).run().summary
  }

  @Test(
    "a toy language is learned, with attention, without, and with its own predictions read",
    arguments: [DecoderForm.all[1], DecoderForm.all[3]], [false, true])
  func learns(form: DecoderForm, samples: Bool) throws {
    let model = try translator(form, hidden: 20)
    let sampling = samples ? ScheduledSampling(share: 0.25, epochs: 5) : nil
    let summary = try train(try task(model, sampling: sampling), epochs: 30)
    #expect(
      summary.best.map { $0.loss < 0.1 } == true, "\(summary.epochs.compactMap(\.validationLoss))")
    let found = try TranslatorEnsemble([model]).translate(["abc"], SearchOptions(beamSize: 3))
    #expect(found[0][0].text == "C B A")
  }

  @Test("validation by BLEU, errors and mismatch is of greedy translations")
  func criteria() throws {
    let model = try translator()
    let found = try TranslatorEnsemble([model]).translate(Self.pairs.sources, .greedy)
      .map { $0[0].text }
    let scores = TranslationScores(of: found, references: Self.pairs.targets.map { [$0] })
    #expect(
      try task(model, criterion: .mismatch).validate() == scores.allErrors.sentenceErrorRate)
    #expect(try task(model, criterion: .errors).validate() == scores.allErrors.tokenErrorRate)
    #expect(try task(model, criterion: .bleu).validate() == 1 - scores.bleuScore.score / 100)
    let losses = model.tokenLosses(
      sources: Self.pairs.sources.map(model.sourceTokens),
      targets: Self.pairs.targets.map(model.targetTokens)
    ).joined()
    let mean = losses.reduce(0) { $0 + Double($1) } / Double(losses.count)
    let loss = try task(model, criterion: .loss).validate() ?? 0
    #expect(abs(loss - mean) < 1e-6)
  }

  @Test("the same seed gives the same model, on one thread and on two, stopped or not")
  func sameRun() throws {
    let rates = NetworkDropout(
      input: 0.1, hidden: 0.1, output: 0.1, recurrent: RecurrentDropout(state: 0.1))
    func weights(_ threads: Int) throws -> [Tensor] {
      try ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        let model = try translator(dropout: rates)
        _ = try train(
          try task(
            model, smoothing: 0.1, sampling: ScheduledSampling(share: 0.5, epochs: 1)), epochs: 2)
        return model.parameters.map(\.value)
      }
    }
    #expect(try weights(1) == weights(2))
  }

  @Test("a translator survives its file, translations and all", arguments: DecoderForm.all)
  func file(form: DecoderForm) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "model.safetensors").path
    let model = try translator(form, dropout: NetworkDropout(0.25))
    try model.save(to: path)
    let read = try Translator(contentsOf: path)
    #expect(read.configuration == model.configuration)
    #expect(read.parameters.map(\.name) == model.parameters.map(\.name))
    #expect(read.parameters.map(\.value) == model.parameters.map(\.value))
    #expect(
      Translator.tensorShapes(model.blueprint).map(\.shape) == model.parameters.map(\.shape))
    let options = SearchOptions(beamSize: 2)
    #expect(
      try TranslatorEnsemble([read]).translate(["abc", ""], options).map { $0[0].hypothesis }
        == TranslatorEnsemble([model]).translate(["abc", ""], options).map { $0[0].hypothesis })
  }

  @Test("vectors and output can be shared, in one vocabulary")
  func sharing() throws {
    var configuration = DecoderForm.all[6].configuration(hidden: 8, isTied: true)
    configuration.encoder.embeddingSize = 8
    configuration.sharesVectors = true
    let model = try Translator(
      configuration,
      TranslatorUnits(source: .bytePairs, target: .bytePairs, merges: 10, isJoint: true),
      learningFrom: ["low lower", "newest"], ["wide widest", "lowest"], key: RandomKey(seed: 1))
    #expect(model.sourceVocabulary == model.targetVocabulary)
    #expect(!model.parameters.contains { $0.name == "target_embedding.weight" })
    #expect(!model.parameters.contains { $0.name == "output.weight" })
    #expect(Set(model.parameters.map(\.name)).count == model.parameters.count)
    #expect(
      Translator.tensorShapes(model.blueprint).map(\.name) == model.parameters.map(\.name))
    #expect(throws: ModelError.self) {
      try Translator(
        configuration, TranslatorUnits(source: .bytePairs, target: .bytePairs, merges: 10),
        learningFrom: ["low"], ["wide"], key: RandomKey(seed: 1))
    }
  }

  @Test("the mean of models is that of their weights, and only of like models")
  func modelMean() throws {
    let (a, b) = (try translator(seed: 1), try translator(seed: 2))
    var mean = try ModelMean(a)
    try mean.add(b, from: "b")
    let expected = zip(a.parameters, b.parameters).map { a, b in
      zip(a.value.scalars, b.value.scalars).map { Float((Double($0) + Double($1)) / 2) }
    }
    #expect(throws: ModelError.self) {
      try mean.add(try translator(DecoderForm.all[0]), from: "c")
    }
    #expect(mean.finish().parameters.map(\.value.scalars) == expected)
  }

  @Test("scheduled sampling rises from nothing to its share")
  func schedules() {
    for shape in ScheduledSampling.Shape.allCases {
      let schedule = ScheduledSampling(share: 0.5, shape: shape, epochs: 4)
      let values = stride(from: 0, through: 6, by: 0.5).map(schedule.probability)
      #expect(abs(values[0]) < 1e-9 && abs(values[8] - 0.5) < 1e-9 && values[12] == values[8])
      #expect(zip(values, values.dropFirst()).allSatisfy { $0 <= $1 })
    }
    #expect(ScheduledSampling(share: 1.5, epochs: 1).fault != nil)
    #expect(ScheduledSampling(share: 0.5, epochs: 0).fault != nil)
  }

  @Test("long pairs are left out, and a batch has no more places than it may")
  func longPairs() throws {
    let model = try translator()
    let task = try TranslatorTask(
      model, sources: Self.pairs.sources, targets: Self.pairs.targets, batch: 64,
      maximumTokens: 20, longest: 2)
    #expect(task.pairCount == 3 + 9 && task.leftOut == 27)
    #expect(task.trainingTokens == 3 * 2 + 9 * 3)
    // No more than six pairs of two letters.
    #expect(task.stepsPerEpoch == 2)
  }

  @Test("what is drawn follows what is said, and depends on the seed and the line alone")
  func sampling() throws {
    let model = try translator(seed: 4)
    let ensemble = try TranslatorEnsemble([model])
    let options = SearchOptions(
      beamSize: 200, best: 200, lengthPenalty: .power(0), maximumLength: 1)
    let drawn = try ensemble.sample(["ab"], Sampling(), options, key: RandomKey(seed: 1))[0]
    let searched = try ensemble.translate(
      ["ab"], SearchOptions(beamSize: 8, best: 6, lengthPenalty: .power(0), maximumLength: 1))[0]
    for found in searched {
      let share = Double(drawn.count { $0.hypothesis.tokens == found.hypothesis.tokens }) / 200
      // What follows the greatest length is not drawn.
      let first = exp(Double(found.hypothesis.tokenLogProbabilities[0]))
      #expect(abs(share - first) < 0.12)
    }
    let pair = try ensemble.sample(
      ["d", "ab"], Sampling(), SearchOptions(beamSize: 3, best: 3), key: RandomKey(seed: 2))[1]
    let alone = try ensemble.sample(
      ["ab"], Sampling(), SearchOptions(beamSize: 3, best: 3), key: RandomKey(seed: 2), first: 1)[0]
    #expect(pair.map(\.hypothesis) == alone.map(\.hypothesis))
  }
}

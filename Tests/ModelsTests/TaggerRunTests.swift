import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("The tagger's runs and files")
struct TaggerRunTests {
  /// Trains and writes the tagger. False if it was interrupted.
  private func train(
    _ kind: TaggerKind, _ data: [LabelledSentence], to path: String, batch: Int = 3,
    checkpoints: CheckpointPolicy? = nil, resuming: Bool = false, interruption: Int? = nil
  ) throws -> Bool {
    let model = try kind.make(data, range: 0.3)
    let task = try TaggerTask(
      model, data, validation: Array(data.prefix(5)), batch: batch, maximumTokens: 200)
    let interrupt = InterruptFlag()
    let trainer = Trainer(
      task, Adam(),
      TrainingPlan(
        epochs: 2, stepLimit: 11, seed: 9, schedule: RateSchedule(base: 0.02, course: .plateau()),
        clipNorm: 1, validationInterval: 4, checkpoints: checkpoints),
      interrupt: interrupt
    ) {
      if case .step(let progress) = $0, progress.step == interruption { interrupt.raise() }
    }
    guard case .finished = try trainer.run(resuming: resuming) else { return false }
    try model.save(to: path)
    return true
  }

  @Test(
    "1, 2 and 3 threads write the same file, byte for byte", arguments: TaggerOutput.allCases)
  func threads(output: TaggerOutput) throws {
    // Large enough for products, dropout and sequences to be shared out.
    var kind = TaggerKind(lookUp: 40, cell: .gru, hidden: 40, layers: 2, output: output)
    kind.characters = 30
    let data = labelledSentences(40, longest: 12)
    try withTemporaryFolder { folder in
      let files = try [1, 2, 3].map { threads in
        try ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
          let isComplete = try train(kind, data, to: "\(folder)/\(threads)", batch: 14)
          #expect(isComplete)
          return try contents("\(folder)/\(threads)")
        }
      }
      #expect(areEqual(files[1], files[0]) && areEqual(files[2], files[0]))
    }
  }

  @Test(
    "a run that is interrupted and resumed ends as one that was not", arguments: [1, 5, 8])
  func resumed(step: Int) throws {
    let kind = TaggerKind(output: .crf, constraints: .training)
    let data = spanSentences(20)
    try withTemporaryFolder { folder in
      let whole = try train(kind, data, to: folder + "/whole")
      let policy = CheckpointPolicy(directory: folder + "/run")
      let part = try train(
        kind, data, to: folder + "/parts", checkpoints: policy, interruption: step)
      #expect(whole && !part)
      let rest = try train(
        kind, data, to: folder + "/parts", checkpoints: policy, resuming: true)
      #expect(rest)
      let files = try ["/whole", "/parts"].map { try contents(folder + $0) }
      #expect(areEqual(files[0], files[1]))
    }
  }

  @Test(
    "a tagger that is saved and read is the same tagger, and so is its file",
    arguments: [
      TaggerKind(), TaggerKind(lookUp: nil, output: .crf),
      TaggerKind(
        characters: nil, lowercases: true, minimumCount: 2, wordDropout: 0, cell: .gruNorm,
        layers: 2, dropout: NetworkDropout(input: 0.1, output: 0.3, isVariational: true)),
    ])
  func roundTrip(kind: TaggerKind) throws {
    let data = labelledSentences(9) + [LabelledSentence(words: ["É \"\\"], labels: ["<unk>"])]
    try withTemporaryFolder { folder in
      let model = try kind.make(data, column: .xpos)
      try model.save(to: folder + "/first")
      #expect(try ModelTask(ofFile: folder + "/first") == .tagger)
      let copy = try Tagger(contentsOf: folder + "/first")
      #expect(copy.configuration == model.configuration && copy.column == .xpos)
      #expect(copy.vocabulary == model.vocabulary && copy.alphabet == model.alphabet)
      #expect(copy.labels == model.labels)
      #expect(copy.parameters.map(\.value) == model.parameters.map(\.value))
      #expect(copy.tag(data.map(\.words)) == model.tag(data.map(\.words)))
      try copy.save(to: folder + "/second")
      let files = try ["/first", "/second"].map { try contents(folder + $0) }
      #expect(areEqual(files[0], files[1]))
      #expect(throws: ModelError.self) { try LanguageModel(contentsOf: folder + "/first") }
    }
  }

  @Test("a file that contradicts itself is refused in one line")
  func contradictions() throws {
    let data = spanSentences(9)
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try TaggerKind(output: .crf, constraints: .decoding).make(data).save(to: path)
      let parts = try ModelParts(path)
      for (old, new) in [
        ("\"hidden_size\":5", "\"hidden_size\":6"), ("\"hidden_size\":5", "\"hidden_size\":0"),
        ("\"output\":\"crf\"", "\"output\":\"softmax\""), ("\"B-A\"", "\"NOUN\""),
        ("\"task\":\"tagger\"", "\"task\":\"language-model\""), ("\"<s>\",", ""),
        ("\"embedding_size\":4", "\"embedding_size\":-4"),
        ("\"constraints\":\"decoding\"", "\"constraints\":\"always\""),
      ] {
        var damaged = parts
        damaged.replace(old, new)
        try damaged.write(to: path)
        let error = #expect(throws: (any Error).self) { try Tagger(contentsOf: path) }
        #expect(
          error.map(isReadingError) == true, "\(old) → \(new): \(error.map { "\($0)" } ?? "")")
      }
    }
  }

  @Test("files damaged at random are refused or read, without harm")
  func fuzz() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try TaggerKind(output: .crf, constraints: .decoding).make(spanSentences(3)).save(to: path)
      let original = try contents(path)
      var random = Random(state: 3)
      for _ in 0..<300 {
        try write(ModelFuzzTests.mutate(original, &random), to: path)
        do {
          let model = try Tagger(contentsOf: path)
          _ = model.tag([["a", "B"], []])
        } catch {
          #expect(isReadingError(error), "\(error)")
        }
      }
    }
  }

  @Test(
    "configurations that make no tagger",
    arguments: [
      (TaggerKind(lookUp: nil, characters: nil), "words need vectors"),
      (TaggerKind(lookUp: 0), "embedding size"), (TaggerKind(characters: 0), "character"),
      (TaggerKind(minimumCount: 0), "least count"), (TaggerKind(wordDropout: 1.5), "word dropout"),
      (TaggerKind(hidden: 0), "hidden units"), (TaggerKind(layers: 0), "layers"),
      (TaggerKind(dropout: NetworkDropout(input: 1)), "input dropout"),
      (TaggerKind(constraints: .training), "constraints"),
      (TaggerKind(constraints: .decoding), "B-X"),
    ])
  func faults(kind: TaggerKind, words: String) {
    let error = #expect(throws: ModelError.self) { try kind.make(labelledSentences(3)) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}

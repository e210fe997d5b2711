import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("The classifier's runs and files")
struct ClassifierRunTests {
  /// Trains and writes the classifier. False if it was interrupted.
  private func train(
    _ kind: ClassifierKind, _ data: [LabelledCase], to path: String, batch: Int = 3,
    checkpoints: CheckpointPolicy? = nil, resuming: Bool = false, interruption: Int? = nil
  ) throws -> Bool {
    let model = try kind.make(data, range: 0.3)
    let task = try ClassifierTask(
      model, data, validation: Array(data.prefix(5)), criterion: .loss, batch: batch,
      maximumTokens: 200)
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
    "1, 2 and 3 threads write the same file, byte for byte",
    arguments: [
      ClassifierKind(lookUp: 40, characters: 20, cell: .gru, hidden: 40, pooling: .attention),
      ClassifierKind(
        input: .series, cell: .window, hidden: 40, layers: 2, pooling: .max, output: .number),
    ])
  func threads(kind: ClassifierKind) throws {
    let data = kind.cases(40)
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
    let kind = ClassifierKind(wordDropout: 0.5, pooling: .attention)
    let data = kind.cases(20)
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
    "a classifier that is saved and read is the same classifier, and so is its file",
    arguments: ClassifierKind.all)
  func roundTrip(kind: ClassifierKind) throws {
    let data = kind.cases(9)
    try withTemporaryFolder { folder in
      let model = try kind.make(data)
      try model.save(to: folder + "/first")
      #expect(try ModelTask(ofFile: folder + "/first") == .classifier)
      let copy = try Classifier(contentsOf: folder + "/first")
      #expect(copy.configuration == model.configuration)
      #expect(copy.vocabulary == model.vocabulary && copy.alphabet == model.alphabet)
      #expect(copy.labels == model.labels)
      #expect(copy.scale == model.scale && copy.target == model.target)
      #expect(copy.parameters.map(\.value) == model.parameters.map(\.value))
      #expect(try copy.classify(data) == model.classify(data))
      try copy.save(to: folder + "/second")
      let files = try ["/first", "/second"].map { try contents(folder + $0) }
      #expect(areEqual(files[0], files[1]))
      #expect(throws: ModelError.self) { try Tagger(contentsOf: folder + "/first") }
      let expected = Classifier.tensorShapes(model.blueprint)
      #expect(expected.map(\.name) == model.parameters.map(\.name))
      #expect(expected.map(\.shape) == model.parameters.map(\.shape))
    }
  }

  @Test("a file that contradicts itself is refused in one line")
  func contradictions() throws {
    let (texts, series) = (
      ClassifierKind(characters: 3, pooling: .attention),
      ClassifierKind(input: .series, output: .number)
    )
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      for (kind, old, new) in [
        (texts, "\"hidden_size\":5", "\"hidden_size\":6"),
        (texts, "\"pooling\":\"attention\"", "\"pooling\":\"max\""),
        (texts, "\"pooling\":\"attention\"", "\"pooling\":\"most\""),
        (texts, "\"attention_size\":3", "\"attention_size\":0"),
        (texts, "\"output\":\"classes\"", "\"output\":\"number\""),
        (texts, "\"input\":\"words\"", "\"input\":\"series\""),
        (texts, "\"input\":\"words\"", "\"input\":\"characters\""), (texts, "\"<s>\",", ""),
        (series, "\"deviations\":[", "\"deviations\":[-"), (series, "\"means\":[", "\"means\":[1,"),
        (series, "\"output\":\"number\"", "\"output\":\"classes\""),
      ] {
        try kind.make(kind.cases(9)).save(to: path)
        var damaged = try ModelParts(path)
        damaged.replace(old, new)
        try damaged.write(to: path)
        let error = #expect(throws: (any Error).self) { try Classifier(contentsOf: path) }
        #expect(
          error.map(isReadingError) == true, "\(old) → \(new): \(error.map { "\($0)" } ?? "")")
      }
    }
  }

  @Test("files damaged at random are refused or read, without harm")
  func fuzz() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      let kind = ClassifierKind(input: .series, pooling: .attention)
      let data = kind.cases(4)
      try kind.make(data).save(to: path)
      let original = try contents(path)
      var random = Random(state: 3)
      for _ in 0..<200 {
        try write(ModelFuzzTests.mutate(original, &random), to: path)
        do {
          let model = try Classifier(contentsOf: path)
          if model.scale?.width == 2 { _ = try model.classify(data) }
        } catch {
          #expect(isReadingError(error), "\(error)")
        }
      }
    }
  }

  @Test(
    "configurations that make no classifier",
    arguments: [
      (ClassifierKind(lookUp: nil), "words need vectors"), (ClassifierKind(lookUp: 0), "embedding"),
      (ClassifierKind(input: .characters, characters: 3), "only words are composed"),
      (ClassifierKind(minimumCount: 0), "least count"), (ClassifierKind(hidden: 0), "hidden units"),
      (ClassifierKind(wordDropout: 1.5), "word dropout"), (ClassifierKind(layers: 0), "layers"),
      (ClassifierKind(dropout: NetworkDropout(input: 1)), "input dropout"),
    ])
  func faults(kind: ClassifierKind, words: String) {
    let error = #expect(throws: ModelError.self) { try kind.make(labelledTexts(3)) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}

import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Runs and files of the classifier of trees")
struct TreeRunTests {
  /// Trains on trees of a bank, or on made ones, and writes the classifier. False if it was interrupted.
  private func train(
    _ kind: TreeKind, makes: Bool = false, to path: String, batch: Int = 6,
    checkpoints: CheckpointPolicy? = nil, resuming: Bool = false, interruption: Int? = nil
  ) throws -> Bool {
    let bank = treeBank(30).taken(kind.reading)
    let model = try kind.make(bank, range: 0.3)
    let heldOut = treeBank(9, seed: 4).taken(kind.reading)
    let task =
      makes
      ? try TreeClassifierTask(
        model,
        TreeGenerator(epochCount: 30, name: "made") {
          treeBank(1, seed: UInt64(100 + $0)).taken(kind.reading).trees[0]
        }, validation: heldOut, batch: batch)
      : try TreeClassifierTask(model, bank, validation: heldOut, batch: batch)
    let interrupt = InterruptFlag()
    let trainer = Trainer(
      task, Adam(),
      TrainingPlan(
        epochs: 3, stepLimit: 11, seed: 9, schedule: RateSchedule(base: 0.02, course: .plateau()),
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
    "1, 2 and 3 threads write the same file, byte for byte", arguments: TreeCellKind.allCases,
    [false, true])
  func threads(cell: TreeCellKind, makes: Bool) throws {
    var kind = TreeKind(cell: cell, targets: .nodes, lookUp: 40, wordDropout: 0.3, hidden: 30)
    kind.characters = 5
    kind.dropout = 0.2
    try withTemporaryFolder { folder in
      let files = try [1, 2, 3].map { threads in
        try ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
          let isComplete = try train(
            kind, makes: makes, to: "\(folder)/\(threads)", batch: 14)
          #expect(isComplete)
          return try contents("\(folder)/\(threads)")
        }
      }
      #expect(areEqual(files[1], files[0]) && areEqual(files[2], files[0]))
    }
  }

  @Test(
    "a run that is interrupted and resumed ends as one that was not", arguments: [1, 5, 8],
    [false, true])
  func resumed(step: Int, makes: Bool) throws {
    let kind = TreeKind(cell: .nary, targets: .nodes, wordDropout: 0.3, dropout: 0.2)
    try withTemporaryFolder { folder in
      let whole = try train(kind, makes: makes, to: folder + "/whole")
      let policy = CheckpointPolicy(directory: folder + "/run")
      let part = try train(
        kind, makes: makes, to: folder + "/parts", checkpoints: policy, interruption: step)
      #expect(whole && !part)
      let rest = try train(
        kind, makes: makes, to: folder + "/parts", checkpoints: policy, resuming: true)
      #expect(rest)
      let files = try ["/whole", "/parts"].map { try contents(folder + $0) }
      #expect(areEqual(files[0], files[1]))
    }
  }

  @Test(
    "a classifier that is saved and read is the same one, and so is its file",
    arguments: [
      TreeKind(),
      TreeKind(
        cell: .nary, reading: .binary, targets: .nodes, lookUp: nil, characters: 3, arity: 2),
      TreeKind(
        cell: .recursive, lowercases: true, minimumCount: 2, wordDropout: 0.5, dropout: 0.1),
    ])
  func roundTrip(kind: TreeKind) throws {
    let bank = treeBank(9).taken(kind.reading)
    try withTemporaryFolder { folder in
      let model = try kind.make(bank)
      try model.save(to: folder + "/first")
      #expect(try ModelTask(ofFile: folder + "/first") == .treeClassifier)
      let copy = try TreeClassifier(contentsOf: folder + "/first")
      #expect(copy.configuration == model.configuration)
      #expect(copy.vocabulary == model.vocabulary && copy.alphabet == model.alphabet)
      #expect(copy.labels == model.labels)
      #expect(copy.parameters.map(\.value) == model.parameters.map(\.value))
      #expect(try copy.probabilities(of: bank) == model.probabilities(of: bank))
      try copy.save(to: folder + "/second")
      let files = try ["/first", "/second"].map { try contents(folder + $0) }
      #expect(areEqual(files[0], files[1]))
      #expect(throws: ModelError.self) { try Tagger(contentsOf: folder + "/first") }
    }
  }

  @Test("a file that contradicts itself is refused in one line")
  func contradictions() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try TreeKind(cell: .nary, targets: .nodes).make(treeBank(9)).save(to: path)
      let parts = try ModelParts(path)
      for (old, new) in [
        ("\"hidden_size\":5", "\"hidden_size\":6"), ("\"hidden_size\":5", "\"hidden_size\":0"),
        ("\"cell\":\"n-ary\"", "\"cell\":\"child-sum\""), ("\"arity\":3", "\"arity\":0"),
        ("\"arity\":3", "\"arity\":900000000"), ("\"targets\":\"nodes\"", "\"targets\":\"all\""),
        ("\"task\":\"tree-classifier\"", "\"task\":\"tagger\""), ("\"<s>\",", ""),
        ("\"embedding_size\":4", "\"embedding_size\":-4"),
      ] {
        var damaged = parts
        damaged.replace(old, new)
        try damaged.write(to: path)
        let error = #expect(throws: (any Error).self) { try TreeClassifier(contentsOf: path) }
        #expect(
          error.map(isReadingError) == true, "\(old) → \(new): \(error.map { "\($0)" } ?? "")")
      }
    }
  }

  @Test("files damaged at random are refused or read, without harm")
  func fuzz() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      let bank = treeBank(3)
      try TreeKind(cell: .nary).make(bank).save(to: path)
      let original = try contents(path)
      var random = Random(state: 3)
      for _ in 0..<300 {
        try write(ModelFuzzTests.mutate(original, &random), to: path)
        do {
          let model = try TreeClassifier(contentsOf: path)
          _ = try? model.probabilities(of: bank)
        } catch {
          #expect(isReadingError(error), "\(error)")
        }
      }
    }
  }
}

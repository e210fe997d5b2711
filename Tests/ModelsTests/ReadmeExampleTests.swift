import Corpora
import Learning
import Models
import Tensors
import Testing

@Suite("The README's example")
struct ReadmeExampleTests {
  /// As in the README, but for the sizes and the paths.
  @Test("trains, saves, reads, evaluates and generates")
  func example() throws {
    try withTemporaryFolder { folder in
      try write(Array(randomText(lines: 60).utf8), to: folder + "/shakespeare.txt")

      let text = try TextFile.read(folder + "/shakespeare.txt")
      var builder = VocabularyBuilder(tokenizer: .characters)
      builder.add(text)
      let model = try LanguageModel(
        configuration: LanguageModelConfiguration(
          level: .characters, cell: .lstm, embeddingSize: 4, hiddenSize: 8, layers: 2,
          dropout: 0.2),
        vocabulary: builder.build(), key: RandomKey(seed: 1).child(0))

      let task = try LanguageModelTask(model, text: text, batch: 8, window: 10)
      let plan = TrainingPlan(
        epochs: 2, seed: 1, schedule: RateSchedule(base: 0.002), clipNorm: 5)
      let trainer = Trainer(task, Adam(), plan) { event in
        if case .epochEnded(let epoch) = event { #expect(epoch.trainingLoss > 0) }
      }
      _ = try trainer.run()
      try model.save(to: folder + "/shakespeare.safetensors")

      let copy = try LanguageModel(contentsOf: folder + "/shakespeare.safetensors")
      #expect(try copy.evaluate("w1 w2\n").perplexity > 1)
      var emitted = ""
      try copy.generate(
        prompt: "w1", length: 20, sampling: Sampling(temperature: 0.8), key: RandomKey(seed: 2)
      ) { piece in
        emitted += piece
        return true
      }
      #expect(emitted.unicodeScalars.count == 20)
    }
  }
}

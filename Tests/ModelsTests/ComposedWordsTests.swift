import Corpora
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("A language model of composed words")
struct ComposedWordsTests {
  static let text = "the cat sat on the mat\nthe dog sat on the cat\na cat\n"

  private func model(
    _ unit: TextUnit = .stream, looksUp: Bool = false, minimumCount: Int = 1
  ) throws -> LanguageModel {
    var builder = VocabularyBuilder(tokenizer: .words, unit: unit)
    builder.add(Self.text)
    return try LanguageModel(
      configuration: LanguageModelConfiguration(
        level: .words, unit: unit, cell: .lstm, embeddingSize: 4,
        characters: CharacterConfiguration(embeddingSize: 3, hiddenSize: 5, outputSize: 4),
        looksWordsUp: looksUp, hiddenSize: 6, layers: 1),
      vocabulary: try builder.build(minimumCount: minimumCount), initialization: .uniform(1.5),
      key: RandomKey(seed: 1))
  }

  @Test("words that it has never seen have vectors of their own", arguments: TextUnit.allCases)
  func unseenWords(unit: TextUnit) throws {
    let model = try model(unit)
    // The same model without the words beyond its vocabulary would not tell these lines apart.
    let scores = try ["cats", "dogs", "<unk>"].map {
      try model.score(line: "\($0) sat").tokens.last!.logProbability
    }
    #expect(Set(scores).count == 3)
    #expect(try model.score(line: "cats").tokens[0].token == "<unk>")
    let evaluation = try model.evaluate("cats sat\nthe dogs\n")
    #expect(evaluation.unknownTokens == 2 && evaluation.tokens == 6)
  }

  @Test("evaluation counts what scores say, line by line")
  func evaluation() throws {
    let model = try model(.sentence, looksUp: true)
    let lines = ["the cats sat", "a dog", "some dogs"]
    let scored = try lines.map { try model.score(line: $0).logProbability }.reduce(0, +)
    let evaluation = try model.evaluate(lines.joined(separator: "\n") + "\n")
    #expect(abs(evaluation.crossEntropy * Double(evaluation.tokens) + scored) < 1e-4)
  }

  @Test("its file is the model again, bit for bit", arguments: [false, true])
  func file(looksUp: Bool) throws {
    try withTemporaryFolder { folder in
      let model = try model(looksUp: looksUp, minimumCount: 2)
      try model.save(to: folder + "/m.safetensors")
      let copy = try LanguageModel(contentsOf: folder + "/m.safetensors")
      #expect(copy.configuration == model.configuration)
      #expect(copy.lexicon?.alphabet == model.lexicon?.alphabet)
      #expect(try copy.score(line: "cats sit") == model.score(line: "cats sit"))
      #expect(model.parameters.contains { $0.name == "embedding.weight" } == looksUp)
    }
  }

  @Test("it continues a prompt of unseen words")
  func generation() throws {
    let model = try model()
    func continued(_ prompt: String) throws -> String {
      var text = ""
      try model.generate(prompt: prompt, length: 80, key: RandomKey(seed: 3)) {
        text += $0
        return true
      }
      return text
    }
    #expect(try continued("cats") == continued("cats"))
    #expect(try continued("cats dogs mats") != continued("the the the the"))
  }

  @Test("training lowers the loss, and a run that was stopped goes on as if it had not been")
  func training() throws {
    try withTemporaryFolder { folder in
      var models: [LanguageModel] = []
      for stop in [nil, 4] as [Int?] {
        let model = try model(looksUp: stop != nil, minimumCount: 2)
        let plan = TrainingPlan(epochs: 20, seed: 2, schedule: RateSchedule(base: 0.02))
        let before = try model.evaluate(Self.text).crossEntropy
        let task = try LanguageModelTask(model, text: Self.text, batch: 2, window: 4)
        _ = try Trainer(task, Adam(), plan).run()
        #expect(try model.evaluate(Self.text).crossEntropy < before - 0.5)
      }
      for stop in [nil, 3] as [Int?] {
        let model = try model(minimumCount: 2)
        let plan = TrainingPlan(
          epochs: 3, seed: 2, schedule: RateSchedule(base: 0.02),
          checkpoints: CheckpointPolicy(directory: "\(folder)/\(stop ?? 0)"))
        let flag = InterruptFlag()
        let task = try LanguageModelTask(model, text: Self.text, batch: 2, window: 4)
        _ = try Trainer(task, Adam(), plan, interrupt: flag) {
          if case .step(let progress) = $0, progress.step == stop { flag.raise() }
        }.run()
        if stop != nil {
          let again = try LanguageModelTask(model, text: Self.text, batch: 2, window: 4)
          _ = try Trainer(again, Adam(), plan).run(resuming: true)
        }
        models.append(model)
      }
      #expect(models[0].parameters.map(\.value) == models[1].parameters.map(\.value))
    }
  }

  @Test("what cannot be composed is refused")
  func refusals() throws {
    var vocabulary = try Vocabulary(tokens: ["<unk>", "</s>", "a"])
    var configuration = LanguageModelConfiguration(
      level: .words, cell: .lstm, embeddingSize: 4,
      characters: CharacterConfiguration(outputSize: 4), hiddenSize: 4, layers: 1)
    func fault() -> String? {
      do throws(ModelError) {
        _ = try LanguageModel(
          configuration: configuration, vocabulary: vocabulary, key: RandomKey(seed: 1))
        return nil
      } catch { return error.description }
    }
    #expect(fault() == nil)
    configuration.isTied = true
    #expect(fault() == "tied weights need words that are only looked up, not composed")
    configuration.isTied = false
    configuration.looksWordsUp = false
    configuration.characters?.outputSize = 5
    #expect(
      fault()?.hasPrefix("words that are only composed have vectors of the embedding") == true)
    configuration.characters = nil
    #expect(fault() == "words need vectors from a table, from their characters, or both")
    configuration.characters = CharacterConfiguration(outputSize: 4)
    configuration.level = .characters
    #expect(fault() == "characters compose words, and this is a model of characters")
    configuration.level = .words
    #expect(fault() == nil)
    vocabulary = try Vocabulary(tokens: ["</s>", "a"])
    #expect(
      fault()
        == "a model that composes words needs a vocabulary with <unk>, "
        + "which new words are predicted as")
    configuration.characters = nil
    configuration.looksWordsUp = true
    #expect(fault() == nil)
  }
}

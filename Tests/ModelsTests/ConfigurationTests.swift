import Corpora
import Foundation
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("The architecture of a language model")
struct ConfigurationTests {
  private static let plain = LanguageModelConfiguration(
    level: .words, cell: .rnn, embeddingSize: 3, hiddenSize: 4, layers: 2)

  /// The plain one with one option each.
  private static let options: [LanguageModelConfiguration] = {
    let changes: [(inout LanguageModelConfiguration) -> Void] = [
      { $0.level = .characters }, { $0.unit = .sentence }, { $0.cell = .gruNorm },
      { $0.connections = .residual }, { $0.learnsInitialState = true },
      { $0.dropout = NetworkDropout(0.3) }, { $0.dropout.input = 0.1 },
      { $0.dropout.embedding = 0.1 }, { $0.dropout.isVariational = true },
      { $0.dropout.recurrent.weights = 0.1 }, { $0.dropout.recurrent.state = 0.1 },
      { $0.dropout.recurrent.zoneout = 0.1 }, { $0.vanishingPenalty = 2 }, { $0.isTied = true },
      { $0.output = .sampled(samples: 9, .unigram(power: 0.5)) }, { $0.output = .nce(samples: 9) },
      { $0.output = .adaptive(cutoffs: [2, 3]) }, { $0.output = .classFactored(classes: 2) },
      {
        $0.cell = .lstm
        $0.projection = 2
        $0.dropout.recurrent.candidate = 0.2
      },
    ]
    return changes.map { change in
      var configuration = plain
      change(&configuration)
      return configuration
    }
  }()

  @Test("every option comes back from its file")
  func codable() throws {
    for configuration in Self.options {
      #expect(configuration != Self.plain)
      let data = try JSONEncoder().encode(configuration)
      #expect(
        try JSONDecoder().decode(LanguageModelConfiguration.self, from: data) == configuration)
    }
  }

  @Test("what a model does without is not in its file")
  func leftOut() throws {
    let data = try JSONEncoder().encode(Self.plain)
    let keys = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any]).keys
    #expect(
      keys.sorted() == [
        "cell", "dropout", "embedding_size", "hidden_size", "layers", "level", "tied", "unit",
      ])
  }

  @Test("parameters are counted without making them")
  func counted() throws {
    for configuration in Self.options where configuration.isTied == false {
      var builder = VocabularyBuilder(
        tokenizer: configuration.level, unit: configuration.unit)
      builder.add("a b c d\n")
      let vocabulary = try builder.build()
      let model = try LanguageModel(
        configuration: configuration, vocabulary: vocabulary, key: RandomKey(seed: 1))
      #expect(
        configuration.parameterCount(vocabularySize: vocabulary.count) == model.parameterCount)
    }
  }

  @Test("the penalty on vanishing gradients reaches every layer")
  func penalty() throws {
    func gradients(_ penalty: Float) throws -> [String: Tensor] {
      var configuration = Self.plain
      configuration.vanishingPenalty = penalty
      var builder = VocabularyBuilder(tokenizer: .words)
      builder.add("a b c d\n")
      let model = try LanguageModel(
        configuration: configuration, vocabulary: builder.build(), key: RandomKey(seed: 1))
      model.loss(
        [2, 3, 4, 5, 2, 3], targets: [3, 4, 5, 2, 3, 4], steps: 6, from: nil, scale: 1,
        mode: .training(RandomKey(seed: 2))
      ).loss.backward()
      return Dictionary(
        uniqueKeysWithValues: model.parameters.map { ($0.name, $0.denseGradient) })
    }
    let (plain, penalised) = (try gradients(0), try gradients(3))
    for (name, gradient) in plain {
      #expect((penalised[name] != gradient) == name.contains("weight_hh"), "\(name)")
    }
  }
}

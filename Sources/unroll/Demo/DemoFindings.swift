import Corpora
import Foundation
import Models
import Tensors

/// What the demo finds out about a trained model: held-out figures next to baselines, and samples.
struct DemoFindings {
  struct Baseline {
    var name: String
    var crossEntropy: Double
    var perplexity: Double { exp(crossEntropy) }
  }

  struct Sample {
    var temperature: Double
    var text: String
  }

  var evaluation: Evaluation
  var baselines: [Baseline]
  var samples: [Sample]

  private static let temperatures = [0.5, 0.8, 1.0]

  /// - Parameter sampleLength: characters of a sample.
  init(_ model: LanguageModel, _ text: TextGatherer.Text, sampleLength: Int, seed: UInt64) throws {
    evaluation = try model.evaluate(text.heldOut)
    let level = model.configuration.level
    let training = try level.encode(text.training, with: model.vocabulary)
    let heldOut = try level.encode(text.heldOut, with: model.vocabulary)
    baselines = [(1, "unigram"), (3, "trigram")].map { order, name in
      let baseline = NGramModel(
        order: order, vocabularySize: model.vocabulary.count, training: training)
      return Baseline(name: name, crossEntropy: baseline.crossEntropy(of: heldOut))
    }
    samples = try Self.temperatures.enumerated().map { index, temperature in
      var text = ""
      try model.generate(
        length: sampleLength, sampling: Sampling(temperature: temperature),
        key: RandomKey(seed: seed).child(1).child(index)
      ) { piece in
        text += piece
        return true
      }
      return Sample(temperature: temperature, text: text)
    }
  }
}

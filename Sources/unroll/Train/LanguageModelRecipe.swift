import Corpora
import Learning
import Models
import Recurrent

/// Everything about the training of a language model that its result depends on, checked.
struct LanguageModelRecipe: Equatable {
  var configuration: LanguageModelConfiguration

  var minimumCount: Int
  var vocabularySize: Int?

  var batch: Int
  var bptt: Int
  var variesBPTT: Bool
  var penalty: ActivationPenalty
  var lossUnit: LanguageModelTask.LossUnit
  var learning: LearningRecipe

  var start: StartRecipe
  var seed: UInt64
}

extension LanguageModelRecipe {
  /// The recipe as it stands in the model's record: options and their values, as on the command
  /// line.
  var record: [String: String] { identity.merging(learning.options) { $1 } }

  /// What a checkpoint must agree with, beside what the trainer compares by itself.
  var identity: [String: String] {
    var identity = configuration.options
    identity["batch"] = "\(batch)"
    identity["loss-unit"] = lossUnit.rawValue
    identity.merge(start.options) { $1 }
    if configuration.unit == .stream {
      identity["bptt"] = "\(bptt)"
      identity["vary-bptt"] = variesBPTT ? "true" : nil
    }
    if penalty.activation > 0 { identity["activation-penalty"] = "\(penalty.activation)" }
    if penalty.temporal > 0 { identity["temporal-penalty"] = "\(penalty.temporal)" }
    identity["min-count"] = vocabularySize == nil ? "\(minimumCount)" : nil
    identity["vocabulary-size"] = vocabularySize.map { "\($0)" }
    return identity
  }
}

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
  var epochs: Int
  var steps: Int?
  var validationInterval: Int?
  var patience: Int?

  var optimizer: OptimizerRecipe
  var schedule: RateSchedule

  var start: StartRecipe
  var seed: UInt64
}

extension LanguageModelRecipe {
  /// A fresh optimiser.
  func makeOptimizer() -> any Optimizer { optimizer.kind.make(optimizer.settings) }

  /// The recipe as it stands in the model's record: options and their values, as on the command
  /// line.
  var record: [String: String] {
    var record = identity
    record["epochs"] = "\(epochs)"
    record.merge(optimizer.options) { $1 }
    record["steps"] = steps.map { "\($0)" }
    record["patience"] = patience.map { "\($0)" }
    record["valid-every"] = validationInterval.map { "\($0)" }
    record["warmup"] = schedule.warmupSteps > 0 ? "\(schedule.warmupSteps)" : nil
    switch schedule.course {
    case .constant: record["schedule"] = ScheduleKind.constant.rawValue
    case .exponential(let decay, let afterEpoch):
      record["schedule"] = ScheduleKind.exponential.rawValue
      record["decay"] = "\(decay)"
      record["decay-after"] = "\(afterEpoch)"
    case .plateau(let factor, _):
      record["schedule"] = ScheduleKind.plateau.rawValue
      record["decay"] = "\(factor)"
    case .cosine: record["schedule"] = ScheduleKind.cosine.rawValue
    }
    return record
  }

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

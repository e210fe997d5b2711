import Corpora
import Foundation
import Learning
import Recurrent
import Tensors

/// What a class counts in training.
public enum ClassWeights: Sendable, Equatable {
  /// All cases count alike.
  case none
  /// All classes count alike: N / (C·n) for a class with n of N cases.
  case balanced
  /// So much each, by name; 1 for a class that is not there.
  case given([String: Double])
}

/// What a classifier is judged by as it learns.
public enum ClassifierCriterion: String, Sendable, CaseIterable {
  /// ``ClassifierEvaluation/error``
  case error
  /// The mean of -ln p; for numbers as `error`.
  case loss
}

/// Training a classifier: what a ``Trainer`` asks of it.
///
/// A step is a batch of cases of nearly equal length; the loss is a mean over cases: of -ln p(class), each
/// weighted as its class is, of -ln p(set of labels), or of the squared error in units of the numbers'
/// variance.
public final class ClassifierTask: RecordedTask {
  /// The model in training.
  public let model: Classifier
  /// The number of steps of all cases: words, characters or vectors.
  public var trainingTokens: Int { sequences.lengths.reduce(0, +) }
  /// The hash of cases and labels.
  public let trainingFingerprint: String

  private let sequences: ClassifierSequences
  private let targets: ClassifierTargets
  /// By class; nil where all count alike.
  private let weights: [Float]?
  private var batches: EpochBatches
  private let validation: [LabelledCase]
  private let criterion: ClassifierCriterion

  /// A task of training `model` on `cases`, and validating on `validation`.
  ///
  /// - Parameters:
  ///   - batch: B, cases side by side.
  ///   - maximumTokens: no batch has more places T·B than this, unless one case alone does.
  /// - Throws: `CorpusError` that names the line of a label or a case that is not as it should be, and
  ///   ``ModelError/invalidConfiguration(_:)`` for weights that do not go with the labels.
  public init(
    _ model: Classifier, _ cases: [LabelledCase], validation: [LabelledCase] = [],
    weights: ClassWeights = .none, criterion: ClassifierCriterion = .error, batch: Int,
    maximumTokens: Int? = nil
  ) throws {
    self.model = model
    self.validation = validation
    self.criterion = criterion
    for item in cases + validation { try model.check(item) }
    targets = try ClassifierTargets(cases, for: model)
    _ = try ClassifierTargets(validation, for: model)
    self.weights = try weights.values(model, targets)
    sequences = model.sequences(cases.map(\.content))
    batches = try EpochBatches(
      LengthBatches(
        lengths: sequences.lengths, batch: batch, maximumTokens: maximumTokens))
    trainingFingerprint = LabelledCase.fingerprint(cases)
  }

  public var parameters: [Parameter] { model.parameters }

  public var stepsPerEpoch: Int { batches.count }

  /// A guess that gives every class the same probability, or every label one half; nil for numbers.
  public var uniformLoss: Double? {
    let count = Double(model.labels?.count ?? 0)
    switch model.configuration.output {
    case .classes: return count > 1 ? log(count) * Double(weights?.max() ?? 1) : nil
    case .labels: return count * log(2)
    case .number: return nil
    }
  }

  public func beginEpoch(_ epoch: Int, key: RandomKey) {
    batches.begin(epoch, key: key)
  }

  public func loss(at position: StepPosition) throws -> StepLoss {
    let chosen = batches.examples(at: position)
    let mode = Mode.training(position.key)
    let batch = sequences.batch(
      chosen, dropout: model.configuration.wordDropout, mode: mode.child(-1))
    let losses = losses(model.outputs(of: batch, mode: mode), of: chosen)
    let sum = losses.sum()
    (sum / Float(chosen.count)).backward()
    return StepLoss(sum: Double(sum.value.scalars[0]), tokens: chosen.count)
  }

  /// The losses of `outputs` [B, outputs] of the given cases, whatever their shape.
  private func losses(_ outputs: Variable, of cases: [Int]) -> Variable {
    switch targets {
    case .classes(let classes):
      let losses = outputs.crossEntropy(targets: cases.map { classes[$0] }, reduction: .none)
      guard let weights else { return losses }
      return losses
        * Variable(
          Tensor(shape: [cases.count], scalars: cases.map { weights[Int(classes[$0])] }))
    case .labels(let labels):
      let count = outputs.shape[1]
      var expected = [Float](repeating: 0, count: cases.count * count)
      for (row, index) in cases.enumerated() {
        for label in labels[index] { expected[row * count + Int(label)] = 1 }
      }
      // -ln σ(±o) = max(o, 0) - o y + ln(1 + e^-|o|), in which nothing overflows.
      let y = Variable(Tensor(shape: outputs.shape, scalars: expected))
      return outputs.relu() - outputs * y + (1 + (-outputs.abs()).exp()).log()
    case .numbers(let numbers):
      guard let target = model.target else { preconditionFailure("numbers without a scale") }
      let expected = target.standardized(cases.map { numbers[$0] })
      return outputs.squaredError(
        targets: Tensor(shape: outputs.shape, scalars: expected), reduction: .none)
    }
  }

  public func validate() throws -> Double? {
    guard !validation.isEmpty else { return nil }
    let evaluation = try model.evaluate(validation)
    switch (criterion, evaluation) {
    case (.loss, .classes(_, let loss)), (.loss, .labels(_, let loss)): return loss
    default: return evaluation.error
    }
  }
}

extension ClassWeights {
  /// What each class counts; nil if all count alike.
  fileprivate func values(
    _ model: Classifier, _ targets: ClassifierTargets
  ) throws(ModelError) -> [Float]? {
    if self == .none { return nil }
    guard case .classes(let classes) = targets, let labels = model.labels else {
      throw .invalidConfiguration("weights are for classes, of which each case has one")
    }
    switch self {
    case .none: return nil
    case .balanced:
      var counts = [Int](repeating: 0, count: labels.count)
      for label in classes { counts[Int(label)] += 1 }
      return counts.map { Float(classes.count) / Float(labels.count * max($0, 1)) }
    case .given(let weights):
      for (name, weight) in weights.sorted(by: { $0.key < $1.key }) {
        guard labels.contains(name) else {
          throw .invalidConfiguration(
            "a weight for \(name.debugDescription), which does not occur in the training data")
        }
        guard weight >= 0, weight.isFinite else {
          throw .invalidConfiguration("a weight is at least 0, not \(weight)")
        }
      }
      return labels.tokens.map { Float(weights[$0] ?? 1) }
    }
  }
}

extension LabelledCase {
  /// A hash of all cases and labels, by which the data can be recognised.
  public static func fingerprint(_ cases: [LabelledCase]) -> String {
    Models.fingerprint(
      cases.lazy.flatMap { item -> [Int32] in
        let label = (item.label ?? "").utf8.map(Int32.init) + [-1]
        switch item.content {
        case .text(let text): return label + text.utf8.map(Int32.init) + [-2]
        case .series(let series):
          return label + series.values.map { Int32(bitPattern: $0.bitPattern) } + [-3]
        }
      })
  }
}

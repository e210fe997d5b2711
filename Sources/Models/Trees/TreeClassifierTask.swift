import Corpora
import Learning
import Recurrent
import Tensors

/// Trees that are made as they are asked for, others in every epoch.
public struct TreeGenerator: Sendable {
  /// Trees of an epoch.
  public let epochCount: Int
  /// What makes them, in words; a checkpoint must agree with it.
  public let name: String
  /// Tree number i, from 0; it depends on nothing else.
  public let tree: @Sendable (Int) -> Tree

  /// A generator.
  public init(epochCount: Int, name: String, tree: @escaping @Sendable (Int) -> Tree) {
    precondition(epochCount > 0, "\(epochCount) trees in an epoch")
    self.epochCount = epochCount
    self.name = name
    self.tree = tree
  }

  /// Some trees, made by all threads of the team.
  func bank(_ numbers: Range<Int>) -> TreeBank {
    var trees = [Tree?](repeating: nil, count: numbers.count)
    trees.withUnsafeMutableBufferPointer { trees in
      // Each is written by one thread alone.
      nonisolated(unsafe) let trees = trees
      ThreadTeam.current.forEach(numbers.count) {
        trees[$0] = tree(numbers.lowerBound + $0)
      }
    }
    return TreeBank(
      name: name, trees: trees.compactMap(\.self), lines: numbers.map { $0 + 1 })
  }
}

/// Training a classifier of trees: what a ``Trainer`` asks of it.
///
/// A step is a batch of trees; the loss is in nats a label. Held-out trees are judged by the share of
/// roots with a wrong label, so the classifier that is kept is the most accurate one.
public final class TreeClassifierTask: RecordedTask {
  /// The model in training.
  public let model: TreeClassifier
  /// The trees of an epoch.
  public var trainingTokens: Int { batches.count }
  /// The hash of the trees; of made ones that of what makes them, and of the first.
  public let trainingFingerprint: String

  private enum Source {
    case examples(TreeExamples)
    case generator(TreeGenerator)
  }
  private let source: Source
  private let batches: TreeBatches
  private let validation: TreeExamples?
  private var epoch: (number: Int, batches: [ArraySlice<Int>])?

  /// A task of training `model` on the trees of `bank`, and validating on `validation`.
  ///
  /// - Parameters:
  ///   - bank: trees, at least one, taken as the configuration says (`TreeBank.taken`).
  ///   - batch: B, trees side by side.
  ///   - refusesUnseen: whether a label of `validation` that does not occur in training is an error.
  /// - Throws: `TreeError` that names the line of a tree that is not as it should be.
  public init(
    _ model: TreeClassifier, _ bank: TreeBank, validation: TreeBank? = nil, batch: Int,
    refusesUnseen: Bool = true
  ) throws(TreeError) {
    guard !bank.trees.isEmpty else {
      throw TreeError(file: bank.name, line: 1, fault: "no trees in it, expected at least one")
    }
    self.model = model
    source = .examples(try TreeExamples(bank, for: model, needsLabels: true))
    batches = TreeBatches(count: bank.trees.count, batch: batch)
    self.validation = try Self.examples(validation, model, refusesUnseen)
    trainingFingerprint = bank.fingerprint
  }

  /// A task of training `model` on trees that are made, and validating on `validation`.
  public init(
    _ model: TreeClassifier, _ generator: TreeGenerator, validation: TreeBank? = nil, batch: Int,
    refusesUnseen: Bool = true
  ) throws(TreeError) {
    self.model = model
    source = .generator(generator)
    batches = TreeBatches(count: generator.epochCount, batch: batch)
    self.validation = try Self.examples(validation, model, refusesUnseen)
    let first = generator.bank(0..<min(10, generator.epochCount))
    _ = try TreeExamples(first, for: model, needsLabels: true)
    trainingFingerprint = Models.fingerprint(
      generator.name.utf8.map(Int32.init) + first.fingerprint.utf8.map(Int32.init))
  }

  private static func examples(
    _ bank: TreeBank?, _ model: TreeClassifier, _ refusesUnseen: Bool
  ) throws(TreeError) -> TreeExamples? {
    guard let bank else { return nil }
    return try TreeExamples(bank, for: model, needsLabels: true, refusesUnseen: refusesUnseen)
  }

  public var parameters: [Parameter] { model.parameters }

  public var stepsPerEpoch: Int { batches.batchCount }

  /// A guess that gives every label the same probability; nil where there is only one.
  public var uniformLoss: Double? {
    model.labels.count > 1 ? loge(Double(model.labels.count)) : nil
  }

  public func beginEpoch(_ epoch: Int, key: RandomKey) {
    guard case .examples = source else { return }
    self.epoch = (epoch, batches.shuffled(epoch: epoch, seed: key.seed))
  }

  public func loss(at position: StepPosition) throws -> StepLoss {
    let (examples, chosen) = try trees(at: position)
    let mode = Mode.training(position.key)
    let batch = examples.batch(
      chosen, dropout: model.configuration.wordDropout, mode: mode.child(-1))
    let targets = examples.targets(chosen, in: batch.forest)
    let (loss, sum) = model.loss(
      batch, targets: targets, scale: 1 / Float(targets.rows.count), mode: mode)
    loss.backward()
    return StepLoss(sum: sum, tokens: targets.rows.count)
  }

  /// The trees of a batch.
  private func trees(at position: StepPosition) throws -> (TreeExamples, ArraySlice<Int>) {
    switch source {
    case .examples(let examples):
      if epoch?.number != position.epoch { beginEpoch(position.epoch, key: position.key) }
      return (examples, epoch?.batches[position.index] ?? [])
    case .generator(let generator):
      let start = position.index * batches.batch
      let first = (position.epoch - 1) * generator.epochCount + start
      let count = min(batches.batch, generator.epochCount - start)
      let bank = generator.bank(first..<first + count)
      return (try TreeExamples(bank, for: model, needsLabels: true), Array(0..<count)[...])
    }
  }

  /// The share of wrong labels.
  public func validate() throws -> Double? {
    guard let validation else { return nil }
    return model.evaluate(validation).roots.share.map { 1 - $0 }
  }
}

extension TreeBank {
  /// A hash of all trees, by which the data can be recognised.
  public var fingerprint: String {
    Models.fingerprint(
      trees.lazy.flatMap { tree -> [Int32] in
        var values = tree.parents
        for text in tree.labels + tree.tokens {
          values += text?.utf8.map(Int32.init) ?? [-1]
          values.append(-2)
        }
        return values + [-3]
      })
  }
}

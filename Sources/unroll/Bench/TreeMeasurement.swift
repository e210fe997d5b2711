import Corpora
import Learning
import Models
import Recurrent
import Tensors

/// How fast a classifier of trees learns, and how fast it reads: trees a second. A training step is forward,
/// backward, clipping and Adam.
struct TreeMeasurement {
  let trainedPerSecond: Double
  /// A second of a processor: on a busy machine, what one thread would do had it a core for itself.
  let trainedPerProcessorSecond: Double
  let readPerSecond: Double
  let nodesPerTree: Double

  /// Measures on the trees of `bank`, each for about `seconds` after a warm-up. Trees without a label get one
  /// of five.
  init(
    _ bank: TreeBank, _ configuration: TreeClassifierConfiguration, batch: Int, seconds: Double
  ) throws {
    let bank = try Self.labelled(bank)
    let model = try TreeClassifier(
      configuration, learningFrom: bank.trees, key: RandomKey(seed: 1))
    var steps = TrainingSteps(
      try TreeClassifierTask(model, bank, batch: batch), Adam(), rate: 0.001)
    try steps.warmUp(seconds: min(1, seconds / 4))
    let (processor, before) = (processorSeconds(), steps.tokens)
    trainedPerSecond = try steps.tokensPerSecond(over: seconds)
    trainedPerProcessorSecond =
      Double(steps.tokens - before) / max(processorSeconds() - processor, 1e-9)

    // Whole passes, so that every one has the same trees.
    _ = try model.probabilities(of: bank)
    var passes = 0
    let start = secondsNow()
    repeat {
      _ = try model.probabilities(of: bank)
      passes += 1
    } while secondsNow() - start < seconds / 2
    readPerSecond = Double(passes * bank.trees.count) / (secondsNow() - start)
    nodesPerTree =
      Double(bank.trees.reduce(0) { $0 + $1.count }) / Double(max(bank.trees.count, 1))
  }

  private static func labelled(_ bank: TreeBank) throws -> TreeBank {
    TreeBank(
      name: bank.name,
      trees: try bank.trees.enumerated().map { index, tree in
        let label = tree.labels[tree.root] ?? "\(index % 5)"
        return try Tree(
          parents: tree.parents, labels: tree.parents.map { $0 < 0 ? label : nil },
          tokens: tree.tokens)
      }, lines: bank.lines)
  }
}

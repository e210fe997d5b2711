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
    let task = try TreeClassifierTask(model, bank, batch: batch)
    let parameters = task.parameters
    var optimizer: any Optimizer = Adam()
    let key = RandomKey(seed: 2)
    var (count, trees) = (0, 0)

    func takeStep() throws {
      let index = count % task.stepsPerEpoch
      if index == 0 { task.beginEpoch(1, key: key) }
      let loss = try task.loss(
        at: StepPosition(epoch: 1, index: index, step: count, key: key.child(count)))
      let norm = GradientNorm.global(parameters)
      optimizer.step(
        parameters: parameters, rate: 0.001,
        gradientScale: GradientNorm.clipScale(norm: norm, limit: 5))
      for parameter in parameters { parameter.clearGradient() }
      count += 1
      trees += loss.tokens
    }

    let warmUp = secondsNow()
    while count < 2 || secondsNow() - warmUp < min(1, seconds / 4) { try takeStep() }
    trees = 0
    let processor = processorSeconds()
    var start = secondsNow()
    while secondsNow() - start < seconds { try takeStep() }
    trainedPerSecond = Double(trees) / (secondsNow() - start)
    trainedPerProcessorSecond = Double(trees) / max(processorSeconds() - processor, 1e-9)

    // Whole passes, so that every one has the same trees.
    _ = try model.probabilities(of: bank)
    var passes = 0
    start = secondsNow()
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

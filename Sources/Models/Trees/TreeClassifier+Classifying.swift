import Corpora
import Recurrent
import Tensors

/// How well a ``TreeClassifier`` labels trees.
public struct TreeEvaluation: Sendable, Equatable {
  /// Trees, and those whose root got the right label.
  public var roots = LabelAccuracy.Count()
  /// Nodes with a label, roots among them, and those that got the right one. Only roots where they alone
  /// are learned.
  public var nodes = LabelAccuracy.Count()
  /// Which labels were given to roots for which.
  public var confusion: ConfusionMatrix
}

extension TreeClassifier {
  /// Nodes of a batch in prediction, unless one tree alone has more.
  private static let batchNodes = 4096

  /// The probability of each label for each tree, which does not depend on the other trees.
  ///
  /// - Parameter bank: trees, taken as the configuration says (`TreeBank.taken`).
  /// - Throws: `TreeError` that names the line of a tree with a node of more children than the cell takes.
  public func probabilities(of bank: TreeBank) throws(TreeError) -> [[Float]] {
    let examples = try TreeExamples(bank, for: self, needsLabels: false, refusesUnseen: false)
    var result = [[Float]](repeating: [], count: examples.count)
    for batch in batches(of: examples) {
      let read = examples.batch(batch)
      let scores = scores(
        states(read, mode: .prediction), rows: read.forest.roots, mode: .prediction)
      let probabilities = scores.softmax().value
      for (row, tree) in batch.enumerated() {
        result[tree] = (0..<labels.count).map { probabilities[row, $0] }
      }
    }
    return result
  }

  /// Labels trees, and counts what is right.
  ///
  /// - Parameters:
  ///   - bank: trees, taken as the configuration says (`TreeBank.taken`).
  ///   - refusesUnseen: whether a label that did not occur in training is an error; else no label is right
  ///     there.
  /// - Throws: `TreeError` that names the line of such a label, and of a tree without a label at its root.
  public func evaluate(
    _ bank: TreeBank, refusesUnseen: Bool = true
  ) throws(TreeError) -> TreeEvaluation {
    evaluate(
      try TreeExamples(bank, for: self, needsLabels: true, refusesUnseen: refusesUnseen))
  }

  func evaluate(_ examples: TreeExamples) -> TreeEvaluation {
    var result = TreeEvaluation(confusion: ConfusionMatrix(classes: labels.count))
    for batch in batches(of: examples) {
      let read = examples.batch(batch)
      let targets = examples.targets(batch, in: read.forest)
      let states = states(read, mode: .prediction)
      let roots = best(states, rows: read.forest.roots)
      for (tree, found) in zip(batch, roots) {
        let right = examples.rootLabel(tree)
        result.roots.total += 1
        if right == found { result.roots.correct += 1 }
        if right >= 0 {
          result.confusion.add(expected: Int(right), predicted: Int(found))
        } else {
          result.confusion.add(predicted: Int(found))
        }
      }
      result.nodes.total += targets.rows.count + batch.reduce(0) { $0 + examples.unseenLabels($1) }
      guard !targets.rows.isEmpty else { continue }
      result.nodes.correct += zip(best(states, rows: targets.rows), targets.labels).count {
        $0 == $1
      }
    }
    return result
  }

  /// The most probable label of each of some rows.
  private func best(_ states: Variable, rows: [Int32]) -> [Int32] {
    let scores = scores(states, rows: rows, mode: .prediction).value
    return rows.indices.map { row in
      Int32((0..<labels.count).max { scores[row, $0] < scores[row, $1] } ?? 0)
    }
  }

  /// The trees in batches, from the smallest to the largest.
  private func batches(of examples: TreeExamples) -> [[Int]] {
    let batches = try? LengthBatches(
      lengths: examples.sizes, batch: 256, maximumTokens: Self.batchNodes)
    // There are none only without trees.
    return batches?.sorted ?? []
  }
}

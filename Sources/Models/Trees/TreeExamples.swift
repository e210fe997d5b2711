import Corpora
import Recurrent
import Tensors

/// Trees side by side, as a ``TreeClassifier`` reads them.
struct TreeBatch {
  /// Their nodes.
  var forest: Forest
  /// The distinct words of all nodes.
  var words: SpelledWords
  /// Which of them each node reads, the nodes of the first tree first; -1 for none.
  var places: [Int32]
}

/// What is to be learned of a batch.
struct TreeTargetRows {
  /// Rows of the forest.
  var rows: [Int32]
  /// The label of each.
  var labels: [Int32]
}

/// Trees with their words and labels by number.
struct TreeExamples {
  private let lexicon: Lexicon
  /// Whether words are composed of their characters.
  private let isSpelled: Bool
  /// What the rows of a forest go by.
  private let order: Forest.Order
  /// The counts of the words that can be looked up.
  private let counts: [Int]
  private var trees: [Example] = []

  /// A tree; words and labels are by node.
  private struct Example {
    var shape: TreeShape
    var root: Int
    /// As they are spelled, if they are at all; -1 for none.
    var words: [Int32]
    /// As they are looked up; -1 for none.
    var lookUps: [Int32]
    /// -1 for none that counts.
    var labels: [Int32]
    /// Nodes with a label that did not occur in training.
    var unseen: Int
  }

  /// The trees of a bank, which were taken as the configuration of `model` says.
  ///
  /// - Parameters:
  ///   - needsLabels: whether a tree without a label at its root is an error.
  ///   - refusesUnseen: whether a label that did not occur in training is an error.
  /// - Throws: `TreeError` that names the line of a tree that is not as it should be.
  init(
    _ bank: TreeBank, for model: TreeClassifier, needsLabels: Bool, refusesUnseen: Bool = true
  ) throws(TreeError) {
    var lexicon = model.speller
    for (index, tree) in bank.trees.enumerated() {
      let example = try Self.example(tree, bank, index, model, &lexicon)
      if needsLabels, tree.labels[tree.root] == nil {
        throw bank.missingLabel(inTree: index)
      }
      if refusesUnseen, example.unseen > 0 {
        let unseen = tree.labels.lazy.compactMap(\.self).first { model.labels.id(of: $0) == nil }
        throw bank.error(
          "the label \((unseen ?? "").debugDescription) does not occur in the training data, "
            + "expected one of its \(model.labels.count)", inTree: index)
      }
      trees.append(example)
    }
    self.lexicon = lexicon
    order = model.cell.order
    isSpelled = model.encoder.composer != nil
    counts = model.lookUps.counts
  }

  private static func example(
    _ tree: Tree, _ bank: TreeBank, _ index: Int, _ model: TreeClassifier,
    _ lexicon: inout Lexicon
  ) throws(TreeError) -> Example {
    if let arity = model.cell.maximumArity, tree.maximumArity > arity {
      throw bank.error(
        "a node with \(tree.maximumArity) children, expected at most \(arity), which the model has "
          + "weights for", inTree: index)
    }
    var (words, lookUps): ([Int32], [Int32]) = ([], [])
    for token in tree.tokens {
      words.append(
        model.encoder.composer == nil ? -1 : token.map { lexicon.insert($0) } ?? -1)
      lookUps.append(token.map(model.lookUp) ?? -1)
    }
    let isTarget = { model.configuration.targets == .nodes || $0 == tree.root }
    let labels = tree.labels.enumerated().map { node, label in
      isTarget(node) ? label.flatMap { model.labels.id(of: $0) } ?? -1 : -1
    }
    let unseen = zip(tree.labels, labels).enumerated().count { node, pair in
      isTarget(node) && pair.0 != nil && pair.1 < 0
    }
    return Example(
      shape: TreeShape(parents: tree.parents, heights: tree.heights), root: tree.root,
      words: words, lookUps: lookUps, labels: labels, unseen: unseen)
  }

  /// The number of trees.
  var count: Int { trees.count }
  /// The nodes of each tree.
  var sizes: [Int] { trees.map(\.lookUps.count) }

  /// Some trees, at least one, side by side.
  ///
  /// - Parameter dropout: the probability with which a word that occurs only once is looked up as
  ///   `<unk>`, in training.
  func batch(
    _ chosen: some Collection<Int>, dropout: Float = 0,
    mode: Mode = .prediction
  ) -> TreeBatch {
    var rows = chosen.flatMap { trees[$0].lookUps }
    if dropout > 0, case .training(let key) = mode {
      let drawn = key.uniform(rows.count)
      for node in rows.indices
      where rows[node] >= 0 && counts[Int(rows[node])] == 1 && drawn[node] < dropout {
        rows[node] = 0
      }
    }
    let words = chosen.flatMap { trees[$0].words }
    var places = [Int32](repeating: -1, count: rows.count)
    var seen: [Int64: Int32] = [:]
    var (distinct, lookUps): ([Int32], [Int32]) = ([], [])
    for node in rows.indices where rows[node] >= 0 {
      let word = Int64(rows[node]) << 32 | Int64(words[node] + 1)
      if let place = seen[word] {
        places[node] = place
        continue
      }
      places[node] = Int32(lookUps.count)
      seen[word] = places[node]
      lookUps.append(rows[node])
      distinct.append(words[node])
    }
    // A batch without words has nodes all the same: <unk> is there, and nobody reads it.
    if lookUps.isEmpty { (distinct, lookUps) = ([0], [0]) }
    let spelled =
      isSpelled
      ? SpelledWords(distinct, lookUps: lookUps, spelling: lexicon.spelling(of:))
      : SpelledWords(lookUps: lookUps)
    return TreeBatch(
      forest: Forest(chosen.map { trees[$0].shape }, order: order), words: spelled, places: places)
  }

  /// The nodes of some trees that have labels to be learned, in the forest of their batch.
  func targets(_ chosen: some Collection<Int>, in forest: Forest) -> TreeTargetRows {
    var (rows, labels): ([Int32], [Int32]) = ([], [])
    for (start, tree) in zip(forest.treeStarts, chosen) {
      for (node, label) in trees[tree].labels.enumerated() where label >= 0 {
        rows.append(forest.rows[start + node])
        labels.append(label)
      }
    }
    return TreeTargetRows(rows: rows, labels: labels)
  }

  /// The nodes of a tree whose labels did not occur in training.
  func unseenLabels(_ tree: Int) -> Int { trees[tree].unseen }

  /// The label of the root of a tree; -1 for none that occurred in training.
  func rootLabel(_ tree: Int) -> Int32 { trees[tree].labels[trees[tree].root] }
}

extension TreeClassifier {
  /// The row of `word` in the table; that of `<unk>`, 0, if it has none.
  func lookUp(_ word: String) -> Int32 {
    lookUps.id(of: configuration.lowercases ? word.inLowerCase : word) ?? 0
  }
}

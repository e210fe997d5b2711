/// How a tree is taken.
public enum TreeReading: String, Sendable, Codable, CaseIterable {
  /// As it is.
  case trees
  /// With two children a node at the most: ``Tree/binarized``, for ListOps ``ListOps/Expression/binaryTree``.
  case binary
  /// As its words from left to right, which is how a net for sequences reads them: ``Tree/chain``, for
  /// ListOps ``ListOps/Expression/chain``.
  case sequence

  /// A tree taken so.
  public func callAsFunction(_ tree: Tree) -> Tree {
    switch self {
    case .trees: tree
    case .binary: tree.binarized
    case .sequence: tree.chain
    }
  }
}

extension Tree {
  /// The words of this tree from left to right, each the child of the one after it, so that the last one is
  /// the root: a Tree-LSTM reads that as an LSTM reads a sequence. The root has this tree's label. Words are
  /// what has a token, in the order of the nodes; a tree without any becomes one node.
  public var chain: Tree {
    Tree(chain: tokens.compactMap(\.self), label: labels[root])
  }

  init(chain words: [String], label: String?) {
    var builder = TreeBuilder()
    builder.add(below: -1, label: label, token: words.last)
    for (depth, word) in words.dropLast().reversed().enumerated() {
      builder.add(below: depth, token: word)
    }
    self = builder.tree
  }
}

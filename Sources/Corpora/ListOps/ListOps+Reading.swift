extension ListOps.Expression {
  /// The words from left to right, with the value for a label; see ``Tree/chain``.
  public var chain: Tree { Tree(chain: words, label: tree.labels[tree.root]) }

  /// The expression taken as `reading` says. Labels are the values of lists; those of digits, which stand
  /// there anyway, are left out.
  public func tree(_ reading: TreeReading) -> Tree {
    let whole =
      switch reading {
      case .trees: tree
      case .binary: binaryTree
      case .sequence: chain
      }
    guard reading != .sequence, whole.count > 1 else { return whole }
    return whole.keepingLabels { whole.arity(of: $0) > 0 }
  }
}

extension ListOps {
  /// `count` expressions of a part, from number `first` on, taken as `reading` says. Their lines are their
  /// numbers, from 1.
  public func bank(
    _ part: Part, first: Int = 0, count: Int, seed: UInt64, _ reading: TreeReading
  ) -> TreeBank {
    let numbers = first..<first + count
    return TreeBank(
      name: "ListOps",
      trees: numbers.map { expression($0, part, seed: seed).tree(reading) },
      lines: numbers.map { $0 + 1 })
  }
}

extension Tree {
  /// This tree with the labels of some nodes alone.
  func keepingLabels(where isKept: (Int) -> Bool) -> Tree {
    do {
      return try Tree(
        parents: parents, labels: labels.enumerated().map { isKept($0) ? $1 : nil },
        tokens: tokens)
    } catch {
      preconditionFailure("a tree with fewer labels is none: \(error)")
    }
  }
}

extension Tree {
  /// The same tree with two children a node at the most: where there were more, all but the last go into
  /// nodes of their own without label or token, from left to right,
  ///
  /// ```
  /// (x a b c d)   becomes   (x ((a b) c) d)   with two new nodes
  /// ```
  /// as ListOps has them (Nangia & Bowman 2018). Nodes are numbered in preorder.
  public var binarized: Tree {
    enum Work {
      /// A node as it was.
      case node(Int, below: Int)
      /// The first so many children of a node, in a node of their own.
      case first(Int, of: Int, below: Int)
    }
    var builder = TreeBuilder()
    var stack = [Work.node(root, below: -1)]
    while let work = stack.popLast() {
      let (parent, shown, here): (Int, Int, Int)
      switch work {
      case .node(let node, let below):
        (parent, shown) = (node, arity(of: node))
        here = builder.add(below: below, label: labels[node], token: tokens[node])
      case .first(let number, let node, let below):
        (parent, shown) = (node, number)
        here = builder.add(below: below)
      }
      guard shown > 0 else { continue }
      let children = children(of: parent).prefix(shown)
      // The last in is the first out.
      if shown <= 2 {
        for child in children.reversed() { stack.append(.node(Int(child), below: here)) }
      } else {
        stack.append(.node(Int(children[children.endIndex - 1]), below: here))
        stack.append(.first(shown - 1, of: parent, below: here))
      }
    }
    return builder.tree
  }
}

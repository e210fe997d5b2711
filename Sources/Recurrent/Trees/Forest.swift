/// The shape of a tree: the parent of each node, and how high each stands above its lowest leaf.
public struct TreeShape: Sendable, Equatable {
  /// The parent of each node; -1 for the root.
  public let parents: [Int32]
  /// The edges from each node to the farthest leaf below it.
  public let heights: [Int32]

  /// A shape of which all nodes but one have a parent, none is below itself, and heights are right.
  public init(parents: [Int32], heights: [Int32]) {
    precondition(
      parents.count == heights.count, "\(heights.count) heights of \(parents.count) nodes")
    self.parents = parents
    self.heights = heights
  }
}

/// The nodes of several trees, ordered so that a level is worked off at once.
///
/// The N nodes of a forest are rows of matrices [N, F]. Rows go by height: first all leaves, then all nodes
/// above leaves only, and so on; within a level by tree, and within a tree by node. So the nodes of a level
/// lie side by side, all their children before them, and one product makes a level, whatever the trees'
/// shapes.
public struct Forest: Sendable {
  /// The rows of each level, leaves first.
  public let levels: [Range<Int>]
  /// The row of each node, the nodes of the first tree first.
  public let rows: [Int32]
  /// Where in `rows` each tree begins, and N.
  public let treeStarts: [Int]
  /// The row of each tree's root.
  public let roots: [Int32]
  /// The most children that a node has.
  public let maximumArity: Int

  /// By row: the parent's row, -1 for roots, and the place among its children.
  let parents: [Int32]
  let positions: [Int32]
  /// The children of row r are `children[childStarts[r] ..< childStarts[r + 1]]`, in their order.
  let childStarts: [Int32]
  let children: [Int32]

  /// The forest of some trees. Takes O(N).
  public init(_ trees: [TreeShape]) {
    precondition(!trees.isEmpty && trees.allSatisfy { !$0.parents.isEmpty }, "a tree without nodes")
    var starts = [0]
    for tree in trees { starts.append(starts[starts.count - 1] + tree.parents.count) }
    let count = starts[trees.count]

    // A counting sort by height, stable, so nodes of a level keep their order.
    var levelStarts = [0]
    for tree in trees {
      for height in tree.heights {
        while levelStarts.count < Int(height) + 2 { levelStarts.append(0) }
        levelStarts[Int(height) + 1] += 1
      }
    }
    for level in 1..<levelStarts.count { levelStarts[level] += levelStarts[level - 1] }
    levels = (1..<levelStarts.count).map { levelStarts[$0 - 1]..<levelStarts[$0] }
    var free = levelStarts
    var rows = [Int32](repeating: 0, count: count)
    var parents = [Int32](repeating: -1, count: count)
    var arities = [Int32](repeating: 0, count: count)
    var positions = [Int32](repeating: 0, count: count)
    for (start, tree) in zip(starts, trees) {
      for (node, height) in tree.heights.enumerated() {
        rows[start + node] = Int32(free[Int(height)])
        free[Int(height)] += 1
      }
    }
    var roots: [Int32] = []
    for (start, tree) in zip(starts, trees) {
      for (node, parent) in tree.parents.enumerated() {
        let row = rows[start + node]
        guard parent >= 0 else {
          roots.append(row)
          continue
        }
        let above = rows[start + Int(parent)]
        precondition(row < above, "a node as high as its parent")
        parents[Int(row)] = above
        positions[Int(row)] = arities[Int(above)]
        arities[Int(above)] += 1
      }
    }
    precondition(roots.count == trees.count, "\(roots.count) roots of \(trees.count) trees")

    var childStarts = [Int32](repeating: 0, count: count + 1)
    for row in 0..<count { childStarts[row + 1] = childStarts[row] + arities[row] }
    var children = [Int32](repeating: 0, count: count - trees.count)
    for row in 0..<count where parents[row] >= 0 {
      children[Int(childStarts[Int(parents[row])] + positions[row])] = Int32(row)
    }
    self.rows = rows
    treeStarts = starts
    self.roots = roots
    self.parents = parents
    self.positions = positions
    self.childStarts = childStarts
    self.children = children
    maximumArity = Int(arities.max() ?? 0)
  }

  /// N, the nodes of all trees.
  public var count: Int { rows.count }
  /// The number of trees.
  public var treeCount: Int { roots.count }
  /// Nodes without children; they are the first rows.
  public var leafCount: Int { levels[0].upperBound }
  /// Nodes with children; they are the last rows.
  var innerCount: Int { count - leafCount }

  /// The number of children of row `row`.
  func arity(_ row: Int) -> Int { Int(childStarts[row + 1] - childStarts[row]) }
}

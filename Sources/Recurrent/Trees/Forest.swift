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
/// The N nodes of a forest are rows of matrices [N, F], leaves first. They go by height, so that the nodes of a
/// level lie side by side, all their children before them, and one product makes a level, whatever the
/// trees' shapes; or by number of children and then by height, so that a level is a few ``Run``s of nodes
/// that have equally many, and one product makes each. Within that they go by tree, and within a tree by node.
public struct Forest: Sendable {
  /// What the rows go by.
  public enum Order: Sendable {
    /// Height alone.
    case height
    /// Number of children, then height: for cells whose work on a node depends on how many there are.
    case arity
  }

  /// Rows side by side that are worked off at once.
  struct Run: Sendable, Equatable {
    var rows: Range<Int>
    /// The most children of a node; in the order of arity what all of them have.
    var arity: Int
  }

  /// What the rows go by.
  public let order: Order
  /// The rows of each level, leaves first.
  let levels: [[Run]]
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
  /// By row: its tree.
  let trees: [Int32]
  /// The children of row r are `children[childStarts[r] ..< childStarts[r + 1]]`, in their order.
  let childStarts: [Int32]
  let children: [Int32]

  /// The forest of some trees. Takes O(N).
  public init(_ shapes: [TreeShape], order: Order = .height) {
    precondition(
      !shapes.isEmpty && shapes.allSatisfy { !$0.parents.isEmpty }, "a tree without nodes")
    var starts = [0]
    for shape in shapes { starts.append(starts[starts.count - 1] + shape.parents.count) }
    let count = starts[shapes.count]

    let heights = shapes.flatMap(\.heights)
    var arities = [Int32](repeating: 0, count: count)
    for (start, shape) in zip(starts, shapes) {
      for parent in shape.parents where parent >= 0 { arities[start + Int(parent)] += 1 }
    }
    var sorted = Self.sorted(Array(0..<Int32(count)), by: heights)
    if order == .arity { sorted = Self.sorted(sorted, by: arities) }
    var rows = [Int32](repeating: 0, count: count)
    for (row, node) in sorted.enumerated() { rows[Int(node)] = Int32(row) }

    var levels: [[Run]] = []
    var last: (height: Int32, arity: Int32)?
    for (row, node) in sorted.enumerated() {
      let (height, arity) = (heights[Int(node)], arities[Int(node)])
      while levels.count <= Int(height) { levels.append([]) }
      if let last, last.height == height, order == .height || last.arity == arity {
        let run = levels[Int(height)].count - 1
        levels[Int(height)][run].rows = levels[Int(height)][run].rows.lowerBound..<row + 1
        levels[Int(height)][run].arity = max(levels[Int(height)][run].arity, Int(arity))
      } else {
        levels[Int(height)].append(Run(rows: row..<row + 1, arity: Int(arity)))
      }
      last = (height, arity)
    }

    var parents = [Int32](repeating: -1, count: count)
    var positions = [Int32](repeating: 0, count: count)
    var trees = [Int32](repeating: 0, count: count)
    var seen = [Int32](repeating: 0, count: count)
    var roots: [Int32] = []
    for (tree, shape) in shapes.enumerated() {
      let start = starts[tree]
      for (node, parent) in shape.parents.enumerated() {
        let row = rows[start + node]
        trees[Int(row)] = Int32(tree)
        guard parent >= 0 else {
          roots.append(row)
          continue
        }
        let place = start + Int(parent)
        precondition(heights[start + node] < heights[place], "a node as high as its parent")
        parents[Int(row)] = rows[place]
        positions[Int(row)] = seen[place]
        seen[place] += 1
      }
    }
    precondition(roots.count == shapes.count, "\(roots.count) roots of \(shapes.count) trees")

    var childStarts = [Int32](repeating: 0, count: count + 1)
    for (row, node) in sorted.enumerated() {
      childStarts[row + 1] = childStarts[row] + arities[Int(node)]
    }
    var children = [Int32](repeating: 0, count: count - shapes.count)
    for row in 0..<count where parents[row] >= 0 {
      children[Int(childStarts[Int(parents[row])] + positions[row])] = Int32(row)
    }
    self.order = order
    self.levels = levels
    self.rows = rows
    treeStarts = starts
    self.roots = roots
    self.parents = parents
    self.positions = positions
    self.trees = trees
    self.childStarts = childStarts
    self.children = children
    maximumArity = Int(arities.max() ?? 0)
  }

  /// `nodes` by rising key; those of equal keys keep their order.
  private static func sorted(_ nodes: [Int32], by keys: [Int32]) -> [Int32] {
    var starts = [Int](repeating: 0, count: Int(keys.max() ?? 0) + 2)
    for key in keys { starts[Int(key) + 1] += 1 }
    for key in 1..<starts.count { starts[key] += starts[key - 1] }
    var sorted = [Int32](repeating: 0, count: nodes.count)
    for node in nodes {
      let key = Int(keys[Int(node)])
      sorted[starts[key]] = node
      starts[key] += 1
    }
    return sorted
  }

  /// N, the nodes of all trees.
  public var count: Int { rows.count }
  /// The number of trees.
  public var treeCount: Int { roots.count }
  /// Nodes without children; they are the first rows.
  public var leafCount: Int { levels[0][0].rows.count }
  /// Nodes with children; they are the last rows.
  var innerCount: Int { count - leafCount }

  /// The number of children of row `row`.
  func arity(_ row: Int) -> Int { Int(childStarts[row + 1] - childStarts[row]) }

  /// In the order of arity, the first row with at least so many children; N if there is none.
  func firstRow(arity: Int) -> Int {
    precondition(order == .arity, "rows that go by height")
    return partition(0..<count) { self.arity($0) >= arity }
  }

  /// The rows of a run that belong to trees `trees`.
  func rows(of run: Run, trees range: Range<Int>) -> Range<Int> {
    let first = partition(run.rows) { trees[$0] >= range.lowerBound }
    return first..<partition(first..<run.rows.upperBound) { trees[$0] >= range.upperBound }
  }

  /// The first of ascending rows from which on `holds` does, by halving.
  private func partition(_ rows: Range<Int>, _ holds: (Int) -> Bool) -> Int {
    var (low, high) = (rows.lowerBound, rows.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

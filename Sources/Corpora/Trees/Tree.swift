/// An ordered tree whose nodes may have labels and tokens.
///
/// A tree is flat: node n is a place in a few arrays, and nothing in it is recursive. So a tree of any
/// depth can be read, copied, compared and thrown away on a stack of any size.
///
/// ```
/// node      0    1    2         (3 (2 It) (4 works))
/// label     3    2    4
/// token     -    It   works
/// parent    -1   0    0
/// ```
/// The children of a node stand in the order of their numbers, which is that of the text.
public struct Tree: Sendable, Equatable {
  /// What each node is called or judged to be; nil for nothing.
  public let labels: [String?]
  /// The word at each node; nil for none.
  public let tokens: [String?]
  /// The parent of each node; -1 for the root.
  public let parents: [Int32]
  /// The node without a parent.
  public let root: Int
  /// The edges from each node to the farthest leaf below it; 0 for a leaf.
  public let heights: [Int32]

  private let childStarts: [Int32]
  private let childList: [Int32]

  /// What makes parents no tree.
  public enum Fault: Error, Equatable, Sendable {
    /// There are no nodes.
    case empty
    /// A parent is no node, nor -1.
    case strayParent(node: Int)
    /// No node is without a parent, or a node never comes to one: these nodes are each other's parents.
    case cycle([Int])
    /// Two nodes are without a parent.
    case twoRoots(Int, Int)
  }

  /// A tree given by the parent of each node, -1 for the root. Takes O(nodes).
  public init(
    parents: [Int32], labels: [String?], tokens: [String?]
  ) throws(Fault) {
    precondition(
      labels.count == parents.count && tokens.count == parents.count,
      "\(labels.count) labels and \(tokens.count) tokens for \(parents.count) nodes")
    guard !parents.isEmpty else { throw .empty }
    let count = parents.count
    var root: Int?
    var starts = [Int32](repeating: 0, count: count + 1)
    for (node, parent) in parents.enumerated() {
      if parent == -1 {
        if let root { throw .twoRoots(root, node) }
        root = node
      } else {
        guard 0..<Int32(count) ~= parent else { throw .strayParent(node: node) }
        starts[Int(parent) + 1] += 1
      }
    }
    for node in 0..<count { starts[node + 1] += starts[node] }
    var children = [Int32](repeating: 0, count: Int(starts[count]))
    var free = starts
    for (node, parent) in parents.enumerated() where parent >= 0 {
      children[Int(free[Int(parent)])] = Int32(node)
      free[Int(parent)] += 1
    }

    // From the leaves up: a node is settled when all its children are, which those on a cycle never are.
    var heights = [Int32](repeating: 0, count: count)
    var waiting = (0..<count).map { starts[$0 + 1] - starts[$0] }
    var settled = (0..<count).filter { waiting[$0] == 0 }
    var next = 0
    while next < settled.count {
      let node = settled[next]
      next += 1
      let parent = Int(parents[node])
      guard parent >= 0 else { continue }
      heights[parent] = max(heights[parent], heights[node] + 1)
      waiting[parent] -= 1
      if waiting[parent] == 0 { settled.append(parent) }
    }
    guard settled.count == count, let root else {
      throw .cycle(Self.cycle(parents, from: waiting.firstIndex { $0 > 0 } ?? 0))
    }
    self.labels = labels
    self.tokens = tokens
    self.parents = parents
    self.root = root
    self.heights = heights
    childStarts = starts
    childList = children
  }

  /// The cycle that the parents of `node` lead into, its least node first. They do: who waits for a
  /// child forever is above one.
  private static func cycle(_ parents: [Int32], from node: Int) -> [Int] {
    var node = node
    for _ in parents { node = Int(parents[node]) }
    var found = [node]
    while let next = found.last.map({ Int(parents[$0]) }), next != node { found.append(next) }
    let least = found.indices.min { found[$0] < found[$1] } ?? 0
    return Array(found[least...] + found[..<least])
  }

  /// The number of nodes.
  public var count: Int { parents.count }

  /// The children of a node, from left to right.
  public func children(of node: Int) -> ArraySlice<Int32> {
    childList[Int(childStarts[node])..<Int(childStarts[node + 1])]
  }

  /// The number of children of a node.
  public func arity(of node: Int) -> Int { Int(childStarts[node + 1] - childStarts[node]) }

  /// The most children that a node has.
  public var maximumArity: Int { (0..<count).reduce(0) { max($0, arity(of: $1)) } }

  /// The edges from the root to the farthest leaf.
  public var height: Int { Int(heights[root]) }

  /// All nodes, each before those below it, from left to right.
  public var preorder: [Int] {
    var order: [Int] = []
    order.reserveCapacity(count)
    var stack = [Int32(root)]
    while let node = stack.popLast() {
      order.append(Int(node))
      stack.append(contentsOf: children(of: Int(node)).reversed())
    }
    return order
  }
}

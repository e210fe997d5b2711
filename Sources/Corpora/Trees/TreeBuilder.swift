/// Makes a tree node by node, each before those below it.
struct TreeBuilder {
  private(set) var parents: [Int32] = []
  private(set) var labels: [String?] = []
  private(set) var tokens: [String?] = []

  var count: Int { parents.count }

  /// Adds a node below `parent`, after those that are there. Returns its number.
  @discardableResult
  mutating func add(below parent: Int, label: String? = nil, token: String? = nil) -> Int {
    parents.append(Int32(parent))
    labels.append(label)
    tokens.append(token)
    return count - 1
  }

  mutating func setLabel(_ label: String, of node: Int) { labels[node] = label }
  mutating func setToken(_ token: String, of node: Int) { tokens[node] = token }

  /// The tree of nodes `nodes`, which are a node and all those below it.
  func tree(_ nodes: Range<Int>) -> Tree {
    let first = Int32(nodes.lowerBound)
    let parents = nodes.map { $0 == nodes.lowerBound ? -1 : self.parents[$0] - first }
    do {
      return try Tree(
        parents: parents, labels: Array(labels[nodes]), tokens: Array(tokens[nodes]))
    } catch {
      preconditionFailure("nodes \(nodes) of a builder are no tree: \(error)")
    }
  }

  /// The tree of all nodes.
  var tree: Tree { tree(0..<count) }
}

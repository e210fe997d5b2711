import Corpora
import Testing

@Suite("Trees")
struct TreeTests {
  /// (a (b c) (d (e f)))
  static let small: [Int32] = [-1, 0, 1, 0, 3, 4]

  static func tree(_ parents: [Int32]) throws -> Tree {
    let names = parents.indices.map { "\($0)" as String? }
    return try Tree(parents: parents, labels: names, tokens: names)
  }

  @Test("a node knows its children in order, and its height")
  func shape() throws {
    let tree = try Self.tree(Self.small)
    #expect(tree.root == 0)
    #expect((0..<6).map { Array(tree.children(of: $0)) } == [[1, 3], [2], [], [4], [5], []])
    #expect(tree.heights == [3, 1, 0, 2, 1, 0])
    #expect(tree.height == 3)
    #expect(tree.maximumArity == 2)
    #expect(tree.preorder == [0, 1, 2, 3, 4, 5])
  }

  @Test("nodes may come in any order")
  func anyOrder() throws {
    // The third word is the root, as in a sentence: 2 < 0, 4; 0 < 1; 4 < 3.
    let tree = try Self.tree([2, 0, -1, 4, 2])
    #expect(tree.root == 2)
    #expect(tree.heights == [1, 0, 2, 0, 1])
    #expect(tree.preorder == [2, 0, 1, 4, 3])
  }

  @Test("what is no tree is refused with what is wrong")
  func faults() {
    #expect(throws: Tree.Fault.empty) { try Self.tree([]) }
    #expect(throws: Tree.Fault.twoRoots(0, 2)) { try Self.tree([-1, 0, -1]) }
    #expect(throws: Tree.Fault.strayParent(node: 1)) { try Self.tree([-1, 2]) }
    #expect(throws: Tree.Fault.cycle([0])) { try Self.tree([0]) }
    // 1 → 3 → 2 → 1, and 4 below it.
    #expect(throws: Tree.Fault.cycle([1, 3, 2])) { try Self.tree([-1, 3, 1, 2, 3]) }
  }

  @Test("a tree in twos keeps the order of its leaves, its labels and its tokens")
  func binary() throws {
    let bank = try BracketReader.read(
      "(x (a A) (b (c C) (d D) (e E)) (f F) (g G))", name: "t")
    let binary = bank.trees[0].binarized
    #expect(
      binary.brackets
        == "(x (_ (_ (a A) (b (_ (c C) (d D)) (e E))) (f F)) (g G))")
    #expect(binary.maximumArity == 2)
    #expect(binary.binarized == binary)
    #expect(binary.preorder == Array(0..<binary.count))
  }

  @Test("a tree 20,000 deep is made, read, written, put in twos and thrown away")
  func deep() throws {
    let depth = 20_000
    let text =
      String(repeating: "(a (b c) (b c) ", count: depth) + "(a c)"
      + String(repeating: ")", count: depth)
    do {
      let tree = try BracketReader.read(text, name: "t").trees[0]
      #expect(tree.height == depth)
      #expect(tree.count == 3 * depth + 1)
      #expect(tree.binarized.height == depth + 1)
      #expect(try BracketReader.read(tree.brackets, name: "t").trees == [tree])
    }
    let json =
      #"{"value": "# + String(repeating: "[", count: depth) + "1"
      + String(repeating: "]", count: depth) + "}"
    #expect(try JSONTreeReader.read(json, name: "t").trees[0].height == depth + 1)
  }

  @Test("every epoch has each tree once, in an order of its own")
  func batches() {
    let batches = TreeBatches(count: 10, batch: 4)
    #expect(batches.batchCount == 3)
    let first = batches.shuffled(epoch: 1, seed: 5)
    #expect(first.map(\.count) == [4, 4, 2])
    #expect(first.flatMap(\.self).sorted() == Array(0..<10))
    #expect(first == batches.shuffled(epoch: 1, seed: 5))
    #expect(first != batches.shuffled(epoch: 2, seed: 5))
    #expect(first != batches.shuffled(epoch: 1, seed: 6))
  }
}

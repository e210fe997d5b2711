import Testing

@testable import Corpora

@Suite("How trees are taken")
struct TreeReadingTests {
  @Test("a chain has the words from left to right, the last one at the root")
  func chain() throws {
    let tree = try BracketReader.read("(S (NP the old house) (VP (V was) sold))", name: "t").trees[
      0]
    let chain = tree.chain
    #expect(chain.count == 5 && chain.height == 4 && chain.labels[chain.root] == "S")
    #expect(
      chain.preorder.reversed().map { chain.tokens[$0] } == ["the", "old", "house", "was", "sold"])
    #expect(chain.labels.count { $0 != nil } == 1)
    let bare = try Tree(parents: [-1, 0], labels: ["x", nil], tokens: [nil, nil])
    #expect(bare.chain == (try Tree(parents: [-1], labels: ["x"], tokens: [nil])))
    // Words of a dependency tree go by their numbers, not by where they hang.
    let dependencies = try Tree(
      parents: [1, -1, 1], labels: [nil, "y", nil], tokens: ["a", "b", "c"])
    #expect(dependencies.chain.tokens == ["c", "b", "a"])
    #expect(dependencies.chain.labels == ["y", nil, nil])
  }

  @Test("a bank is taken tree by tree, and keeps its lines")
  func bank() throws {
    let bank = try BracketReader.read("(x a b c)\n\n(y (p d) (q e))", name: "t")
    for reading in TreeReading.allCases {
      let taken = bank.taken(reading)
      #expect(taken.lines == [1, 3] && taken.name == "t")
      #expect(taken.trees == bank.trees.map { reading($0) })
    }
    #expect(bank.taken(.trees) == bank)
    #expect(bank.taken(.binary).trees.allSatisfy { $0.maximumArity <= 2 })
    #expect(bank.taken(.sequence).trees.allSatisfy { $0.maximumArity <= 1 })
  }

  @Test("several banks as one say in which file a tree is")
  func several() throws {
    let bank = TreeBank([
      try BracketReader.read("(x a)\n(y b)", name: "a.txt"),
      try BracketReader.read("\n(z c)", name: "b.txt"),
    ])
    #expect(bank.trees.count == 3 && bank.lines == [1, 2, 2])
    #expect(bank.error("odd", inTree: 1).description == "a.txt:2: odd")
    #expect(bank.taken(.sequence).error("odd", inTree: 2).description == "b.txt:2: odd")
  }

  @Test("ListOps as lists, as the published binary trees and as words, of one value")
  func listOps() {
    for number in 0..<50 {
      let expression = ListOps().expression(number, .test, seed: 3)
      let value = "\(expression.value)"
      let trees = TreeReading.allCases.map { expression.tree($0) }
      #expect(trees.allSatisfy { $0.labels[$0.root] == value })
      #expect(
        trees[0].tokens == expression.tree.tokens && trees[0].parents == expression.tree.parents)
      #expect(trees[1].tokens == expression.binaryTree.tokens && trees[1].maximumArity == 2)
      #expect(trees[2].preorder.reversed().compactMap { trees[2].tokens[$0] } == expression.words)
      // As many labels as lists.
      let lists = expression.words.count { $0.hasPrefix("[") }
      #expect(trees[0].labels.count { $0 != nil } == lists)
      #expect(trees[1].labels.count { $0 != nil } == lists)
      #expect(trees[2].labels.count { $0 != nil } == 1)
    }
    let bank = ListOps().bank(.test, first: 5, count: 3, seed: 3, .sequence)
    #expect(bank.lines == [6, 7, 8])
    #expect(bank.trees[0] == ListOps().expression(5, .test, seed: 3).chain)
  }
}

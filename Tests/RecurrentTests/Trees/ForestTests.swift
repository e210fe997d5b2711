import Recurrent
import Tensors
import TestSupport
import Testing

@testable import Recurrent

extension TreeShape {
  /// The shape with these parents.
  init(_ parents: [Int32]) {
    var heights = [Int32](repeating: 0, count: parents.count)
    for node in parents.indices {
      var (above, height) = (parents[node], Int32(1))
      while above >= 0 {
        heights[Int(above)] = max(heights[Int(above)], height)
        height += 1
        above = parents[Int(above)]
      }
    }
    self.init(parents: parents, heights: heights)
  }
}

@Suite("Forests")
struct ForestTests {
  @Test("rows go by height, then by tree, and children keep their order")
  func rows() {
    // ((a b) c) and (d (e)) and f
    let forest = Forest(
      [[-1, 0, 1, 1, 0], [-1, 0, 0, 2], [-1]].map { TreeShape($0) })
    // Leaves: 2, 3, 4 of the first, 1, 3 of the second, the third; height 1: 1 of the first, 2 of the second.
    #expect(forest.rows == [8, 6, 0, 1, 2, 9, 3, 7, 4, 5])
    #expect(
      forest.levels == [
        [.init(rows: 0..<6, arity: 0)], [.init(rows: 6..<8, arity: 2)],
        [.init(rows: 8..<10, arity: 2)],
      ])
    #expect(forest.treeStarts == [0, 5, 9, 10])
    #expect(forest.roots == [8, 9, 5])
    #expect(forest.parents == [6, 6, 8, 9, 7, -1, 8, 9, -1, -1])
    #expect(forest.positions == [0, 1, 1, 0, 0, 0, 0, 1, 0, 0])
    #expect(forest.children == [0, 1, 4, 6, 2, 3, 7])
    #expect(forest.childStarts == [0, 0, 0, 0, 0, 0, 0, 2, 3, 5, 7])
    #expect(forest.maximumArity == 2 && forest.leafCount == 6 && forest.treeCount == 3)
  }

  @Test("in the order of arity, rows go by number of children, then by height")
  func arity() {
    // The same trees: the first has nodes of two children at heights 1 and 2, the second one of two children
    // at height 2 and one of one child at height 1.
    let forest = Forest(
      [[-1, 0, 1, 1, 0], [-1, 0, 0, 2], [-1]].map { TreeShape($0) }, order: .arity)
    #expect(forest.rows == [8, 7, 0, 1, 2, 9, 3, 6, 4, 5])
    #expect(
      forest.levels == [
        [.init(rows: 0..<6, arity: 0)],
        [.init(rows: 6..<7, arity: 1), .init(rows: 7..<8, arity: 2)],
        [.init(rows: 8..<10, arity: 2)],
      ])
    #expect((0...3).map { forest.firstRow(arity: $0) } == [0, 6, 7, 10])
    #expect(forest.rows(of: forest.levels[0][0], trees: 1..<3) == 3..<6)
    #expect(forest.rows(of: forest.levels[2][0], trees: 0..<1) == 8..<9)
    #expect(forest.rows(of: forest.levels[1][1], trees: 1..<2).isEmpty)
    let links = TreeLinks(forest, combining: .places(4))
    #expect(links.places.map(\.places) == [0..<1, 1..<2, 2..<4])
    #expect(links.places.map(\.first) == [6, 7, 10])
  }

  @Test("inputs know their readers")
  func readers() {
    let forest = Forest([TreeShape([-1, 0, 0]), TreeShape([-1, 0])])
    let inputs = ForestInputs([-1, 1, 0, 1, 1], count: 3, forest: forest)
    #expect(forest.rows == [3, 0, 1, 4, 2])
    #expect(inputs.ofRow == [1, 0, 1, 3, 1])
    #expect(
      (0...3).map { Array(inputs.readers[inputs.readers(of: $0)]) } == [[1], [0, 2, 4], [], [3]])
  }
}

import Testing

@testable import Corpora

@Suite("ListOps")
struct ListOpsTests {
  static let samples = (0..<400).map { ListOps().expression($0, .training, seed: 7) }

  /// The value of words by another way than the library's: a stack of open lists.
  static func evaluate(_ words: [String]) -> Int? {
    var lists: [(operation: String, digits: [Int])] = []
    var result: Int?
    for word in words {
      var value = Int(word)
      if word == "]", let (operation, digits) = lists.popLast() {
        let sorted = digits.sorted()
        let half = sorted.count / 2
        value =
          switch operation {
          case "[MAX": sorted[sorted.count - 1]
          case "[MIN": sorted[0]
          case "[SM": digits.reduce(0, +) % 10
          case "[MED": sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
          default: nil
          }
      } else if word.hasPrefix("[") {
        lists.append((word, []))
        continue
      }
      guard let value else { return nil }
      if lists.isEmpty { result = value } else { lists[lists.count - 1].digits.append(value) }
    }
    return lists.isEmpty ? result : nil
  }

  @Test("the operators are those of the paper")
  func operators() {
    #expect(ListOps.Operator.maximum([2, 9, 0]) == 9)
    #expect(ListOps.Operator.minimum([2, 9, 1]) == 1)
    #expect(ListOps.Operator.median([5, 1, 9]) == 5)
    #expect(ListOps.Operator.median([4, 1, 9, 5]) == 4)
    #expect(ListOps.Operator.median([7, 2]) == 4)
    #expect(ListOps.Operator.sumModulo([7, 8, 9]) == 4)
  }

  @Test("an expression's value is what a stack machine makes of its words")
  func values() {
    for sample in Self.samples { #expect(Self.evaluate(sample.words) == sample.value) }
    #expect(Set(Self.samples.map(\.value)).count == 10)
  }

  @Test("every node is labelled with the value of its part")
  func labels() {
    for sample in Self.samples.prefix(100) {
      let tree = sample.tree
      for node in 0..<tree.count {
        guard let operation = ListOps.Operator(rawValue: tree.tokens[node] ?? "") else {
          #expect(tree.labels[node] == tree.tokens[node])
          continue
        }
        let digits = tree.children(of: node).compactMap { Int(tree.labels[Int($0)] ?? "") }
        #expect(tree.labels[node] == "\(operation(digits))")
      }
    }
  }

  @Test("the published binary tree has the words for leaves and each part's value where it ends")
  func binaryTrees() throws {
    let shape = try BracketReader.read("(_ MAX (_ 2) (_ 9) (_ MIN (_ 4) (_ 7)))", name: "t").trees[
      0]
    let binary = ListOps.Expression(shape: shape).binaryTree
    #expect(
      binary.brackets
        == "(9 (_ (_ (_ (_ [MAX) (2 2)) (9 9)) (4 (_ (_ (_ [MIN) (4 4)) (7 7)) (_ ]))) (_ ]))")
    for sample in Self.samples.prefix(100) {
      let tree = sample.binaryTree
      let leaves = tree.preorder.filter { tree.arity(of: $0) == 0 }
      #expect(leaves.map { tree.tokens[$0] } == sample.words)
      #expect((0..<tree.count).allSatisfy { [0, 2].contains(tree.arity(of: $0)) })
      #expect(tree.labels[tree.root] == "\(sample.value)")
    }
  }

  @Test("lengths, arguments, depths and shares are as the generator says")
  func distribution() {
    var (elements, lists) = (0, 0)
    var arities = Set<Int>()
    for sample in Self.samples {
      #expect(sample.words.count > 10)
      #expect(sample.tree.height <= 20)
      let tree = sample.tree
      for node in 0..<tree.count {
        let arity = tree.arity(of: node)
        arities.insert(arity)
        elements += node == tree.root ? 0 : 1
        lists += node != tree.root && arity > 0 ? 1 : 0
      }
    }
    #expect(arities == [0, 2, 3, 4, 5])
    // Somewhat above a quarter, because short expressions are drawn again.
    let share = Double(lists) / Double(elements)
    #expect(0.22 < share && share < 0.3, "\(share)")

    var shallow = ListOps()
    shallow.maximumDepth = 2
    shallow.length = 4...20
    for index in 0..<200 {
      let sample = shallow.expression(index, .test, seed: 1)
      #expect(sample.tree.height <= 2 && (4...20).contains(sample.words.count))
    }
  }

  @Test("an expression is a function of part, seed and number")
  func reproducible() {
    let task = ListOps()
    #expect(task.expression(3, .training, seed: 7) == Self.samples[3])
    #expect(task.expression(4, .training, seed: 7) != Self.samples[3])
    #expect(task.expression(3, .validation, seed: 7) != Self.samples[3])
    #expect(task.expression(3, .training, seed: 8) != Self.samples[3])
    // The very words, so that results stay comparable from version to version.
    #expect(
      Self.samples[0].words.joined(separator: " ")
        == "[MIN [MAX [MIN 4 4 9 5 ] 0 1 ] 3 1 [MAX 3 6 6 2 ] ]")
  }
}

import Recurrent
import Tensors
import TestSupport
import Testing

/// Steps of prediction whose rows share inputs and states, as the hypotheses of a beam do.
@Suite("Steps that branch")
struct BranchingTests {
  static let nets = Net.forward + Net.skipping.filter { !$0.isBidirectional }
  static let parents: [Int32] = [1, 1, 4, 0, 4, 4, 1]
  static let words: [Int32] = [2, 0, 0, 2, 1, 0, 2]

  /// Three vectors, a row of something else for each of five parents, and the states of those.
  struct Case {
    let stack: RecurrentStack
    let vectors: Variable
    let others: Variable
    let state: RecurrentStack.State

    init(_ net: Net, layers: Int) {
      let extents = Extents(batch: 5, inputSize: 11, hiddenSize: 18, layers: layers)
      stack = extents.stack(net)
      vectors = Variable(.random([3, 6], seed: 1))
      others = Variable(.random([5, 5], seed: 2))
      var seed = UInt64(2)
      state = RecurrentStack.State(
        layers: stack.zeroState(batch: 5).layers.map { layer in
          RecurrentLayer.State(
            parts: layer.parts.map { part in
              seed += 1
              return Variable(.random(part.shape, seed: seed))
            })
        })
    }

    func branch(
      _ words: [Int32], _ parents: [Int32]
    ) -> (output: Variable, state: RecurrentStack.State) {
      let parents = RowSelection(parents, of: 5)
      let input = [
        SelectedRows(vectors, RowSelection(words, of: 3)), SelectedRows(others, parents),
      ]
      return stack.branch(input, from: state, parents)
    }
  }

  @Test("a branch is a step of the gathered rows, up to rounding", arguments: nets, [1, 2])
  func branchIsStep(net: Net, layers: Int) {
    let this = Case(net, layers: layers)
    let (output, state) = this.branch(Self.words, Self.parents)
    let input = Variable.concatenate(
      [this.vectors.rows(at: Self.words), this.others.rows(at: Self.parents)], axis: 1)
    let gathered = RecurrentStack.State(
      layers: this.state.layers.map { layer in
        RecurrentLayer.State(parts: layer.parts.map { $0.rows(at: Self.parents) })
      })
    let expected = this.stack.step(input, gathered, mode: .prediction)
    #expect(relativeError(output.value, expected.output.value) < 1e-6)
    for (branched, stepped) in zip(state.tensors, expected.state.tensors) {
      #expect(relativeError(branched, stepped) < 1e-6)
    }
  }

  @Test(
    "a row that branches has the bits that it has alone, on any number of threads",
    arguments: nets, [1, 2])
  func rowsAreAlone(net: Net, layers: Int) {
    let this = Case(net, layers: layers)
    let together = [1, 3].map { threads in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        this.branch(Self.words, Self.parents).output.value
      }
    }
    #expect(together[0] == together[1])
    for row in Self.words.indices {
      let alone = this.branch([Self.words[row]], [Self.parents[row]]).output.value
      #expect(alone == Variable(together[0]).sliced(row..<row + 1).value)
    }
  }

  @Test("a selection knows its distinct rows and where each is")
  func selection() {
    let selection = RowSelection([4, 1, 4, 2], of: 6)
    #expect(selection.rows == [4, 1, 4, 2])
    #expect(selection.distinct == [1, 2, 4])
    #expect(selection.places == [2, 0, 2, 1])
    #expect(RowSelection([], of: 0).distinct == [])
    #expect(RowSelection(all: 3).places == [0, 1, 2])
    let rows = Variable(.random([6, 3], seed: 3))
    #expect(SelectedRows(rows, selection).distinct.shape == [3, 3])
    #expect(SelectedRows(rows, selection).all.value == rows.rows(at: [4, 1, 4, 2]).value)
  }

  @Test("the shares of a linear layer's inputs add up to what it says")
  func shares() {
    let linear = Linear(
      inputs: 7, outputs: 19, name: "linear", initializer: .glorot, key: RandomKey(seed: 1))
    linear.bias.value = .random([19], seed: 4)
    let x = Variable(.random([2, 3, 7], seed: 5))
    func part(_ range: Range<Int>) -> Variable { x.sliced(range, axis: 2) }
    let sum = linear.completed(
      linear.share(of: part(0..<4), inputs: 0..<4).value, with: part(4..<7), inputs: 4..<7)
    let whole = linear(x, mode: .prediction).value
    #expect(relativeError(sum.value, whole) < 1e-6)
  }
}

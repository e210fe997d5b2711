import Recurrent
import Tensors
import TestSupport
import Testing

/// Ways to the same result that must give the same bits, or gradients that are the same but for the
/// order in which a sum over time or over the batch was taken (10⁻⁶ of the norm).
@Suite("The same result by another way")
struct SameBitsTests {
  static let layerCounts = [1, 2]
  static let reordered = 1e-6

  @Test("no initial state is a state of zeros", arguments: Net.all, layerCounts)
  func noStateIsZero(kind: Net, layers: Int) {
    for lengths in [nil, [3, 0]] as [[Int32]?] {
      let extents = Extents(
        steps: 3, batch: 2, inputSize: 2, hiddenSize: 18, layers: layers, lengths: lengths)
      let stack = extents.stack(kind)
      var this = extents.randomCase(kind)
      this.states = nil
      let without = stack.pass(this)
      this.states = stack.zeroState(batch: 2).layers.map { $0.parts.map(\.value) }
      let zeros = stack.pass(this)
      #expect(without.outputs == zeros.outputs)
      #expect(without.states == zeros.states)
      for (name, gradient) in without.gradients {
        #expect(gradient == zeros.gradients[name], "gradient of \(name)")
      }
    }
  }

  @Test(
    "what is read of few rows of a table is multiplied once, to the same bits", arguments: Net.all)
  func tableRows(kind: Net) {
    let lengths: [Int32] = [9, 1, 4, 9, 0, 7, 9, 3]
    let extents = Extents(
      steps: 9, batch: 8, inputSize: 7, hiddenSize: 18, layers: 2, lengths: lengths)
    let stack = extents.stack(kind)
    let rows = (0..<72).map { Int32($0 * $0 % 5) }
    let known = Variable(rows: rows, of: Tensor.random([5, 7], seed: 1), shape: [9, 8])
    let turned = known.reversedInTime(lengths: lengths)
    #expect(known.tableRows?.rows == rows && turned.tableRows != nil)
    #expect(turned.value == Variable(known.value).reversedInTime(lengths: lengths).value)
    let found = stack.run(known, lengths: lengths, mode: .prediction)
    let expected = stack.run(Variable(known.value), lengths: lengths, mode: .prediction)
    #expect(found.outputs.value == expected.outputs.value)
    #expect((known * known).tableRows == nil)
  }

  @Test(
    "a run is its steps, one after the other",
    arguments: Net.forward + Net.skipping.filter { !$0.isBidirectional },
    layerCounts)
  func runIsSteps(kind: Net, layers: Int) {
    // Nine steps of three rows: the inputs' projection is a product of many rows in the run (packed
    // on the fly) and of few in a step (packed with the parameter).
    let extents = Extents(steps: 9, batch: 3, inputSize: 7, hiddenSize: 18, layers: layers)
    let stack = extents.stack(kind)
    let this = extents.randomCase(kind)
    let (run, steps) = (stack.pass(this), stack.pass(this, drive: .steps))
    #expect(run.outputs == steps.outputs)
    #expect(run.states == steps.states)
    for (name, gradient) in run.gradients {
      #expect(
        relativeError(gradient, steps.gradients[name]!) < Self.reordered, "gradient of \(name)")
    }
  }

  @Test(
    "prediction records nothing, and its runs and its steps give the bits of training",
    arguments: Net.all, layerCounts)
  func prediction(kind: Net, layers: Int) {
    for batch in [1, 7, 17] {
      let extents = Extents(
        steps: 3, batch: batch, inputSize: 7, hiddenSize: 18, layers: layers)
      let stack = extents.stack(kind)
      let this = extents.randomCase(kind)
      let training = stack.pass(this)
      for drive in kind.isBidirectional ? [Drive.run] : [.run, .steps] {
        let prediction = stack.pass(this, drive: drive, mode: .prediction)
        #expect(prediction.outputs == training.outputs)
        #expect(prediction.states == training.states)
        for (name, gradient) in prediction.gradients {
          #expect(gradient == Tensor(zeros: gradient.shape), "gradient of \(name)")
        }
      }
      let (outputs, state) = stack.run(Variable(this.inputs), mode: .prediction)
      #expect(!outputs.isRecorded)
      #expect(state.layers.allSatisfy { $0.parts.allSatisfy { !$0.isRecorded } })
    }
  }

  @Test(
    "a sequence in a padded batch is the sequence alone", arguments: Net.all, layerCounts)
  func paddedIsAlone(kind: Net, layers: Int) {
    let lengths: [Int32] = [2, 6, 0, 1, 5, 6, 3]
    let extents = Extents(
      steps: 6, batch: 7, inputSize: 3, hiddenSize: 17, layers: layers, lengths: lengths)
    expectRowsAlone(extents.stack(kind), extents.randomCase(kind), lengths: lengths)
  }

  @Test("a batch of N is N batches of one", arguments: Net.all, layerCounts)
  func batchIsRows(kind: Net, layers: Int) {
    let extents = Extents(steps: 5, batch: 8, inputSize: 3, hiddenSize: 17, layers: layers)
    expectRowsAlone(
      extents.stack(kind), extents.randomCase(kind),
      lengths: Array(repeating: 5, count: 8))
  }

  /// Each row of `this` gives alone, cut to its length, what it gives in the batch: outputs, last
  /// state and their operands' gradients to the bit, and the gradients of the parameters add up.
  private func expectRowsAlone(
    _ stack: RecurrentStack, _ this: RecurrentCase, lengths: [Int32],
    _ location: SourceLocation = #_sourceLocation
  ) {
    let together = stack.pass(this)
    var sums: [String: [Double]] = [:]
    for (row, length) in lengths.enumerated() {
      let alone = stack.pass(this.row(row, length: Int(length)))
      let rows = row..<row + 1
      let ended = Int(length)..<this.inputs.shape[0]
      let outputs = together.outputs.sequences(rows)
      #expect(outputs.steps(0..<Int(length)) == alone.outputs, sourceLocation: location)
      #expect(outputs.steps(ended).scalars.allSatisfy { $0 == 0 }, sourceLocation: location)
      #expect(
        together.states.map { $0.map { $0.sequences(rows) } } == alone.states,
        sourceLocation: location)
      for (name, gradient) in alone.gradients {
        let whole = together.gradients[name]!
        if name == "input" {
          let whole = whole.sequences(rows)
          #expect(whole.steps(0..<Int(length)) == gradient, sourceLocation: location)
          #expect(whole.steps(ended).scalars.allSatisfy { $0 == 0 }, sourceLocation: location)
        } else if stack.parameters.contains(where: { $0.name == name }) {
          let sum = sums[name] ?? Array(repeating: 0, count: gradient.count)
          sums[name] = zip(sum, gradient.scalars).map { $0 + Double($1) }
        } else {
          #expect(whole.sequences(rows) == gradient, "\(name)", sourceLocation: location)
        }
      }
    }
    for (name, sum) in sums {
      #expect(
        relativeError(together.gradients[name]!.doubles, sum) < Self.reordered,
        "gradient of \(name)", sourceLocation: location)
    }
  }

  @Test("what stands in the padding does not matter", arguments: Net.all, layerCounts)
  func paddingIsIgnored(kind: Net, layers: Int) {
    let lengths: [Int32] = [2, 4, 0]
    let extents = Extents(layers: layers, lengths: lengths)
    let stack = extents.stack(kind)
    let this = extents.randomCase(kind)
    var other = this
    for (row, length) in lengths.enumerated() {
      for t in Int(length)..<4 {
        for i in 0..<3 { other.inputs[t, row, i] = 1e9 }
        for i in 0..<stack.outputSize { other.outputGradient![t, row, i] = 1e9 }
      }
    }
    let (one, two) = (stack.pass(this), stack.pass(other))
    #expect(one.outputs == two.outputs)
    #expect(one.states == two.states)
    for (name, gradient) in one.gradients {
      #expect(gradient == two.gradients[name], "gradient of \(name)")
    }
  }

  @Test(
    "a run of no steps, and a batch of no sequences", arguments: Net.all, layerCounts)
  func nothingToDo(kind: Net, layers: Int) {
    for extents in [Extents(steps: 0, layers: layers), Extents(batch: 0, layers: layers)] {
      let stack = extents.stack(kind)
      let this = extents.randomCase(kind)
      let result = stack.pass(this)
      #expect(result.outputs.shape == [extents.steps, extents.batch, stack.outputSize])
      #expect(result.states == this.states)
      for (layer, gradients) in this.stateGradients!.enumerated() {
        let names = stateNames(layer: layer, parts: gradients.count, stack)
        for (name, gradient) in zip(names, gradients) {
          #expect(result.gradients[name] == gradient)
        }
      }
      for parameter in stack.parameters {
        #expect(result.gradients[parameter.name] == Tensor(zeros: parameter.shape))
      }
    }
  }

  @Test("any number of threads that share the rows of a batch", arguments: Net.all)
  func rowsShared(kind: Net) {
    let lengths: [Int32] = [6, 2, 0, 6, 5, 6, 1]
    expectAnyThreads(
      kind,
      Extents(steps: 6, batch: 7, inputSize: 5, hiddenSize: 18, layers: 2, lengths: lengths))
  }

  @Test(
    "any number of threads that share the columns of a step's product, for want of rows",
    arguments: Net.forward)
  func columnsShared(kind: Net) {
    // A product is shared from 2¹⁷ multiply-adds a row on: G·H² for G gates, but H² in a GRU's
    // candidate that is reset before the product.
    let size =
      switch kind.kind {
      case .lstm, .lstmPeephole, .lstmNorm: 184
      case .lstmCoupled, .gru, .gruNorm, .memoryGated: 216
      default: 368
      }
    expectAnyThreads(kind, Extents(steps: 2, batch: 1, inputSize: 8, hiddenSize: size))
  }

  @Test(
    "any number of threads that share the products over all steps",
    arguments: [Net.lstm, .gruResetBefore])
  func productsShared(kind: Net) {
    // From 2¹⁹ multiply-adds on: here in the projection and in the gradients of x, W_ih and W_hh.
    let size = kind == .lstm ? 56 : 72
    expectAnyThreads(kind, Extents(steps: 8, batch: 7, inputSize: size, hiddenSize: size))
  }

  private func expectAnyThreads(
    _ kind: Net, _ extents: Extents, _ location: SourceLocation = #_sourceLocation
  ) {
    let stack = extents.stack(kind)
    let this = extents.randomCase(kind)
    let one = ThreadTeam.$current.withValue(.solo) { stack.pass(this) }
    for count in [2, 3] {
      let team = ThreadTeam(threads: count)
      let more = ThreadTeam.$current.withValue(team) { stack.pass(this) }
      #expect(one.outputs == more.outputs, sourceLocation: location)
      #expect(one.states == more.states, sourceLocation: location)
      if extents.lengths == nil, !kind.isBidirectional {
        let steps = ThreadTeam.$current.withValue(team) {
          stack.pass(this, drive: .steps, mode: .prediction)
        }
        #expect(one.outputs == steps.outputs, sourceLocation: location)
        #expect(one.states == steps.states, sourceLocation: location)
      }
      for (name, gradient) in one.gradients {
        #expect(
          gradient == more.gradients[name], "gradient of \(name), \(count) threads",
          sourceLocation: location)
      }
    }
  }
}

extension RecurrentCase {
  /// Sequence `row` alone, its first `length` steps.
  fileprivate func row(_ row: Int, length: Int) -> RecurrentCase {
    let rows = row..<row + 1
    return RecurrentCase(
      inputs: inputs.sequences(rows).steps(0..<length), lengths: nil,
      states: states.map { $0.map { $0.map { $0.sequences(rows) } } },
      outputGradient: outputGradient.map { $0.sequences(rows).steps(0..<length) },
      stateGradients: stateGradients.map { $0.map { $0.map { $0.sequences(rows) } } })
  }
}

extension Tensor {
  /// The rows `range` of the first axis.
  fileprivate func steps(_ range: Range<Int>) -> Tensor {
    let size = shape.dropFirst().reduce(1, *)
    return Tensor(
      shape: [range.count] + shape.dropFirst(),
      scalars: scalars[range.lowerBound * size..<range.upperBound * size])
  }
}

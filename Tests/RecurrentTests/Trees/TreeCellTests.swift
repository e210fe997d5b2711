import Recurrent
import Tensors
import TestSupport
import Testing

/// A cell, trees, and which inputs their nodes read.
struct TreeCase: Sendable, CustomTestStringConvertible {
  var name: String
  var trees: [[Int32]]
  /// Inputs to choose from.
  var inputs = 5
  /// Whether each node has an input, or leaves alone.
  var leavesAlone = false
  var inputSize = 3
  var hiddenSize = 5

  var testDescription: String { name }

  /// A tree of n nodes, each below one drawn from those of the last few before it that have room.
  static func random(_ count: Int, arity: Int, seed: UInt64) -> [Int32] {
    let numbers = RandomKey(seed: seed).words(count)
    var parents: [Int32] = [-1]
    var arities = [0]
    for node in 1..<max(count, 1) {
      let free = parents.indices.suffix(6).filter { arities[$0] < arity }
      let parent = free[Int(numbers[node]) % free.count]
      parents.append(Int32(parent))
      arities[parent] += 1
      arities.append(0)
    }
    return parents
  }

  static let all = [
    TreeCase(name: "one node", trees: [[-1]]),
    TreeCase(name: "a chain", trees: [[-1, 0, 1, 2]]),
    TreeCase(name: "two leaves", trees: [[-1, 0, 0]], leavesAlone: true),
    TreeCase(
      name: "several trees, one of a single node",
      trees: [random(9, arity: 2, seed: 1), [-1], random(6, arity: 2, seed: 2), [1, -1, 1]]),
    TreeCase(
      name: "leaves alone have inputs",
      trees: [random(9, arity: 2, seed: 3), random(5, arity: 2, seed: 4)], leavesAlone: true),
    TreeCase(
      name: "many inputs", trees: [random(8, arity: 2, seed: 5)], inputs: 30, inputSize: 2,
      hiddenSize: 3),
    TreeCase(
      name: "one unit", trees: [random(7, arity: 2, seed: 6)], inputSize: 1, hiddenSize: 1),
  ]

  /// Nodes with up to four children.
  static let wide = TreeCase(
    name: "wide trees", trees: [random(12, arity: 4, seed: 7), random(4, arity: 4, seed: 8)],
    inputSize: 2, hiddenSize: 2)

  static let large = TreeCase(
    name: "many nodes and units",
    trees: (0..<4).map { random(12 + Int($0), arity: 3, seed: 20 + $0) },
    inputs: 20, inputSize: 11, hiddenSize: 23)

  var shapes: [TreeShape] { trees.map { TreeShape($0) } }
  var nodeCount: Int { trees.reduce(0) { $0 + $1.count } }

  var places: [Int32] {
    var places: [Int32] = []
    for tree in trees {
      let parents = Set(tree)
      for node in tree.indices {
        let drawn = Int32(RandomKey(seed: 50).child(places.count).words(1)[0] % UInt32(inputs))
        places.append(leavesAlone && parents.contains(Int32(node)) ? -1 : drawn)
      }
    }
    return places
  }

  var arity: Int { max(2, Forest(shapes).maximumArity) }

  func configuration(_ kind: TreeCellKind) -> TreeCellConfiguration {
    TreeCellConfiguration(kind, inputSize: inputSize, hiddenSize: hiddenSize, arity: arity)
  }

  /// A cell with all parameters random, the biases too.
  func cell(_ kind: TreeCellKind) -> any TreeCell {
    let cell = configuration(kind).makeCell(key: RandomKey(seed: 1))
    let range = min(1, 2 / Float(hiddenSize).squareRoot())
    for (index, parameter) in cell.parameters.enumerated() {
      parameter.value = .random(
        parameter.shape, seed: 100 + UInt64(index), from: -range, to: range)
    }
    return cell
  }

  var inputValues: Tensor { .random([inputs, inputSize], seed: 200) }

  /// ∂L/∂h, by row.
  var outputGradient: Tensor { .random([nodeCount, hiddenSize], seed: 201) }
}

/// What a run over a forest gives.
struct TreeResult: Equatable {
  /// h by node, the nodes of the first tree first.
  var states: [[Float]]
  /// By operand.
  var gradients: [String: Tensor] = [:]
}

extension TreeCase {
  /// A run and its backward pass, for L = Σ outputGradient ⊙ h.
  func pass(_ cell: any TreeCell, outputGradient: Tensor? = nil) -> TreeResult {
    let inputs = Parameter("inputs", inputValues)
    for parameter in cell.parameters { parameter.clearGradient() }
    let mode = Mode.training(RandomKey(seed: 0))
    let forest = cell.forest(of: shapes)
    let states = cell.run(inputs.variable(mode), at: places, of: forest, mode: mode)
    states.backward(seed: outputGradient ?? self.outputGradient)
    var result = TreeResult(states: states.value.rows(forest.rows))
    for parameter in cell.parameters + [inputs] {
      result.gradients[parameter.name] = parameter.denseGradient
    }
    return result
  }
}

extension Tensor {
  func rows(_ rows: [Int32]) -> [[Float]] {
    let (width, scalars) = (shape[1], scalars)
    return rows.map { Array(scalars[Int($0) * width..<(Int($0) + 1) * width]) }
  }
}

@Suite("Tree cells")
struct TreeCellTests {
  /// Relative to the norm: Float rounds at 6·10⁻⁸, a wrong term is off by 10⁻² and more.
  static let tolerance = 1e-5

  @Test(
    "states and each element of all gradients are those of naive recursion in Double",
    arguments: TreeCellKind.allCases, TreeCase.all + [.wide])
  func reference(kind: TreeCellKind, this: TreeCase) {
    let cell = this.cell(kind)
    let result = this.pass(cell)
    let reference = ReferenceTrees(
      configuration: this.configuration(kind), trees: this.trees, places: this.places)
    let operands = operands(cell, this)
    #expect(
      relativeError(
        result.states.flatMap { $0.map(Double.init) }, reference.run(operands).flatMap(\.self))
        < Self.tolerance)
    #expect(result.gradients.count == operands.count)
    let loss = loss(reference, this)
    for (name, gradient) in result.gradients {
      let expected = centralDifferences(of: name, operands, loss)
      #expect(
        relativeError(gradient.scalars.map(Double.init), expected) < Self.tolerance,
        "gradient of \(name)")
    }
  }

  @Test("many nodes and units, along a random direction", arguments: TreeCellKind.allCases)
  func directions(kind: TreeCellKind) {
    let this = TreeCase.large
    let cell = this.cell(kind)
    let result = this.pass(cell)
    let reference = ReferenceTrees(
      configuration: this.configuration(kind), trees: this.trees, places: this.places)
    let operands = operands(cell, this)
    let loss = loss(reference, this)
    for (name, gradient) in result.gradients {
      let found = gradient.scalars.map(Double.init)
      let norm = found.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // Of signs, so that the derivative is about as large as the norm.
      let direction = Tensor.random(gradient.shape, seed: 1).scalars.map { $0 < 0 ? -1.0 : 1 }
      let expected = centralDifference(along: direction, of: name, operands, loss)
      let product = zip(found, direction).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(product - expected) < Self.tolerance * norm, "gradient of \(name)")
    }
  }

  private func operands(_ cell: any TreeCell, _ this: TreeCase) -> [String: [Double]] {
    var operands = ["inputs": this.inputValues.scalars.map(Double.init)]
    for parameter in cell.parameters {
      operands[parameter.name] = parameter.value.scalars.map(Double.init)
    }
    return operands
  }

  private func loss(
    _ reference: ReferenceTrees, _ this: TreeCase
  ) -> ([String: [Double]]) -> Double {
    let forest = reference.configuration.makeCell(key: RandomKey(seed: 0)).forest(of: this.shapes)
    let weights = this.outputGradient.rows(forest.rows)
    return { operands in
      zip(reference.run(operands), weights).reduce(0) { sum, pair in
        zip(pair.0, pair.1).reduce(sum) { $0 + $1.0 * Double($1.1) }
      }
    }
  }

  @Test(
    "a tree's states are the same to the bit alone and among others",
    arguments: TreeCellKind.allCases)
  func alone(kind: TreeCellKind) {
    let this = TreeCase.large
    let cell = this.cell(kind)
    let together = this.pass(cell).states
    var start = 0
    for tree in this.trees {
      var alone = this
      alone.trees = [tree]
      let forest = cell.forest(of: alone.shapes)
      let places = Array(this.places[start..<start + tree.count])
      let states = cell.run(
        Variable(this.inputValues), at: places, of: forest, mode: .prediction)
      #expect(!states.isRecorded)
      #expect(states.value.rows(forest.rows) == Array(together[start..<start + tree.count]))
      start += tree.count
    }
  }

  @Test(
    "one thread, two and five give the same bits, of many trees and of one",
    arguments: TreeCellKind.allCases, [(60, 15), (1, 900)])
  func threads(kind: TreeCellKind, size: (trees: UInt64, nodes: Int)) {
    // Enough trees for each thread to have some, or enough nodes on a level for several blocks.
    var this = TreeCase.large
    this.trees = (0..<size.trees).map { TreeCase.random(size.nodes, arity: 3, seed: $0) }
    if size.trees == 1 {
      this.trees = [(0..<Int32(size.nodes)).map { ($0 + 2) / 3 - 1 }]
    }
    this.hiddenSize = 40
    let cell = this.cell(kind)
    let results = [1, 2, 5].map { threads in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) { this.pass(cell) }
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test("a chain is read as the LSTM reads a sequence", arguments: [TreeCellKind.childSum, .nary])
  func chain(kind: TreeCellKind) {
    // The deepest node is the first step.
    let steps = 7
    var this = TreeCase(
      name: "chain", trees: [(0..<Int32(steps)).map { $0 - 1 }], inputs: steps, inputSize: 4,
      hiddenSize: 19)
    this.trees = [(0..<Int32(steps)).map { $0 - 1 }]
    let tree = TreeCellConfiguration(kind, inputSize: 4, hiddenSize: 19, arity: 1).makeCell(
      key: RandomKey(seed: 3))
    let lstm = LSTMCell(inputSize: 4, hiddenSize: 19, key: RandomKey(seed: 4))
    let (w, b) = (tree.parameters[0].value, Tensor.random([4 * 19], seed: 5))
    tree.parameters[1].value = b
    lstm.gates.inputWeight.value = w
    lstm.gates.inputBias.value = b
    let (hh, hf) = (tree.parameters[2].value.scalars, tree.parameters[3].value.scalars)
    let block = 19 * 19
    lstm.gates.recurrentWeight.value = Tensor(
      shape: [4 * 19, 19], scalars: hh[..<block] + hf[...] + hh[block...])

    let mode = Mode.training(RandomKey(seed: 0))
    let x = Parameter("x", .random([steps, 4], seed: 6))
    let (outputs, _) = lstm.run(
      x.variable(mode).reshaped(to: [steps, 1, 4]), lengths: nil, from: nil, mode: mode)
    let forest = tree.forest(of: this.shapes)
    let places = (0..<Int32(steps)).map { Int32(steps) - 1 - $0 }
    let states = tree.run(x.variable(mode), at: places, of: forest, mode: mode)
    // Rows go by height, which is the time.
    #expect(states.value == outputs.value.reshaped(to: [steps, 19]))

    let seed = Tensor.random([steps, 19], seed: 7)
    outputs.backward(seed: seed.reshaped(to: [steps, 1, 19]))
    let expected = x.denseGradient
    x.clearGradient()
    states.backward(seed: seed)
    #expect(relativeError(x.denseGradient, expected) < 1e-6)
    #expect(
      relativeError(tree.parameters[0].denseGradient, lstm.gates.inputWeight.denseGradient) < 1e-6)
    #expect(
      relativeError(tree.parameters[1].denseGradient, lstm.gates.inputBias.denseGradient) < 1e-6)
    let recurrent = lstm.gates.recurrentWeight.denseGradient.scalars
    #expect(
      relativeError(
        tree.parameters[3].denseGradient,
        Tensor(shape: [19, 19], scalars: recurrent[block..<2 * block])) < 1e-6)
    #expect(
      relativeError(
        tree.parameters[2].denseGradient,
        Tensor(shape: [3 * 19, 19], scalars: recurrent[..<block] + recurrent[(2 * block)...]))
        < 1e-6)
  }

  @Test(
    "the order of children is nothing to a sum of them, and all to the others",
    arguments: TreeCellKind.allCases)
  func order(kind: TreeCellKind) {
    let this = TreeCase(name: "", trees: [[-1, 0, 0]])
    let cell = this.cell(kind)
    func root(_ places: [Int32]) -> [Float] {
      cell.run(
        Variable(this.inputValues), at: places, of: cell.forest(of: this.shapes), mode: .prediction
      ).value
        .rows(
          [2])[0]
    }
    let isSame =
      relativeError(
        Tensor(shape: [5], scalars: root([-1, 0, 1])),
        Tensor(shape: [5], scalars: root([-1, 1, 0])))
      < 1e-6
    #expect(isSame == (kind == .childSum))
  }

  @Test("gradients add to those that are there", arguments: TreeCellKind.allCases)
  func accumulation(kind: TreeCellKind) {
    let this = TreeCase.all[3]
    let cell = this.cell(kind)
    let once = this.pass(cell)
    let mode = Mode.training(RandomKey(seed: 0))
    let states = cell.run(
      Variable(this.inputValues), at: this.places, of: cell.forest(of: this.shapes), mode: mode)
    states.backward(seed: this.outputGradient)
    for parameter in cell.parameters {
      let twice = Tensor(
        shape: parameter.shape, scalars: once.gradients[parameter.name]!.scalars.map { 2 * $0 })
      #expect(relativeError(parameter.denseGradient, twice) < 1e-6, "\(parameter.name)")
    }
  }

  @Test("a chain of 10,000 nodes is run forward and backward", arguments: TreeCellKind.allCases)
  func deep(kind: TreeCellKind) {
    let depth: Int32 = 10_000
    let parents = (0..<depth).map { $0 - 1 }
    let cell = TreeCellConfiguration(kind, inputSize: 2, hiddenSize: 3, arity: 2).makeCell(
      key: RandomKey(seed: 1))
    let forest = cell.forest(of: [
      TreeShape(parents: parents, heights: (0..<depth).map { depth - 1 - $0 })
    ])
    let states = cell.run(
      Variable(.random([2, 2], seed: 1)), at: parents.map { ($0 + 1) % 2 }, of: forest,
      mode: .training(RandomKey(seed: 0)))
    states.backward(seed: Tensor(repeating: 1, shape: states.shape))
    #expect(cell.parameters.allSatisfy { $0.denseGradient.scalars.allSatisfy(\.isFinite) })
  }

  @Test("parameters have the names and shapes that are promised", arguments: TreeCellKind.allCases)
  func shapes(kind: TreeCellKind) {
    let configuration = TreeCellConfiguration(kind, inputSize: 3, hiddenSize: 4, arity: 3)
    let cell = configuration.makeCell(key: RandomKey(seed: 1))
    let promised = configuration.parameterShapes()
    #expect(cell.parameters.map(\.name) == promised.map(\.name))
    #expect(cell.parameters.map(\.shape) == promised.map(\.shape))
    #expect(cell.maximumArity == configuration.maximumArity)
    #expect(TreeCellConfiguration(.nary, inputSize: 1, hiddenSize: 1, arity: 0).fault != nil)
  }
}

@Suite("PyTorch gives the same for trees")
struct TreeGoldenTests {
  @Test("states and all gradients", arguments: TreeCellKind.allCases)
  func everything(kind: TreeCellKind) throws {
    let file = try golden("tree-\(kind.rawValue)")
    var parents = try file.integers("parents")[...]
    let shapes = try file.integers("sizes").map { size in
      defer { parents = parents.dropFirst(Int(size)) }
      return TreeShape(Array(parents.prefix(Int(size))))
    }
    let x = Parameter("input", try file["input"])
    let size = try file["output"].shape[1]
    let cell = TreeCellConfiguration(
      kind, inputSize: x.shape[1], hiddenSize: size, arity: 3
    ).makeCell(key: RandomKey(seed: 1))
    for parameter in cell.parameters {
      parameter.value = try file[String(parameter.name.dropFirst("tree.".count))]
    }
    let mode = Mode.training(RandomKey(seed: 0))
    let forest = cell.forest(of: shapes)
    let places = (0..<Int32(forest.count)).map(\.self)
    let states = cell.run(x.variable(mode), at: places, of: forest, mode: mode)
    #expect(
      relativeError(
        Tensor(
          shape: [forest.count, size], scalars: states.value.rows(forest.rows).flatMap(\.self)),
        try file["output"]) < GoldenTests.tolerance)
    // From the order of nodes to that of rows.
    var gradient = Tensor(zeros: states.shape)
    for (row, values) in zip(forest.rows, try file["grad_output"].rows(places)) {
      for (column, value) in values.enumerated() { gradient[Int(row), column] = value }
    }
    states.backward(seed: gradient)
    #expect(relativeError(x.denseGradient, try file["d_input"]) < GoldenTests.tolerance)
    for parameter in cell.parameters {
      let expected = try file["d_" + parameter.name.dropFirst("tree.".count)]
      #expect(
        relativeError(parameter.denseGradient, expected) < GoldenTests.tolerance,
        "gradient of \(parameter.name)")
    }
  }
}

import Tensors
import TestSupport
import Testing

@testable import Recurrent

/// Products of the Gauss-Newton matrix against the matrix itself, written out as Jᵀ·H·J with J made
/// row by row by the backward pass and H from the equations, all in Double.
@Suite("The Gauss-Newton matrix") struct GaussNewtonTests {
  private static let training = Mode.training(RandomKey(seed: 3))
  private static let steps = 3
  private static let batch = 2
  private static let classes = 4
  private static var rows: Int { steps * batch }

  /// A layer and an output layer over a fixed input.
  private struct LayerAndOutput {
    let stack: RecurrentStack
    let output: Linear
    var parameters: [Parameter] { stack.parameters + output.parameters }

    init(_ kind: CellKind) {
      stack = Extents(steps: steps, batch: batch, inputSize: 2, hiddenSize: 3).stack(
        Net(kind: kind))
      output = Linear(inputs: 3, outputs: classes, name: "out", key: RandomKey(seed: 4))
      output.bias.value = .random([classes], seed: 5)
    }

    /// h [T·B, H].
    func states() -> Variable {
      stack.run(
        Variable(.random([steps, batch, 2], seed: 1)), lengths: [3, 2], mode: training
      ).outputs.reshaped(to: [rows, 3])
    }
  }

  private static let kinds: [CellKind] = [.rnn, .lstm, .gru, .gruResetBefore]
  private static let targets: [Int32] = [1, 0, 3, 2, 2, -1]

  @Test(
    "of a softmax is Jᵀ·H·J, by the fused output layer and by single operations", arguments: kinds)
  func softmax(_ kind: CellKind) throws {
    let net = LayerAndOutput(kind)
    let scale: Float = 0.3
    let fused = softmaxCrossEntropy(
      net.states(), weight: net.output.weight.variable(Self.training),
      bias: net.output.bias.variable(Self.training), targets: Self.targets, scale: scale,
      blockRows: 4
    ).loss
    let single =
      scale
      * net.output(net.states(), mode: Self.training)
      .crossEntropy(targets: Self.targets, reduction: .none).sum()

    let logits = net.output(net.states(), mode: Self.training)
    let p = logits.value.softmax().scalars.map(Double.init)
    let columns = Self.classes
    func hessian(_ i: Int, _ j: Int) -> Double {
      guard i / columns == j / columns, Self.targets[i / columns] >= 0 else { return 0 }
      return Double(scale) * ((i == j ? p[i] : 0) - p[i] * p[j])
    }
    try expectProducts(of: fused, in: net.parameters, logits, hessian)
    try expectProducts(of: single, in: net.parameters, logits, hessian)
  }

  @Test("of a mean of squared errors is Jᵀ·H·J, whatever the weights", arguments: kinds)
  func squaredError(_ kind: CellKind) throws {
    let net = LayerAndOutput(kind)
    let weights = Tensor.random([Self.rows, 1], seed: 7, from: 0, to: 2)
    let outputs = net.output(net.states(), mode: Self.training)
    let loss = outputs.squaredError(
      targets: .random(outputs.shape, seed: 8), weights: weights)
    let total = weights.scalars.reduce(0) { $0 + Double($1) } * Double(Self.classes)
    try expectProducts(of: loss, in: net.parameters, outputs) { i, j in
      i == j ? 2 * Double(weights.scalars[i / Self.classes]) / total : 0
    }
  }

  @Test("of a proximity of hidden states is w·JᵀJ, and its value and gradient are zero")
  func proximity() throws {
    let net = LayerAndOutput(.rnn)
    let states = net.states()
    let distance = states.proximity(weight: 0.7)
    #expect(distance.value.scalar == 0)
    try expectProducts(of: distance, in: net.parameters, states) { i, j in
      i == j ? Double(Float(0.7)) : 0
    }
    for parameter in net.parameters { parameter.clearGradient() }
    distance.backward()
    #expect(net.parameters.allSatisfy { $0.denseGradient.scalars.allSatisfy { $0 == 0 } })
  }

  @Test("of a sum of losses is the sum of theirs, and leaves gradients alone")
  func sums() throws {
    let net = LayerAndOutput(.lstm)
    let states = net.states()
    let loss = net.output(states, mode: Self.training).crossEntropy(targets: Self.targets)
    let near = states.proximity(weight: 0.5)
    let direction = net.parameters.enumerated().map {
      Tensor.random($1.shape, seed: 20 + UInt64($0))
    }
    for parameter in net.parameters { parameter.clearGradient() }
    net.output.bias.addGradient(Tensor(repeating: 3, shape: [Self.classes]))
    let both = try GaussNewtonMatrix(of: 2 * loss + near, in: net.parameters).product(direction)
    let (first, second) = (
      try GaussNewtonMatrix(of: loss, in: net.parameters).product(direction),
      try GaussNewtonMatrix(of: near, in: net.parameters).product(direction)
    )
    for (index, product) in both.enumerated() {
      let sum = zip(first[index].scalars, second[index].scalars).map { 2 * Double($0) + Double($1) }
      #expect(relativeError(product.scalars.map(Double.init), sum) < 1e-5)
    }
    #expect(net.output.bias.denseGradient.scalars == [3, 3, 3, 3])
    #expect({ if case .none = net.output.weight.gradient { true } else { false } }())
  }

  @Test("does not depend on the number of threads")
  func threads() throws {
    let products = try [1, 2].map { threads in
      try ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        let net = LayerAndOutput(.gru)
        let loss = net.output(net.states(), mode: Self.training)
          .crossEntropy(targets: Self.targets)
        return try GaussNewtonMatrix(of: loss, in: net.parameters).product(
          net.parameters.enumerated().map { .random($1.shape, seed: 20 + UInt64($0)) })
      }
    }
    #expect(zip(products[0], products[1]).allSatisfy { $0.scalars == $1.scalars })
  }

  @Test("is refused for a net with an operation that has no tangent rule")
  func missingRule() throws {
    let w = Parameter("w", .random([3], seed: 1))
    let x = Variable.operation(from: [w.variable(Self.training)], output: w.value) {
      $0.add($0.takeGradient(), toParent: 0)
    }
    let loss = x.squaredError(targets: Tensor(zeros: [3]))
    #expect(throws: MissingTangentRule.self) { try GaussNewtonMatrix(of: loss, in: [w]) }
  }

  /// Compares products with random directions, relative to their norm: the rounding of Floats leaves a
  /// few 10⁻⁷, a wrong term 10⁻² and more.
  private func expectProducts(
    of loss: Variable, in parameters: [Parameter], _ outputs: Variable,
    _ hessian: (Int, Int) -> Double
  ) throws {
    let jacobian = jacobian(of: outputs, in: parameters)
    let matrix = try GaussNewtonMatrix(of: loss, in: parameters)
    for seed in 0..<3 as Range<UInt64> {
      let direction = parameters.enumerated().map {
        Tensor.random($1.shape, seed: 100 * seed + UInt64($0))
      }
      let v = direction.flatMap(\.scalars).map(Double.init)
      let moved = jacobian.map { row in zip(row, v).reduce(0) { $0 + $1.0 * $1.1 } }
      let curved = moved.indices.map { i in
        moved.indices.reduce(0) { $0 + hessian(i, $1) * moved[$1] }
      }
      let expected = v.indices.map { k in
        moved.indices.reduce(0) { $0 + jacobian[$1][k] * curved[$1] }
      }
      let product = matrix.product(direction).flatMap(\.scalars).map(Double.init)
      #expect(relativeError(product, expected) < 1e-5)
    }
  }

  private func jacobian(of outputs: Variable, in parameters: [Parameter]) -> [[Double]] {
    (0..<outputs.value.count).map { index in
      for parameter in parameters { parameter.clearGradient() }
      var seed = Tensor(zeros: outputs.shape)
      seed.withUnsafeMutableBufferPointer { $0[index] = 1 }
      outputs.backward(seed: seed, keepsGraph: true)
      defer { for parameter in parameters { parameter.clearGradient() } }
      return parameters.flatMap(\.denseGradient.scalars).map(Double.init)
    }
  }
}

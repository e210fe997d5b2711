import Tensors
import TestSupport
import Testing

@testable import Recurrent

@Suite("The output softmax with its loss")
struct OutputSoftmaxTests {
  /// M rows of H units over V tokens, random.
  struct Output {
    let hidden: Parameter
    let weight: Parameter
    let bias: Parameter
    var targets: [Int32]
    var scale: Float = 0.25

    init(rows: Int, size: Int, vocabulary: Int, range: Float = 1) {
      hidden = Parameter(
        "hidden", .random([rows, size], seed: 1, from: -range, to: range))
      weight = Parameter(
        "weight", .random([vocabulary, size], seed: 2, from: -range, to: range))
      bias = Parameter("bias", .random([vocabulary], seed: 3))
      targets = RandomKey(seed: 4).words(rows).map { Int32($0 % UInt32(vocabulary)) }
    }

    var parameters: [Parameter] { [hidden, weight, bias] }
    var operands: [String: [Double]] {
      Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.value.doubles) })
    }
    var reference: ReferenceSoftmax { ReferenceSoftmax(targets: targets, scale: Double(scale)) }

    /// Loss, row losses and gradients; `seed` is ∂L/∂loss.
    func pass(
      blockRows: Int = 64, seed: Float = 1, mode: Mode = .training(RandomKey(seed: 1))
    ) -> (loss: Float, losses: [Float], gradients: [String: Tensor]) {
      for parameter in parameters { parameter.clearGradient() }
      let (loss, losses) = softmaxCrossEntropy(
        hidden.variable(mode), weight: weight.variable(mode), bias: bias.variable(mode),
        targets: targets, scale: scale, blockRows: blockRows)
      #expect(loss.isRecorded == (mode.isTraining && scale != 0))
      loss.backward(seed: Tensor(seed))
      return (
        loss.value.scalar, losses,
        Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.denseGradient) })
      )
    }
  }

  /// Relative to the norm, as for the cells.
  static let tolerance = 1e-6

  @Test(
    "loss and each element of all gradients are those of the definition in Double",
    arguments: [(1, 1, 1), (1, 3, 2), (5, 4, 17), (13, 2, 7)])
  func definition(rows: Int, size: Int, vocabulary: Int) {
    let output = Output(rows: rows, size: size, vocabulary: vocabulary, range: 1.5)
    expectDefinition(output, output.pass())
  }

  @Test("rows that do not count are left out, and nothing else changes", arguments: [1, 8, 13])
  func uncounted(_ counting: Int) {
    let mode = Mode.training(RandomKey(seed: 1))
    var output = Output(rows: 13, size: 4, vocabulary: 17, range: 1.5)
    for row in 0..<13 - counting { output.targets[5 * row % 13] = -1 }
    // All rows at once, those that do not count too.
    let whole = output.pass()
    for parameter in output.parameters { parameter.clearGradient() }
    let (loss, losses) = softmaxCrossEntropy(
      output.hidden.variable(mode), weight: output.weight.variable(mode),
      bias: output.bias.variable(mode), targets: output.targets, scale: output.scale)
    #expect(losses == whole.losses && loss.value.scalar == whole.loss)
    loss.backward()
    for parameter in output.parameters {
      guard let expected = whole.gradients[parameter.name] else { continue }
      #expect(relativeError(parameter.denseGradient, expected) < Self.tolerance)
    }
  }

  @Test("smoothed, it is what plain operations make of it", arguments: [1, 5, 64])
  func smoothed(blockRows: Int) {
    let mode = Mode.training(RandomKey(seed: 1))
    var output = Output(rows: 13, size: 4, vocabulary: 17, range: 1.5)
    output.targets[3] = -1
    let epsilon: Float = 0.3
    func gradients(_ loss: Variable) -> [Tensor] {
      for parameter in output.parameters { parameter.clearGradient() }
      loss.backward(seed: Tensor(2))
      return output.parameters.map(\.denseGradient)
    }
    let plain = output.pass(blockRows: blockRows)
    let (loss, losses) = softmaxCrossEntropy(
      output.hidden.variable(mode), weight: output.weight.variable(mode),
      bias: output.bias.variable(mode), targets: output.targets, scale: output.scale,
      smoothing: epsilon, blockRows: blockRows)
    #expect(losses == plain.losses)
    let found = gradients(loss)

    let logits = output.hidden.variable(mode)
      .linear(output.weight.variable(mode), bias: output.bias.variable(mode))
    let counted = Variable(Tensor(shape: [13], scalars: output.targets.map { $0 < 0 ? 0 : 1 }))
    let exact = logits.crossEntropy(targets: output.targets, reduction: .none)
    let spread = -(logits.logSoftmax().mean(axis: 1)) * counted
    let expected = (exact * (1 - epsilon) + spread * epsilon).sum() * output.scale
    #expect(abs(loss.value.scalar - expected.value.scalar) < 1e-5)
    for (found, expected) in zip(found, gradients(expected)) {
      #expect(relativeError(found, expected) < 2e-6)
    }
  }

  private func expectDefinition(
    _ output: Output, _ result: (loss: Float, losses: [Float], gradients: [String: Tensor]),
    tolerance: Double = tolerance, _ location: SourceLocation = #_sourceLocation
  ) {
    let operands = output.operands
    let losses = output.reference.losses(operands)
    #expect(
      relativeError(result.losses.map(Double.init), losses) < tolerance, sourceLocation: location)
    #expect(
      relativeError([Double(result.loss)], [output.reference.loss(operands)]) < tolerance,
      sourceLocation: location)
    for (name, gradient) in result.gradients {
      let expected = centralDifferences(of: name, operands, output.reference.loss)
      #expect(
        relativeError(gradient.doubles, expected) < tolerance, "gradient of \(name)",
        sourceLocation: location)
    }
  }

  @Test("a vocabulary of thousands, along a random direction of each operand")
  func largeVocabulary() {
    let output = Output(rows: 6, size: 5, vocabulary: 3001)
    let result = output.pass(blockRows: 4)
    let operands = output.operands
    let losses = output.reference.losses(operands)
    #expect(relativeError(result.losses.map(Double.init), losses) < Self.tolerance)
    for (name, gradient) in result.gradients {
      let norm = dot(gradient.doubles, gradient.doubles).squareRoot()
      let direction = Tensor.random(gradient.shape, seed: 7).doubles.map { $0 < 0 ? -1.0 : 1 }
      let expected = centralDifference(
        along: direction, of: name, operands, output.reference.loss)
      #expect(
        abs(dot(gradient.doubles, direction) - expected) < Self.tolerance * norm,
        "gradient of \(name)")
    }
  }

  @Test("rows without a target count nowhere")
  func ignoredTargets() {
    var output = Output(rows: 7, size: 3, vocabulary: 5)
    for row in [0, 3, 6] { output.targets[row] = -1 }
    let result = output.pass(blockRows: 3)
    expectDefinition(output, result)
    for row in [0, 3, 6] {
      #expect(result.losses[row] == 0)
      #expect(result.gradients["hidden"]!.timeStep(row) == Tensor(zeros: [3]))
    }

    output.targets = Array(repeating: -1, count: 7)
    expectZero(output.pass(blockRows: 3))
  }

  @Test("no rows, or a scale of zero, give a loss of zero without gradients")
  func nothing() {
    expectZero(Output(rows: 0, size: 3, vocabulary: 5).pass())
    var scaled = Output(rows: 4, size: 3, vocabulary: 5)
    scaled.scale = 0
    let result = scaled.pass()
    expectZero((result.loss, [], result.gradients))
    #expect(
      relativeError(result.losses.map(Double.init), scaled.reference.losses(scaled.operands)) < 1e-6
    )
  }

  private func expectZero(
    _ result: (loss: Float, losses: [Float], gradients: [String: Tensor]),
    _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(result.loss == 0, sourceLocation: location)
    #expect(result.losses.allSatisfy { $0 == 0 }, sourceLocation: location)
    for (name, gradient) in result.gradients {
      #expect(gradient == Tensor(zeros: gradient.shape), "\(name)", sourceLocation: location)
    }
  }

  @Test("logits of ±10,000 are no trouble")
  func extremeLogits() {
    // u = ±100 · ±100: certain, and certainly wrong where the target is another token.
    let output = Output(rows: 4, size: 2, vocabulary: 4)
    output.hidden.value = Tensor(shape: [4, 2], scalars: [100, 0, -100, 0, 0, 100, 100, 100])
    output.weight.value = Tensor(shape: [4, 2], scalars: [100, 1, -100, 2, 0, 100, 3, -100])
    var certain = output
    certain.targets = [0, 1, 2, 0]
    var wrong = output
    wrong.targets = [1, 0, 3, 3]
    for output in [certain, wrong] {
      let result = output.pass()
      #expect(result.losses.allSatisfy { $0.isFinite })
      // The differences of a loss of 20,000 round at 10⁻⁷.
      expectDefinition(output, result, tolerance: 1e-5)
    }
    #expect(certain.pass().losses.prefix(3).allSatisfy { $0 == 0 })
    #expect(wrong.pass().losses[0] > 19_999)
  }

  @Test("the blocks in which rows are worked off change no row")
  func blocks() {
    var output = Output(rows: 29, size: 6, vocabulary: 19)
    output.targets[4] = -1
    let whole = output.pass(blockRows: 64)
    expectDefinition(output, whole)
    for blockRows in [1, 4, 28] {
      let parts = output.pass(blockRows: blockRows)
      #expect(parts.losses == whole.losses)
      #expect(parts.loss == whole.loss)
      #expect(parts.gradients["hidden"] == whole.gradients["hidden"])
      // Sums over rows, taken in another order.
      for name in ["weight", "bias"] {
        #expect(relativeError(parts.gradients[name]!, whole.gradients[name]!) < 1e-6)
      }
    }
  }

  @Test("no block holds more than 64 MiB of logits, and none fewer than 64 rows")
  func blockSize() {
    #expect(outputBlockRows(vocabulary: 100_000) * 100_000 * 4 <= 64 << 20)
    #expect(outputBlockRows(vocabulary: 100_000) < 20 * 35)
    #expect(outputBlockRows(vocabulary: 10_000_000) == 64)
  }

  @Test("a gradient from above other than one scales all gradients")
  func seed() {
    let output = Output(rows: 5, size: 3, vocabulary: 6)
    let (one, four) = (output.pass(), output.pass(seed: 4))
    for (name, gradient) in one.gradients {
      #expect(four.gradients[name]!.scalars == gradient.scalars.map { 4 * $0 })
    }
  }

  @Test("prediction records nothing and loses the same")
  func prediction() {
    let output = Output(rows: 5, size: 3, vocabulary: 6)
    let (training, prediction) = (output.pass(), output.pass(mode: .prediction))
    #expect(prediction.losses == training.losses)
    #expect(prediction.loss == training.loss)
    expectZero((0, [], prediction.gradients))
  }

  @Test("one thread, two and three give the same bits")
  func threads() {
    // Large enough that products, rows of the softmax and columns of the bias are all shared.
    let output = Output(rows: 29, size: 4, vocabulary: 5000)
    let one = ThreadTeam.$current.withValue(.solo) { output.pass() }
    for count in [2, 3] {
      let more = ThreadTeam.$current.withValue(ThreadTeam(threads: count)) { output.pass() }
      #expect(more.losses == one.losses)
      #expect(more.loss == one.loss)
      #expect(more.gradients == one.gradients)
    }
  }
}

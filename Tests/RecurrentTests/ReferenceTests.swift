import Recurrent
import Tensors
import TestSupport
import Testing

@Suite("The naive net in Double gives the same")
struct ReferenceTests {
  /// Relative to the norm. Float rounds at 6·10⁻⁸, and a few dozen roundings add up to some 10⁻⁷.
  static let tolerance = 1e-6

  /// Sizes of one; H around a multiple of 16 (a panel); B around 6 (a tile); lengths of 0, 1 and T.
  static let extents = [
    Extents(),
    Extents(layers: 2),
    Extents(steps: 1, batch: 1, inputSize: 1, hiddenSize: 1),
    Extents(steps: 3, batch: 1, inputSize: 2, hiddenSize: 1, layers: 2),
    Extents(steps: 2, batch: 1, inputSize: 1, hiddenSize: 17),
    Extents(steps: 2, batch: 7, inputSize: 5, hiddenSize: 2),
    Extents(batch: 4, inputSize: 2, hiddenSize: 3, lengths: [4, 0, 2, 1]),
    Extents(batch: 4, inputSize: 2, hiddenSize: 3, layers: 2, lengths: [1, 4, 0, 3]),
    Extents(steps: 3, batch: 2, inputSize: 2, hiddenSize: 3, lengths: [0, 0]),
  ]

  @Test(
    "outputs, last states, and each element of all gradients",
    arguments: CellKind.allCases, extents)
  func everyElement(kind: CellKind, extents: Extents) {
    let (stack, this) = (extents.stack(kind), extents.randomCase(kind))
    let result = stack.pass(this)
    let reference = ReferenceCase(kind, stack, this)
    expectSameValues(result, reference)
    #expect(result.gradients.count == reference.operands.count)
    for (name, gradient) in result.gradients {
      let expected = centralDifferences(of: name, reference.operands, reference.loss)
      #expect(
        relativeError(gradient.doubles, expected) < Self.tolerance, "gradient of \(name)")
    }
  }

  @Test(
    "a net of many units, along a random direction of each operand", arguments: CellKind.allCases)
  func directions(kind: CellKind) {
    let extents = Extents(
      steps: 4, batch: 7, inputSize: 18, hiddenSize: 33, layers: 2,
      lengths: [4, 3, 0, 4, 1, 2, 3])
    let (stack, this) = (extents.stack(kind), extents.randomCase(kind))
    let result = stack.pass(this)
    let reference = ReferenceCase(kind, stack, this)
    expectSameValues(result, reference)
    for (name, gradient) in result.gradients {
      let norm = dot(gradient.doubles, gradient.doubles).squareRoot()
      // Of signs, so that the derivative is about as large as the norm.
      let direction = Tensor.random(gradient.shape, seed: 1).doubles.map { $0 < 0 ? -1.0 : 1 }
      let expected = centralDifference(
        along: direction, of: name, reference.operands, reference.loss)
      #expect(
        abs(dot(gradient.doubles, direction) - expected) < Self.tolerance * norm,
        "gradient of \(name)")
    }
  }

  @Test(
    "a loss that depends on the outputs alone, the last h alone, or the last c alone",
    arguments: CellKind.allCases)
  func partialLosses(kind: CellKind) {
    let extents = Extents(steps: 3, batch: 2, inputSize: 2, hiddenSize: 3, lengths: [3, 2])
    let stack = extents.stack(kind)
    let whole = extents.randomCase(kind)
    var outputsAlone = whole
    outputsAlone.stateGradients = nil
    var cases = [outputsAlone]
    for part in whole.stateGradients![0].indices {
      var alone = whole
      alone.outputGradient = nil
      for other in whole.stateGradients![0].indices where other != part {
        alone.stateGradients![0][other] = Tensor(zeros: [2, 3])
      }
      cases.append(alone)
    }
    for this in cases {
      let result = stack.pass(this)
      let reference = ReferenceCase(kind, stack, this)
      for (name, gradient) in result.gradients {
        let expected = centralDifferences(of: name, reference.operands, reference.loss)
        #expect(
          relativeError(gradient.doubles, expected) < Self.tolerance, "gradient of \(name)")
      }
    }
  }

  private func expectSameValues(
    _ result: RecurrentResult, _ reference: ReferenceCase,
    _ location: SourceLocation = #_sourceLocation
  ) {
    let (outputs, states) = reference.net.run(reference.operands)
    #expect(
      relativeError(result.outputs.doubles, outputs) < Self.tolerance, sourceLocation: location)
    for (parts, expected) in zip(result.states, states) {
      for (part, expected) in zip(parts, expected) {
        #expect(relativeError(part.doubles, expected) < Self.tolerance, sourceLocation: location)
      }
    }
  }
}

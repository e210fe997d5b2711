import Recurrent
import Tensors
import TestSupport
import Testing

@Suite("The naive net in Double gives the same")
struct ReferenceTests {
  /// Relative to the norm. Float rounds at 6·10⁻⁸, and a few dozen roundings add up to some 10⁻⁷; where
  /// the terms of a sum cancel it is more. A wrong term is off by 10⁻² and more.
  static let tolerance = 1e-5

  /// Sizes of one; B around 6 (a tile); lengths of 0, 1 and T. Many units are in `directions`.
  static let extents = [
    Extents(),
    Extents(steps: 1, batch: 1, inputSize: 1, hiddenSize: 1),
    Extents(steps: 3, batch: 1, inputSize: 2, hiddenSize: 1, layers: 2),
    Extents(steps: 2, batch: 7, inputSize: 5, hiddenSize: 2),
    Extents(batch: 4, inputSize: 2, hiddenSize: 3, lengths: [4, 0, 2, 1]),
    Extents(batch: 4, inputSize: 2, hiddenSize: 3, layers: 2, lengths: [1, 4, 0, 3]),
    Extents(steps: 3, batch: 2, inputSize: 2, hiddenSize: 3, lengths: [0, 0]),
    Extents(layers: 2, lengths: [2, 0, 4]),
  ]

  /// Two layers, with a sequence of no steps, and one. Elements cost the more the larger the net: for nets
  /// that can be compared when they are small the first is small.
  static func fewExtents(_ net: Net) -> [Extents] {
    [
      net.isNormalized
        ? Extents(steps: 3, layers: 2, lengths: [2, 0, 3])
        : Extents(steps: 3, inputSize: 2, hiddenSize: 3, layers: 2, lengths: [2, 0, 3]),
      Extents(steps: 3, batch: 1),
    ]
  }

  /// Whether a net's gradients can be compared at such sizes: normalising few numbers, or the products
  /// of few inputs, takes away nearly all that they say, and leaves a gradient of rounding errors.
  static func isComparable(_ net: Net, _ extents: Extents) -> Bool {
    !net.isNormalized || (extents.hiddenSize >= 5 && extents.inputSize >= 3)
  }

  @Test("outputs, last states, and each element of all gradients", arguments: Net.forward, extents)
  func everyElement(net: Net, extents: Extents) { expectEveryElement(net, extents) }

  @Test(
    "all that too of layers that read from both ends, and of skip connections",
    arguments: Net.bidirectional + Net.skipping)
  func bothDirections(net: Net) {
    for extents in Self.fewExtents(net) { expectEveryElement(net, extents) }
  }

  private func expectEveryElement(_ net: Net, _ extents: Extents) {
    guard Self.isComparable(net, extents) else { return }
    let (stack, this) = (extents.stack(net), extents.randomCase(net))
    let result = stack.pass(this)
    let reference = ReferenceCase(extents.configuration(net), stack, this)
    expectSameValues(result, reference)
    #expect(result.gradients.count == reference.operands.count)
    for (name, gradient) in result.gradients {
      let expected = centralDifferences(of: name, reference.operands, reference.loss)
      #expect(
        relativeError(gradient.doubles, expected) < Self.tolerance, "gradient of \(name)")
    }
  }

  @Test(
    "a net of many units, along a random direction of each operand",
    arguments: Net.all + Net.skipping)
  func directions(net: Net) {
    let extents = Extents(
      steps: 4, batch: 7, inputSize: 18, hiddenSize: 33, layers: 2,
      lengths: [4, 3, 0, 4, 1, 2, 3])
    let (stack, this) = (extents.stack(net), extents.randomCase(net))
    let result = stack.pass(this)
    let reference = ReferenceCase(extents.configuration(net), stack, this)
    expectSameValues(result, reference)
    for (name, gradient) in result.gradients {
      let norm = dot(gradient.doubles, gradient.doubles).squareRoot()
      // Of signs, so that the derivative is about as large as the norm.
      let direction = Tensor.random(gradient.shape, seed: 1).doubles.map { $0 < 0 ? -1.0 : 1 }
      let expected = centralDifference(
        along: direction, of: name, reference.operands, reference.loss)
      #expect(
        abs(dot(gradient.doubles, direction) - expected) <= Self.tolerance * norm,
        "gradient of \(name)")
    }
  }

  @Test(
    "a loss that depends on the outputs alone, the last h alone, or the last c alone",
    arguments: Net.forward)
  func partialLosses(net: Net) {
    let extents = Extents(steps: 3, batch: 2, lengths: [3, 2])
    let stack = extents.stack(net)
    let whole = extents.randomCase(net)
    var outputsAlone = whole
    outputsAlone.stateGradients = nil
    var cases = [outputsAlone]
    for part in whole.stateGradients![0].indices {
      var alone = whole
      alone.outputGradient = nil
      for other in whole.stateGradients![0].indices where other != part {
        alone.stateGradients![0][other] = Tensor(zeros: alone.stateGradients![0][other].shape)
      }
      cases.append(alone)
    }
    for this in cases {
      let result = stack.pass(this)
      let reference = ReferenceCase(extents.configuration(net), stack, this)
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

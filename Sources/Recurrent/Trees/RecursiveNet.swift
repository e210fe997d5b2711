import CKernels
import Tensors

/// The recursive net (Socher et al. 2011, 2013): the state of a node is one layer over those of its children.
///
/// ```
/// h_j = tanh(W x_j + Σ_l U^l h_jl + b)
/// ```
/// With two children and no input this is the published tanh(W[h_left; h_right] + b). A leaf is tanh(W x + b),
/// where the papers take a word's vector as it is, so that vectors need not be as wide as states. Children
/// that are not there are zeros.
///
/// W_ih [H, E], b_ih [H], and W_hh [H, K·H] with a block of H columns for each of up to K children. Biases start
/// at zero.
public struct RecursiveNet: TreeCell {
  public let inputSize: Int
  public let hiddenSize: Int
  /// K, the most children of a node.
  public let arity: Int
  public var maximumArity: Int? { arity }
  public var order: Forest.Order { .arity }
  /// W_ih, b_ih, W_hh.
  public let parameters: [Parameter]

  /// A cell whose parameters' names begin with `prefix`.
  public init(
    inputSize: Int, hiddenSize: Int, arity: Int = 2, prefix: String = "tree",
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    precondition(arity >= 1, "a node has at least 1 child, not \(arity)")
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.arity = arity
    parameters = [
      Parameter(
        "\(prefix).weight_ih",
        initialization.input.matrix(outputs: hiddenSize, inputs: inputSize, key: key.child(0))),
      Parameter("\(prefix).bias_ih", Tensor(zeros: [hiddenSize])),
      Parameter(
        "\(prefix).weight_hh",
        initialization.recurrent.matrix(
          outputs: hiddenSize, inputs: arity * hiddenSize, key: key.child(1))),
    ]
  }

  public func run(
    _ inputs: Variable, at places: [Int32], of forest: Forest, mode: Mode
  ) -> Variable {
    check(inputs, forest)
    let weights = parameters.map { $0.variable(mode) }
    let links = TreeLinks(forest, combining: .places(arity))
    let forestInputs = ForestInputs(places, count: inputs.shape[0], forest: forest)
    let states = RecursiveStates(links, size: hiddenSize)
    states.runForward(
      links, forestInputs, projections(of: inputs, weights[0], bias: weights[1].value),
      weights[2].packed(.forward))
    let (x, inputWeight, recurrent) = (inputs.value, weights[0].value, weights[2])
    return Variable.operation(from: [inputs] + weights, output: states.outputs) { context in
      let gradients = states.runBackward(
        links, outputs: context.takeGradient(), recurrent.packed(.backward))
      states.accumulate(
        context, links, forestInputs, gradients, inputs: x, inputWeight: inputWeight)
    }
  }
}

/// A run of a recursive net over a forest.
private struct RecursiveStates {
  /// S [inner nodes, K·H], the children's states side by side.
  let combined: Tensor
  /// h [N, H].
  let outputs: Tensor
  private let size: Int
  private let wide: Int

  init(_ links: TreeLinks, size: Int) {
    self.size = size
    wide = links.width * size
    combined = Tensor(uninitialized: [links.forest.innerCount, wide])
    outputs = Tensor(uninitialized: [links.forest.count, size])
  }

  /// From the leaves up.
  func runForward(
    _ links: TreeLinks, _ inputs: ForestInputs, _ projections: Tensor, _ recurrent: PackedMatrix
  ) {
    let (h, s, leaves) = (
      outputs.sharedPointer, combined.sharedPointer, links.forest.leafCount
    )
    links.forEachRun(.up, work: { $0 * size * size }) { level, rows, arity in
      let first = rows.lowerBound
      if level > 0 {
        for row in rows { links.gather(row, states: h, size, into: s.row(row - leaves, wide)) }
        recurrent.multiply(
          rows: rows.count, s.row(first - leaves, wide), rowStride: wide,
          into: h.row(first, size), resultStride: size, depth: 0..<arity * size)
      }
      links.withNodes(rows, inputs) {
        unroll_tree_tanh_forward(
          $0, size, projections.sharedPointer, level > 0 ? h.row(first, size) : nil, h)
      }
    }
    withExtendedLifetime((projections, self)) {}
  }

  /// From the roots down: the gradients of the pre-activations, [N, H].
  func runBackward(
    _ links: TreeLinks, outputs gradients: Tensor, _ recurrent: PackedMatrix
  ) -> Tensor {
    let forest = links.forest
    let result = Tensor(uninitialized: [forest.count, size])
    let shares = Tensor(uninitialized: [forest.innerCount, wide])
    let (dh, leaves) = (result.sharedPointer, forest.leafCount)
    links.forEachRun(.down, work: { $0 * size * size }) { level, rows, arity in
      let first = rows.lowerBound
      let own = dh.row(first, size)
      links.startGradients(
        rows, outputs: gradients.sharedPointer, shares: shares.sharedPointer, size, into: dh)
      unroll_rnn_tanh_backward(
        rows.count, size, outputs.sharedPointer.row(first, size), own, own)
      guard level > 0 else { return }
      recurrent.multiply(
        rows: rows.count, own, rowStride: size,
        into: shares.sharedPointer.row(first - leaves, wide), resultStride: wide,
        columns: 0..<arity * size)
    }
    withExtendedLifetime((gradients, shares, self)) {}
    return result
  }

  /// The gradients of inputs (parent 0), W_ih (1), b_ih (2) and W_hh (3), from those of the pre-activations.
  func accumulate(
    _ context: GradientContext, _ links: TreeLinks, _ inputs: ForestInputs, _ gradients: Tensor,
    inputs x: Tensor, inputWeight: Tensor
  ) {
    let leaves = links.forest.leafCount
    let dh = gradients.sharedPointer
    let projectionGradients = Tensor(uninitialized: [inputs.count + 1, size])
    forEachInput(inputs) { input, readers, rows in
      unroll_sum_rows_at(
        readers.count, rows, size, dh, size, projectionGradients.sharedPointer.row(input, size))
    }
    accumulateInputGradients(
      context, projectionGradients, inputs: x, inputWeight: inputWeight, recurrent: [3]
    ) { sums in
      links.places.compactMap { group in
        let (before, end) = (group.places.lowerBound * size, group.places.upperBound * size)
        return sums[0]?.product(
          dh.row(group.first, size),
          combined.sharedPointer.row(group.first - leaves, wide) + before,
          rows: links.forest.count - group.first, outputs: size, inputs: end - before,
          inputStride: wide, at: before, stride: wide)
      }
    }
    withExtendedLifetime((gradients, self)) {}
  }
}

import CKernels
import Tensors

/// A Tree-LSTM over a whole forest as one node of the graph.
///
/// Forward: the inputs are projected in one product; then level by level from the leaves up the children's
/// states are brought together, one product each for i, g, o and for f, and the gate functions; children that
/// are not there are not multiplied with. Backward: the
/// same levels from the roots down, the gradients of the gates replacing their activations; the gradients of
/// the weights, tied over all nodes, are one product each over all of them.
///
/// - Parameters:
///   - inputs: [D, E]; places: the input of each node, -1 for none.
///   - weights: W_ih [4H, E], b_ih [4H], W_hh [3H, K·H], W_hf [H, H] or [K·H, K·H].
/// - Returns: h [N, H].
func runTreeLSTM(
  _ inputs: Variable, at places: [Int32], _ links: TreeLinks, _ weights: [Variable]
) -> Variable {
  let size = weights[3].shape[0] / links.width
  let forestInputs = ForestInputs(places, count: inputs.shape[0], forest: links.forest)
  let projections = projections(of: inputs, weights[0], bias: weights[1].value)
  let parents = [inputs] + weights
  let saved = TreeLSTMActivations(links, size: size)
  forwardTreeLSTM(links, forestInputs, saved, projections, weights)
  guard parents.contains(where: \.isRecorded) else { return Variable(saved.outputs) }
  let (inputValue, inputWeight) = (inputs.value, weights[0].value)
  let (recurrent, forget) = (weights[2], weights[3])
  return Variable.operation(from: parents, output: saved.outputs) { context in
    let sums = backwardTreeLSTM(
      links, forestInputs, saved, outputs: context.takeGradient(), recurrent: recurrent,
      forget: forget)
    accumulateTreeGradients(
      context, links, forestInputs, saved, forgetSums: sums, inputs: inputValue,
      inputWeight: inputWeight)
  }
}

/// What the forward pass leaves for the backward pass.
private struct TreeLSTMActivations {
  /// [N, 3H]: activations i, g, o; the backward pass turns them into gradients.
  let gates: Tensor
  /// [slots, H]: the forget gates of the edges, likewise.
  let forget: Tensor
  /// S [inner nodes, K·H].
  let combined: Tensor
  /// c [N, H].
  let memories: Tensor
  /// tanh c [N, H].
  let squashed: Tensor
  /// h [N, H].
  let outputs: Tensor

  init(_ links: TreeLinks, size: Int) {
    let (count, inner) = (links.forest.count, links.forest.innerCount)
    gates = Tensor(uninitialized: [count, 3 * size])
    forget = Tensor(uninitialized: [links.slotCount, size])
    combined = Tensor(uninitialized: [inner, links.width * size])
    memories = Tensor(uninitialized: [count, size])
    squashed = Tensor(uninitialized: [count, size])
    outputs = Tensor(uninitialized: [count, size])
  }

  var size: Int { outputs.shape[1] }
}

extension TreeLinks {
  /// Blocks of H columns of S that a node with so many children uses.
  func used(_ arity: Int) -> Int { combination == .sum ? 1 : arity }

  /// Multiply-adds of a node with so many children in a pass.
  fileprivate func work(_ size: Int) -> (_ arity: Int) -> Int {
    { arity in (3 * used(arity) + used(arity) * used(arity)) * size * size }
  }
}

private func forwardTreeLSTM(
  _ links: TreeLinks, _ inputs: ForestInputs, _ saved: TreeLSTMActivations, _ projections: Tensor,
  _ weights: [Variable]
) {
  let (size, wide, leaves) = (saved.size, links.width * saved.size, links.forest.leafCount)
  let recurrent = weights[2].packed(.forward)
  let forgetWeight = weights[3].packed(.forward)
  let (h, s) = (saved.outputs.sharedPointer, saved.combined.sharedPointer)
  let (gates, forget) = (saved.gates.sharedPointer, saved.forget.sharedPointer)
  let top = links.forest.levels.count - 1
  links.forEachRun(.up, work: links.work(size)) { level, rows, arity in
    let (first, used) = (rows.lowerBound, links.used(arity) * size)
    if level > 0 {
      let own = s.row(first - leaves, wide)
      for row in rows { links.gather(row, states: h, size, into: s.row(row - leaves, wide)) }
      recurrent.multiply(
        rows: rows.count, own, rowStride: wide, into: gates.row(first, 3 * size),
        resultStride: 3 * size, depth: 0..<used)
      if links.combination != .sum {
        forgetWeight.multiply(
          rows: rows.count, own, rowStride: wide, into: forget.row(first - leaves, wide),
          resultStride: wide, columns: 0..<used, depth: 0..<used)
      }
    }
    links.withNodes(rows, inputs) {
      unroll_tree_lstm_forward(
        $0, size, projections.sharedPointer, level > 0 ? gates.row(first, 3 * size) : nil, gates,
        forget, saved.memories.sharedPointer, saved.squashed.sharedPointer, h)
    }
    // The share of a state in the gate by which its parent forgets it.
    if links.combination == .sum, level < top {
      forgetWeight.multiply(
        rows: rows.count, h.row(first, size), rowStride: size, into: forget.row(first, size),
        resultStride: size)
    }
  }
  withExtendedLifetime((projections, saved)) {}
}

/// Turns gates and forget gates into their gradients. Returns Σ_k df_jk [inner nodes, H].
private func backwardTreeLSTM(
  _ links: TreeLinks, _ inputs: ForestInputs, _ saved: TreeLSTMActivations, outputs: Tensor,
  recurrent: Variable, forget forgetVariable: Variable
) -> Tensor {
  let (forest, size, wide) = (links.forest, saved.size, links.width * saved.size)
  let leaves = forest.leafCount
  let recurrent = recurrent.packed(.backward)
  let forgetWeight = forgetVariable.packed(.backward)
  let (gates, forget) = (saved.gates.sharedPointer, saved.forget.sharedPointer)
  let stateGradients = Tensor(uninitialized: [forest.count, size])
  let memoryGradients = Tensor(uninitialized: [forest.count, size])
  let shares = Tensor(uninitialized: [forest.innerCount, wide])
  let forgetSums = Tensor(uninitialized: [forest.innerCount, size])
  let (dh, dc) = (stateGradients.sharedPointer, memoryGradients.sharedPointer)
  for root in forest.roots {
    dc.row(Int(root), size).update(repeating: 0, count: size)
    if links.combination == .sum {
      forget.row(Int(root), size).update(repeating: 0, count: size)
    }
  }
  links.forEachRun(.down, work: links.work(size)) { level, rows, arity in
    let (first, inner) = (rows.lowerBound, rows.lowerBound - leaves)
    links.startGradients(
      rows, outputs: outputs.sharedPointer, shares: shares.sharedPointer, size, into: dh)
    if links.combination == .sum {
      forgetWeight.multiply(
        rows: rows.count, forget.row(first, size), rowStride: size, accumulate: true,
        into: dh.row(first, size), resultStride: size)
    }
    links.withNodes(rows, inputs) {
      unroll_tree_lstm_backward(
        $0, size, gates, forget, saved.memories.sharedPointer, saved.squashed.sharedPointer, dh,
        dc, level > 0 ? forgetSums.sharedPointer.row(inner, size) : nil)
    }
    guard level > 0 else { return }
    let used = links.used(arity) * size
    recurrent.multiply(
      rows: rows.count, gates.row(first, 3 * size), rowStride: 3 * size,
      into: shares.sharedPointer.row(inner, wide), resultStride: wide, columns: 0..<used)
    guard links.combination != .sum else { return }
    forgetWeight.multiply(
      rows: rows.count, forget.row(inner, wide), rowStride: wide, accumulate: true,
      into: shares.sharedPointer.row(inner, wide), resultStride: wide, columns: 0..<used,
      depth: 0..<used)
  }
  withExtendedLifetime((saved, outputs, stateGradients, memoryGradients, shares)) {}
  return forgetSums
}

/// The gradients of inputs (parent 0), W_ih (1), b_ih (2), W_hh (3) and W_hf (4):
///
/// ```
/// dp_d = Σ_j (di, Σ_k df_k, dg, do)_j over the readers j of input d
/// dx = dp·W_ih,   dW_ih = Σ_d dp_dᵀ·x_d,   db = Σ_d dp_d
/// dW_hh = Σ_j (di, dg, do)_jᵀ·s_j,   dW_hf = Σ df_kᵀ·h_k
/// ```
private func accumulateTreeGradients(
  _ context: GradientContext, _ links: TreeLinks, _ inputs: ForestInputs,
  _ saved: TreeLSTMActivations, forgetSums: Tensor, inputs x: Tensor, inputWeight: Tensor
) {
  let (forest, size, wide) = (links.forest, saved.size, links.width * saved.size)
  let (leaves, inner) = (forest.leafCount, forest.innerCount)
  let (gates, sums) = (saved.gates.sharedPointer, forgetSums.sharedPointer)
  let projectionGradients = Tensor(uninitialized: [inputs.count + 1, 4 * size])
  forEachInput(inputs) { input, readers, rows in
    let target = projectionGradients.sharedPointer.row(input, 4 * size)
    unroll_sum_rows_at(readers.count, rows, size, gates, 3 * size, target)
    unroll_sum_rows_at(
      readers.count, rows, 2 * size, gates + size, 3 * size, target + 2 * size)
    // Readers ascend, so those with children are the last.
    let firstInner = (0..<readers.count).first { Int(rows[$0]) >= leaves } ?? readers.count
    let shifted = (firstInner..<readers.count).map { rows[$0] - Int32(leaves) }
    unroll_sum_rows_at(shifted.count, shifted, size, sums, size, target + size)
  }
  accumulateInputGradients(
    context, projectionGradients, inputs: x, inputWeight: inputWeight,
    recurrent: [3, 4]
  ) { gradients in
    let (states, forget) = (saved.combined.sharedPointer, saved.forget.sharedPointer)
    guard links.combination != .sum else {
      return [
        gradients[0]?.product(
          gates.row(leaves, 3 * size), states, rows: inner, outputs: 3 * size, inputs: size),
        gradients[1]?.product(
          forget, saved.outputs.sharedPointer, rows: forest.count, outputs: size, inputs: size),
      ].compactMap(\.self)
    }
    // The nodes with a child at a place are the rows from some row on.
    return links.places.flatMap { group in
      let (before, end) = (group.places.lowerBound * size, group.places.upperBound * size)
      let rows = forest.count - group.first
      let (states, forget) = (
        states.row(group.first - leaves, wide), forget.row(group.first - leaves, wide)
      )
      return [
        gradients[0]?.product(
          gates.row(group.first, 3 * size), states + before, rows: rows, outputs: 3 * size,
          inputs: end - before, inputStride: wide, at: before, stride: wide),
        gradients[1]?.product(
          forget + before, states, rows: rows, outputs: end - before, outputStride: wide,
          inputs: end, inputStride: wide, at: before * wide, stride: wide),
        gradients[1]?.product(
          forget, states + before, rows: rows, outputs: before, outputStride: wide,
          inputs: end - before, inputStride: wide, at: before, stride: wide),
      ].compactMap(\.self)
    }
  }
  withExtendedLifetime((saved, forgetSums)) {}
}

extension GradientSum {
  /// aᵀ·b for a [rows, outputs] and b [rows, inputs], to be added to the block of a weight's gradient that
  /// begins at element `start`.
  func product(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, rows: Int, outputs: Int,
    outputStride: Int? = nil, inputs: Int, inputStride: Int? = nil, at start: Int = 0,
    stride: Int? = nil
  ) -> MatrixProduct {
    MatrixProduct(
      MatrixView(a, rows: rows, columns: outputs, rowStride: outputStride).transposed,
      MatrixView(b, rows: rows, columns: inputs, rowStride: inputStride).transposed,
      accumulate: !isFresh, into: values.baseAddress! + start, rowStride: stride)
  }
}

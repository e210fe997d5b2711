import Tensors

/// The adaptive softmax of Grave et al. (2017): a head over the most frequent tokens and one output for
/// each cluster of rarer ones, and in each cluster i a softmax that sees H/4ⁱ⁺¹ features.
///
/// ```
/// p(w | h) = softmax(A·h + a)_w                                          w in the head
/// p(w | h) = softmax(A·h + a)_i · softmax(C_i·B_i·h)_w                   w in cluster i
/// ```
/// `head.weight` is A [N + K, H], its tokens by falling count and then the K clusters; `tail.i.0.weight`
/// is B_i [H/4ⁱ⁺¹, H], `tail.i.1.weight` is C_i, its rows by falling count: the tensors of PyTorch's
/// `AdaptiveLogSoftmaxWithLoss` with `head_bias=True`, where ids are ranks. Most tokens of a text meet the
/// head alone; a row of h meets the one cluster that its target is in.
struct AdaptiveSoftmax: Module {
  let layout: AdaptiveLayout
  let ranks: FrequencyRanks
  let head: Linear
  /// B_i and C_i.
  let tails: [(projection: Parameter, tokens: Parameter)]

  var parameters: [Parameter] {
    head.parameters + tails.flatMap { [$0.projection, $0.tokens] }
  }

  /// A layer of H = `inputs` features over the tokens that `counts` has.
  init(
    inputs: Int, counts: [Int], cutoffs: [Int], name: String, initializer: Initializer,
    key: RandomKey
  ) {
    layout = AdaptiveLayout(inputs, counts.count, cutoffs: cutoffs)
    ranks = FrequencyRanks(counts: counts)
    head = Linear(
      inputs: inputs, outputs: layout.headOutputs, name: "\(name).head", initializer: initializer,
      key: key.child(0))
    tails = layout.clusters.enumerated().map { index, cluster in
      let key = key.child(1 + index)
      return (
        projection: Parameter(
          "\(name).tail.\(index).0.weight",
          initializer.matrix(outputs: cluster.features, inputs: inputs, key: key.child(0))),
        tokens: Parameter(
          "\(name).tail.\(index).1.weight",
          initializer.matrix(
            outputs: cluster.ranks.count, inputs: cluster.features, key: key.child(1)))
      )
    }
  }

  /// scale · Σ -ln p(target), and -ln p(target) of each row of h [M, H]. The matrices of a cluster that no
  /// target is in get no gradient.
  func loss(
    _ hidden: Variable, targets: [Int32], scale: Float, mode: Mode
  ) -> (loss: Variable, losses: [Float]) {
    var headTargets = ranks.ranks(of: targets)
    var members = layout.clusters.map { _ in (rows: [Int32](), targets: [Int32]()) }
    for (row, rank) in headTargets.enumerated() where rank >= layout.headTokens {
      let cluster = layout.clusters.firstIndex { $0.ranks.contains(Int(rank)) }!
      members[cluster].rows.append(Int32(row))
      members[cluster].targets.append(rank - Int32(layout.clusters[cluster].ranks.lowerBound))
      headTargets[row] = Int32(layout.headTokens + cluster)
    }
    var (total, losses) = softmaxCrossEntropy(
      hidden, weight: head.weight.variable(mode), bias: head.bias.variable(mode),
      targets: headTargets, scale: scale)
    for (tail, members) in zip(tails, members) where !members.rows.isEmpty {
      let (loss, own) = softmaxCrossEntropy(
        hidden.rows(at: members.rows).linear(tail.projection.variable(mode)),
        weight: tail.tokens.variable(mode), bias: nil, targets: members.targets, scale: scale)
      total = total + loss
      for (row, loss) in zip(members.rows, own) { losses[Int(row)] += loss }
    }
    return (total, losses)
  }

  /// ln p of all V tokens, by id, for each row of h [B, H]: [B, V].
  func logProbabilities(_ hidden: Tensor) -> Tensor {
    let input = Variable(hidden)
    let heads = head(input, mode: .prediction).logSoftmax().value
    var result = Tensor(uninitialized: [hidden.shape[0], ranks.ids.count])
    place(heads, columns: 0..<layout.headTokens, in: &result, from: 0) { _ in 0 }
    for (index, (tail, cluster)) in zip(tails, layout.clusters).enumerated() {
      let own =
        input.linear(tail.projection.variable(.prediction))
        .linear(tail.tokens.variable(.prediction)).logSoftmax().value
      place(
        own, columns: 0..<cluster.ranks.count, in: &result, from: cluster.ranks.lowerBound
      ) { row in heads[row, layout.headTokens + index] }
    }
    return result
  }

  /// Puts columns of `part` where the ids of the ranks from `first` on are, each row raised by `offset`.
  private func place(
    _ part: Tensor, columns: Range<Int>, in result: inout Tensor, from first: Int,
    offset: (Int) -> Float
  ) {
    let (rows, width, vocabulary) = (part.shape[0], part.shape[1], ranks.ids.count)
    result.withUnsafeMutableBufferPointer { result in
      part.withUnsafeBufferPointer { part in
        for row in 0..<rows {
          let offset = offset(row)
          for column in columns {
            result[row * vocabulary + Int(ranks.ids[first + column])] =
              part[row * width + column] + offset
          }
        }
      }
    }
  }
}

import CKernels
import Tensors

/// What is read from the memory: α = softmax of each query's scores over its sequence's own steps, and
/// c = Σ_s α_s m_s, as one node.
///
/// ```
/// dm_s += Σ_t α_ts dc_t,   dα_ts = dc_t·m_s (+ what comes back to the weights themselves)
/// de_t  = α_t ⊙ (dα_t - Σ_s α_ts dα_ts)
/// ```
/// - Returns: contexts [T, B, F] and weights [T, B, S], zero beyond a sequence's end; or [M, F] and [M, S].
func readMemory(
  _ scores: Variable, _ memory: AttentionMemory, _ layout: QueryLayout
) -> (contexts: Variable, weights: Variable) {
  let (width, steps, batch) = (memory.values.shape[2], memory.steps, memory.batch)
  let (e, m, lengths) = (scores.value, memory.values.value, memory.lengths)
  let weights = Tensor(zeros: layout.shape(steps))
  let contexts = Tensor(zeros: layout.shape(width))
  ThreadTeam.current.forEach(batch) { b in
    let views = SequenceViews(b, layout, lengths[b], batch: batch)
    guard views.count > 0, lengths[b] > 0 else { return }
    for query in views.rows {
      let row = query * steps
      unroll_softmax_rows(
        1, lengths[b], e.sharedPointer + row, weights.sharedPointer + row)
    }
    guard !views.hasFewQueries else {
      for query in views.rows {
        views.add(
          weights.sharedPointer + query * steps, m.sharedPointer, width,
          to: contexts.sharedPointer + query * width)
      }
      return
    }
    multiply(
      views.scores(weights.sharedPointer, steps), views.keys(m.sharedPointer, width).transposed,
      into: contexts.sharedPointer + views.first * width, rowStride: views.step * width)
  }
  withExtendedLifetime((e, m)) {}
  let results = Variable.operation(
    from: [scores, memory.values], outputs: [contexts, weights]
  ) { context in
    let dc = context.takeGradient(ofOutput: 0)
    let dWeights = context.gradient(ofOutput: 1)
    context.accumulate(intoParents: [0, 1]) { sums in
      for sum in sums where sum?.isFresh == true { sum?.values.update(repeating: 0) }
      ThreadTeam.current.forEach(batch) { b in
        let views = SequenceViews(b, layout, lengths[b], batch: batch)
        guard views.count > 0, lengths[b] > 0 else { return }
        let gradients = views.queries(dc.sharedPointer, width)
        if let dm = sums[1]?.values.baseAddress {
          if views.hasFewQueries {
            for query in views.rows {
              views.add(
                weights.sharedPointer + query * steps, times: dc.sharedPointer + query * width,
                width, toKeys: dm)
            }
          } else {
            multiply(
              views.scores(weights.sharedPointer, steps).transposed, gradients.transposed,
              accumulate: true, into: dm + b * width, rowStride: batch * width)
          }
        }
        guard let de = sums[0]?.values.baseAddress else { return }
        withWorkspace(views.count * lengths[b]) { dAlpha in
          if views.hasFewQueries {
            for (place, query) in views.rows.enumerated() {
              views.compare(
                dc.sharedPointer + query * width, m.sharedPointer, width,
                into: dAlpha + place * lengths[b])
            }
          } else {
            multiply(gradients, views.keys(m.sharedPointer, width), into: dAlpha)
          }
          for query in 0..<views.count {
            let row = (views.first + query * views.step) * steps
            let own = dAlpha + query * lengths[b]
            if let extra = dWeights?.sharedPointer {
              unroll_add(lengths[b], own, extra + row, own)
            }
            unroll_softmax_rows_backward(1, lengths[b], weights.sharedPointer + row, own, own)
            unroll_add(lengths[b], de + row, own, de + row)
          }
        }
      }
      withExtendedLifetime((dc, dWeights, m, weights)) {}
    }
  }
  return (results[0], results[1])
}

import CKernels
import Tensors

// How well queries go with keys: e [T, B, S], of each sequence by itself and of no more keys than it has.
// So a sequence in a padded batch gives the bits that it gives alone. With de the gradient of e:
//
//   e = q·k                        dq = Σ_s de_s k_s                    dk_s += de_s q
//   e = v·tanh(q + k), u = tanh …  dq = Σ_s de_s v ⊙ (1 - u_s²)         dk_s += de_s v ⊙ (1 - u_s²)
//                                  dv = Σ de u

/// q·k for queries [T, B, H] (or [M, H]) and keys [S, B, H]; scores beyond a sequence's end are 0.
func dotScores(_ queries: Variable, _ memory: AttentionMemory, _ layout: QueryLayout) -> Variable {
  let (width, steps, batch) = (memory.keys.shape[2], memory.steps, memory.batch)
  precondition(
    queries.shape.last == width, "queries \(queries.shape) against keys \(memory.keys.shape)")
  let (q, k, lengths) = (queries.value, memory.keys.value, memory.lengths)
  let scores = Tensor(zeros: layout.shape(steps))
  ThreadTeam.current.forEach(batch) { b in
    let views = SequenceViews(b, layout, lengths[b], batch: batch)
    guard views.hasFewQueries else {
      multiply(
        views.queries(q.sharedPointer, width), views.keys(k.sharedPointer, width),
        into: scores.sharedPointer + views.first * steps, rowStride: views.step * steps)
      return
    }
    for query in views.rows {
      views.compare(
        q.sharedPointer + query * width, k.sharedPointer, width,
        into: scores.sharedPointer + query * steps)
    }
  }
  withExtendedLifetime((q, k)) {}
  return Variable.operation(from: [queries, memory.keys], output: scores) { context in
    let gradient = context.takeGradient()
    context.accumulate(intoParents: [0, 1]) { sums in
      for sum in sums where sum?.isFresh == true { sum?.values.update(repeating: 0) }
      ThreadTeam.current.forEach(batch) { b in
        let views = SequenceViews(b, layout, lengths[b], batch: batch)
        guard views.count > 0, lengths[b] > 0 else { return }
        let (dq, dk) = (sums[0]?.values.baseAddress, sums[1]?.values.baseAddress)
        guard !views.hasFewQueries else {
          for query in views.rows {
            let de = gradient.sharedPointer + query * steps
            if let dq { views.add(de, k.sharedPointer, width, to: dq + query * width) }
            if let dk { views.add(de, times: q.sharedPointer + query * width, width, toKeys: dk) }
          }
          return
        }
        let de = views.scores(gradient.sharedPointer, steps)
        if let dq {
          multiply(
            de, views.keys(k.sharedPointer, width).transposed, accumulate: true,
            into: dq + views.first * width, rowStride: views.step * width)
        }
        if let dk {
          multiply(
            de.transposed, views.queries(q.sharedPointer, width).transposed, accumulate: true,
            into: dk + b * width, rowStride: batch * width)
        }
      }
      withExtendedLifetime((gradient, q, k)) {}
    }
  }
}

/// v·tanh(q + k) for queries [T, B, A] (or [M, A]), keys [S, B, A] and v [1, A]; scores beyond a
/// sequence's end are 0.
func additiveScores(
  _ queries: Variable, _ memory: AttentionMemory, weight: Variable, _ layout: QueryLayout
) -> Variable {
  let (width, steps, batch) = (memory.keys.shape[2], memory.steps, memory.batch)
  precondition(
    queries.shape.last == width && weight.shape == [1, width],
    "queries \(queries.shape) against keys \(memory.keys.shape) by \(weight.shape)")
  let (q, k, v, lengths) = (queries.value, memory.keys.value, weight.value, memory.lengths)
  let scores = Tensor(zeros: layout.shape(steps))
  ThreadTeam.current.forEach(batch) { b in
    let views = SequenceViews(b, layout, lengths[b], batch: batch)
    unroll_additive_scores(
      views.count, lengths[b], width, q.sharedPointer + views.first * width, views.step * width,
      k.sharedPointer + b * width, batch * width, v.sharedPointer,
      scores.sharedPointer + views.first * steps, views.step * steps)
  }
  withExtendedLifetime((q, k, v)) {}
  return Variable.operation(from: [queries, memory.keys, weight], output: scores) { context in
    let gradient = context.takeGradient()
    // A row for each sequence, so that the order of the sum does not depend on the threads.
    let shares = Tensor(zeros: context.needsGradient(ofParent: 2) ? [batch, width] : [0])
    context.accumulate(intoParents: [0, 1]) { sums in
      for sum in sums where sum?.isFresh == true { sum?.values.update(repeating: 0) }
      ThreadTeam.current.forEach(batch) { b in
        let views = SequenceViews(b, layout, lengths[b], batch: batch)
        unroll_additive_scores_backward(
          views.count, lengths[b], width, q.sharedPointer + views.first * width,
          views.step * width, k.sharedPointer + b * width, batch * width, v.sharedPointer,
          gradient.sharedPointer + views.first * steps, views.step * steps,
          sums[0]?.values.baseAddress.map { $0 + views.first * width },
          sums[1]?.values.baseAddress.map { $0 + b * width },
          shares.count > 0 ? shares.sharedPointer + b * width : nil)
      }
      withExtendedLifetime((gradient, q, k, v)) {}
    }
    guard shares.count > 0 else { return }
    let total = Tensor(shape: [1, width]) { sums in
      unroll_column_sums(batch, width, shares.sharedPointer, width, false, sums.baseAddress)
    }
    context.add(total, toParent: 2)
    withExtendedLifetime(shares) {}
  }
}

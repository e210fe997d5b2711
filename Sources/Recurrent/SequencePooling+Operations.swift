import CKernels
import Foundation
import Tensors

// Summaries over time, each of its own rows and steps alone and with its sums in the order of the steps:
// so a sequence in a padded batch gives the bits that it gives alone, on any number of threads.

extension Variable {
  /// Each sequence's output at its last step, [B, F]; of the second half of the features, if
  /// `isBidirectional`, at its first.
  func lastOutputs(_ lengths: [Int], isBidirectional: Bool) -> Variable {
    let (batch, size) = (shape[1], shape[2])
    let forward = isBidirectional ? size / 2 : size
    return summarised(lengths) { row, steps, outputs, summary in
      let last = outputs + ((steps - 1) * batch + row) * size
      summary.update(from: last, count: forward)
      (summary + forward).update(
        from: outputs + row * size + forward, count: size - forward)
    } backward: { row, steps, gradient, sum in
      let last = sum + ((steps - 1) * batch + row) * size
      unroll_axpy(forward, 1, gradient, last)
      unroll_axpy(size - forward, 1, gradient + forward, sum + row * size + forward)
    }
  }

  /// Each sequence's mean output, [B, F].
  func meanOverTime(_ lengths: [Int]) -> Variable {
    let (batch, size) = (shape[1], shape[2])
    return summarised(lengths) { row, steps, outputs, summary in
      for t in 0..<steps { unroll_axpy(size, 1, outputs + (t * batch + row) * size, summary) }
      unroll_scale(size, 1 / Float(steps), summary, summary)
    } backward: { row, steps, gradient, sum in
      for t in 0..<steps {
        unroll_axpy(size, 1 / Float(steps), gradient, sum + (t * batch + row) * size)
      }
    }
  }

  /// The greatest value of each feature of each sequence, [B, F]. The first of equal ones gets the gradient.
  func maximumOverTime(_ lengths: [Int]) -> Variable {
    let (batch, size) = (shape[1], shape[2])
    let value = value
    let place = { @Sendable (row: Int, steps: Int, feature: Int) in
      value.withUnsafeBufferPointer { x in
        var best = row * size + feature
        for t in 1..<steps {
          let candidate = (t * batch + row) * size + feature
          if x[candidate] > x[best] { best = candidate }
        }
        return best
      }
    }
    return summarised(lengths) { row, steps, outputs, summary in
      for feature in 0..<size { summary[feature] = outputs[place(row, steps, feature)] }
    } backward: { row, steps, gradient, sum in
      for feature in 0..<size { sum[place(row, steps, feature)] += gradient[feature] }
    }
  }

  /// A summary [B, F] of each sequence of at least one step by itself; zeros of the others.
  private func summarised(
    _ lengths: [Int],
    forward:
      @Sendable (
        _ row: Int, _ steps: Int, _ outputs: UnsafePointer<Float>,
        _ summary: UnsafeMutablePointer<Float>
      ) -> Void,
    backward:
      @escaping @Sendable (
        _ row: Int, _ steps: Int, _ gradient: UnsafePointer<Float>,
        _ sum: UnsafeMutablePointer<Float>
      ) -> Void
  ) -> Variable {
    let (batch, size) = (shape[1], shape[2])
    let summaries = Tensor(zeros: [batch, size])
    let (source, target) = (value.sharedPointer, summaries.sharedPointer)
    ThreadTeam.current.forEach(batch) { row in
      if lengths[row] > 0 { forward(row, lengths[row], source, target + row * size) }
    }
    withExtendedLifetime(value) {}
    return Variable.operation(from: [self], output: summaries) { context in
      let gradient = context.takeGradient()
      context.accumulate(intoParent: 0) { sum, isFresh in
        if isFresh { sum.update(repeating: 0) }
        guard let target = sum.baseAddress else { return }
        let source = gradient.sharedPointer
        ThreadTeam.current.forEach(batch) { row in
          if lengths[row] > 0 { backward(row, lengths[row], source + row * size, target) }
        }
        withExtendedLifetime(gradient) {}
      }
    }
  }

  /// Each sequence's outputs weighted by the softmax over time of `scores` [T, B, 1], [B, F].
  ///
  /// ```
  /// s = Σ_t α_t h_t;   dh_t = α_t ds,   dscore_t = α_t (ds·h_t - Σ_k α_k ds·h_k)
  /// ```
  func weightedOverTime(scores: Variable, _ lengths: [Int]) -> Variable {
    let (steps, batch, size) = (shape[0], shape[1], shape[2])
    let outputs = value
    let weights = softmaxOverTime(scores.value, lengths)
    let summaries = Tensor(zeros: [batch, size])
    let (source, target, alpha) = (
      outputs.sharedPointer, summaries.sharedPointer, weights.sharedPointer
    )
    ThreadTeam.current.forEach(batch) { row in
      for t in 0..<lengths[row] {
        let place = t * batch + row
        unroll_axpy(size, alpha[place], source + place * size, target + row * size)
      }
    }
    return Variable.operation(from: [self, scores], output: summaries) { context in
      let gradient = context.takeGradient()
      let products = Tensor(zeros: [steps, batch, 1])
      context.accumulate(intoParents: [0, 1]) { sums in
        for sum in sums where sum?.isFresh == true { sum?.values.update(repeating: 0) }
        let (ds, h) = (gradient.sharedPointer, outputs.sharedPointer)
        let (alpha, dots) = (weights.sharedPointer, products.sharedPointer)
        ThreadTeam.current.forEach(batch) { row in
          var mean = 0.0
          for t in 0..<lengths[row] {
            let place = t * batch + row
            if let sum = sums[0]?.values.baseAddress {
              unroll_axpy(size, alpha[place], ds + row * size, sum + place * size)
            }
            dots[place] = Float(unroll_dot(size, ds + row * size, h + place * size))
            mean += Double(alpha[place]) * Double(dots[place])
          }
          guard let sum = sums[1]?.values.baseAddress else { return }
          for t in 0..<lengths[row] {
            let place = t * batch + row
            sum[place] += alpha[place] * (dots[place] - Float(mean))
          }
        }
      }
      withExtendedLifetime((gradient, outputs, weights, products)) {}
    }
  }
}

/// The softmax over time of scores [T, B, 1], zero beyond a sequence's end.
private func softmaxOverTime(_ scores: Tensor, _ lengths: [Int]) -> Tensor {
  let batch = scores.shape[1]
  var weights = Tensor(zeros: scores.shape)
  weights.withUnsafeMutableBufferPointer { weights in
    scores.withUnsafeBufferPointer { scores in
      for row in 0..<batch where lengths[row] > 0 {
        let places = (0..<lengths[row]).map { $0 * batch + row }
        let greatest = places.reduce(-Float.infinity) { max($0, scores[$1]) }
        var total = 0.0
        for place in places {
          weights[place] = exp(scores[place] - greatest)
          total += Double(weights[place])
        }
        for place in places { weights[place] = Float(Double(weights[place]) / total) }
      }
    }
  }
  return weights
}

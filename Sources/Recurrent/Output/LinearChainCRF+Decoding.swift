import Tensors

extension LinearChainCRF {
  /// The most probable labels of each sequence of a batch, found by the Viterbi algorithm (Viterbi 1967):
  ///
  /// ```
  /// δ₁ = start + e₁,   δ_t[j] = e_t[j] + maxᵢ (δ_{t-1}[i] + A[i, j]),   y_n = argmaxⱼ (δ_n[j] + end[j])
  /// ```
  /// and from there back along the maxima. Of equal ones the first label is taken.
  ///
  /// - Parameters:
  ///   - emissions: e [T, B, K].
  ///   - lengths: the steps of each sequence; nil for T.
  ///   - allowed: what may follow what; nil for everything.
  /// - Returns: the labels, T·B time-major, -1 beyond a sequence's end, and the score s(y) of each
  ///   sequence; -∞ where no labels are allowed, and then any are given.
  public func decode(
    _ emissions: Tensor, lengths: [Int32]? = nil, allowing allowed: LabelTransitions? = nil
  ) -> (labels: [Int32], scores: [Double]) {
    let batch = EmissionBatch(emissions, labels: labelCount, lengths: lengths)
    let potentials = potentials(allowing: allowed)
    var labels = [Int32](repeating: -1, count: batch.steps * batch.batch)
    var scores = [Double](repeating: 0, count: batch.batch)
    labels.withUnsafeMutableBufferPointer { labels in
      scores.withUnsafeMutableBufferPointer { scores in
        // Each index writes its own row.
        nonisolated(unsafe) let (labels, scores) = (labels, scores)
        ThreadTeam.current.forEach(batch.batch) { row in
          scores[row] = potentials.decode(batch.sequence(row)) { step, label in
            labels[step * batch.batch + row] = label
          }
        }
      }
    }
    return withExtendedLifetime(emissions) { (labels, scores) }
  }
}

extension ChainPotentials {
  /// Calls `assign` with each step of the best labels and its label. Gives their score.
  fileprivate func decode(
    _ emissions: EmissionSequence, _ assign: (_ step: Int, _ label: Int32) -> Void
  ) -> Double {
    let (count, length) = (count, emissions.length)
    guard length > 0 else { return 0 }
    return withUnsafeTemporaryAllocation(of: Int32.self, capacity: length * count) { origins in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * count) { memory in
        let (best, next) = (memory.baseAddress!, memory.baseAddress! + count)
        for j in 0..<count { best[j] = start[j] + Double(emissions[0][j]) }
        for step in 1..<max(length, 1) {
          advance(best, next, emissions[step], origins.baseAddress! + step * count)
        }
        for j in 0..<count { best[j] += end[j] }
        var label = 0
        for j in 1..<max(count, 1) where best[j] > best[label] { label = j }
        let score = best[label]
        for step in (0..<length).reversed() {
          assign(step, Int32(label))
          if step > 0 { label = Int(origins[step * count + label]) }
        }
        return score
      }
    }
  }

  /// One step: from δ_{t-1} in `best` to δ_t there, and where each maximum came from.
  private func advance(
    _ best: UnsafeMutablePointer<Double>, _ next: UnsafeMutablePointer<Double>,
    _ emissions: UnsafePointer<Float>, _ origins: UnsafeMutablePointer<Int32>
  ) {
    let count = count
    transitions.withUnsafeBufferPointer { transitions in
      for j in 0..<count {
        next[j] = -.infinity
        origins[j] = 0
      }
      for i in 0..<count {
        let (score, row) = (best[i], transitions.baseAddress! + i * count)
        for j in 0..<count {
          let candidate = score + row[j]
          if candidate > next[j] {
            next[j] = candidate
            origins[j] = Int32(i)
          }
        }
      }
    }
    for j in 0..<count { best[j] = next[j] + Double(emissions[j]) }
  }
}

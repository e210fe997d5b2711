import Foundation
import Tensors

extension SequencePooling {
  /// A summary of a sequence whose outputs come in pieces, so that they are never all there at once.
  public struct Pieces {
    private let pooling: SequencePooling
    private var sum: [Double]
    /// Σ of the weights; for attention in units of e to the greatest score.
    private var weight = 0.0
    private var greatestScore = -Double.infinity

    /// Nothing read yet.
    public init(_ pooling: SequencePooling) {
      self.pooling = pooling
      sum = Array(repeating: pooling.kind == .max ? -.infinity : 0, count: pooling.size)
    }

    /// Takes the outputs [T, 1, F] of the next steps, at least one.
    public mutating func add(_ outputs: Tensor) {
      let (steps, size) = (outputs.shape[0], pooling.size)
      let values = outputs.scalars
      switch pooling.kind {
      case .last:
        let isFirst = weight == 0
        let forward = pooling.isBidirectional ? size / 2 : size
        for j in 0..<forward { sum[j] = Double(values[(steps - 1) * size + j]) }
        if isFirst { for j in forward..<size { sum[j] = Double(values[j]) } }
        weight = 1
      case .mean:
        for (index, value) in values.enumerated() { sum[index % size] += Double(value) }
        weight += Double(steps)
      case .max:
        for (index, value) in values.enumerated() {
          sum[index % size] = max(sum[index % size], Double(value))
        }
        weight = 1
      case .attention:
        let scores = pooling.scores(of: Variable(outputs), mode: .prediction).value.scalars
        let greatest = max(greatestScore, scores.lazy.map(Double.init).max() ?? greatestScore)
        let factor = exp(greatestScore - greatest)
        weight *= factor
        for j in 0..<size { sum[j] *= factor }
        greatestScore = greatest
        for t in 0..<steps {
          let share = exp(Double(scores[t]) - greatest)
          weight += share
          for j in 0..<size { sum[j] += share * Double(values[t * size + j]) }
        }
      }
    }

    /// The summary, [1, F].
    public var summary: Tensor {
      Tensor(shape: [1, pooling.size], scalars: sum.map { weight > 0 ? Float($0 / weight) : 0 })
    }
  }
}

import Foundation
import Recurrent

/// The losses of the output layers in Double, written from their papers. Operands by the names of the
/// parameters, `hidden` [M, H] beside them.
struct ReferenceOutput {
  let configuration: OutputConfiguration
  /// Of each token.
  let counts: [Int]
  let targets: [Int32]
  let scale: Double
  /// The tokens that were drawn, for the kinds that are trained on samples.
  var sample: Set<Int> = []
  /// The rank with which each class begins, and V, for the kind that has classes.
  var classStarts: [Int] = []

  /// The loss of each row, in training.
  func losses(_ operands: [String: [Double]]) -> [Double] {
    let size = operands["hidden"]!.count / max(targets.count, 1)
    return targets.enumerated().map { row, target in
      guard target >= 0 else { return 0 }
      let hidden = Array(operands["hidden"]![row * size..<(row + 1) * size])
      return loss(hidden, Int(target), operands)
    }
  }

  func loss(_ operands: [String: [Double]]) -> Double { scale * losses(operands).reduce(0, +) }

  private func loss(_ h: [Double], _ target: Int, _ w: [String: [Double]]) -> Double {
    let rank = ranks[target]
    func logits(_ name: String) -> [Double] {
      affine(w["decoder.\(name)weight"]!, h, w["decoder.\(name)bias"]!)
    }
    switch configuration {
    case .full: return negativeLogSoftmax(logits(""), target)
    case .sampled(let samples, let proposal):
      let (u, pi) = (logits(""), inclusion(proposal, samples: samples))
      let candidates = sample.union([target]).sorted()
      return negativeLogSoftmax(
        candidates.map { u[$0] - log(pi[$0]) }, candidates.firstIndex(of: target)!)
    case .nce(let samples, let proposal, let learnsNormalizer):
      let (u, pi) = (logits(""), inclusion(proposal, samples: samples))
      let c = learnsNormalizer ? w["decoder.normalizer"]![0] : log(Double(counts.count))
      // p/(p + ν) for data, ν/(p + ν) for noise, with p = e^{u - c} and ν = π.
      func data(_ token: Int) -> Double { exp(u[token] - c) / (exp(u[token] - c) + pi[token]) }
      return sample.reduce(-log(data(target))) { $0 - log(1 - data($1)) }
    case .adaptive(let cutoffs):
      let cutoffs = cutoffs!
      let (head, first) = (logits("head."), cutoffs.first ?? counts.count)
      if rank < first { return negativeLogSoftmax(head, rank) }
      let cluster = cutoffs.lastIndex { $0 <= rank }!
      let projection = w["decoder.tail.\(cluster).0.weight"]!
      let features = affine(
        projection, h, .init(repeating: 0, count: projection.count / h.count))
      let rows = w["decoder.tail.\(cluster).1.weight"]!
      let tail = affine(rows, features, .init(repeating: 0, count: rows.count / features.count))
      return negativeLogSoftmax(head, first + cluster)
        + negativeLogSoftmax(tail, rank - cutoffs[cluster])
    case .classFactored:
      let own = classStarts.lastIndex { $0 <= rank }!
      let members = classStarts[own]..<classStarts[own + 1]
      return negativeLogSoftmax(logits("class."), own)
        + negativeLogSoftmax(Array(logits("")[members]), rank - members.lowerBound)
    }
  }

  /// The rank of each token by falling count, the earlier of equal ones first.
  private var ranks: [Int] {
    counts.indices.map { token in
      counts.indices.count {
        counts[$0] > counts[token] || counts[$0] == counts[token] && $0 < token
      }
    }
  }

  /// π(w) = min(1, κ Q(w)) with Σ π = S, κ by bisection.
  func inclusion(_ proposal: Proposal, samples: Int) -> [Double] {
    guard samples < counts.count else { return .init(repeating: 1, count: counts.count) }
    let q = ranks.enumerated().map { token, rank in
      switch proposal {
      case .logUniform: log(Double(rank + 2) / Double(rank + 1))
      case .unigram(let power): pow(Double(max(1, counts[token])), power)
      }
    }
    var (low, high) = (0.0, Double(samples) / q.min()!)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      let sum = q.reduce(0) { $0 + min(1, middle * $1) }
      if sum < Double(samples) { low = middle } else { high = middle }
    }
    return q.map { min(1, high * $0) }
  }
}

/// -ln softmax(u)_target
private func negativeLogSoftmax(_ u: [Double], _ target: Int) -> Double {
  let greatest = u.max()!
  return log(u.reduce(0) { $0 + exp($1 - greatest) }) + greatest - u[target]
}

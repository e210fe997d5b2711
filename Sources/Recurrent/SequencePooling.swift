import Tensors

/// How the outputs of all steps become one vector.
public enum PoolingKind: String, Sendable, Codable, CaseIterable {
  /// The output of the last step; from the other end, that of the first.
  case last
  /// The mean of all.
  case mean
  /// The greatest value of each feature.
  case max
  /// A mean whose weights are learned.
  case attention
}

/// A sequence summarised: the outputs [T, B, F] of a stack become [B, F].
///
/// ```
/// last       s = [h→_m, h←_1]
/// mean       s = Σ_t h_t / m
/// max        s_f = max_t h_tf
/// attention  u_t = tanh(W h_t + b),   α = softmax over t of v·u_t,   s = Σ_t α_t h_t
/// ```
/// (attention: Yang et al. 2016), m being a sequence's own length. W is [A, F], b [A], v [1, A]. What
/// stands beyond a sequence's end changes nothing; of no steps the summary is zeros.
public struct SequencePooling: Module {
  /// How it is done.
  public let kind: PoolingKind
  /// F.
  public let size: Int
  /// Whether the second half of the features comes from a layer that reads from the end.
  public let isBidirectional: Bool
  /// W and b of attention.
  public let projection: Linear?
  /// v of attention, [1, A].
  public let query: Parameter?

  public var parameters: [Parameter] {
    (projection?.parameters ?? []) + (query.map { [$0] } ?? [])
  }

  /// A summary of F features.
  public init(
    _ kind: PoolingKind, size: Int, isBidirectional: Bool, attentionSize: Int,
    prefix: String = "pooling", initializer: Initializer = .glorot, key: RandomKey
  ) {
    self.kind = kind
    self.size = size
    self.isBidirectional = isBidirectional
    guard kind == .attention else {
      (projection, query) = (nil, nil)
      return
    }
    projection = Linear(
      inputs: size, outputs: attentionSize, name: "\(prefix).projection",
      initializer: initializer, key: key.child(0))
    query = Parameter(
      "\(prefix).query",
      initializer.matrix(outputs: 1, inputs: attentionSize, key: key.child(1)))
  }

  /// The names and shapes of the parameters, in their order.
  public static func parameterShapes(
    _ kind: PoolingKind, size: Int, attentionSize: Int, prefix: String = "pooling"
  ) -> [(name: String, shape: [Int])] {
    kind == .attention
      ? [
        ("\(prefix).projection.weight", [attentionSize, size]),
        ("\(prefix).projection.bias", [attentionSize]), ("\(prefix).query", [1, attentionSize]),
      ] : []
  }

  /// The summaries [B, F] of outputs [T, B, F], of which sequence b has `lengths[b]` (T when nil).
  public func callAsFunction(
    _ outputs: Variable, lengths: [Int32]? = nil, mode: Mode
  ) -> Variable {
    precondition(
      outputs.shape.count == 3 && outputs.shape[2] == size,
      "outputs of shape \(outputs.shape), expected [T, B, \(size)]")
    let (steps, batch) = (outputs.shape[0], outputs.shape[1])
    checkLengths(lengths, steps: steps, batch: batch)
    let lengths = lengths?.map(Int.init) ?? Array(repeating: steps, count: batch)
    switch kind {
    case .last: return outputs.lastOutputs(lengths, isBidirectional: isBidirectional)
    case .mean: return outputs.meanOverTime(lengths)
    case .max: return outputs.maximumOverTime(lengths)
    case .attention:
      return outputs.weightedOverTime(scores: scores(of: outputs, mode: mode), lengths)
    }
  }

  /// v·tanh(W h_t + b) of each output, [T, B, 1].
  func scores(of outputs: Variable, mode: Mode) -> Variable {
    guard let projection, let query else {
      preconditionFailure("scores are for attention, not for \(kind.rawValue)")
    }
    return projection(outputs, mode: mode).tanh().linear(query.variable(mode))
  }
}

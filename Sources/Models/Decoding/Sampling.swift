import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How the next token is drawn from its distribution.
public struct Sampling: Sendable, Equatable {
  /// Logits are divided by it: below 1 the likely becomes likelier. 0 takes the likeliest.
  public var temperature: Double
  /// Only so many of the likeliest tokens stay in (Fan et al. 2018); nil for all.
  public var topK: Int?
  /// Only the likeliest tokens that together have this probability stay in (Holtzman et al. 2020).
  public var topP: Double?

  /// A way of sampling; temperature 1 and no limits draw from the model's own distribution.
  public init(temperature: Double = 1, topK: Int? = nil, topP: Double? = nil) {
    precondition(
      temperature >= 0 && (topK ?? 1) >= 1 && 0 < (topP ?? 1) && (topP ?? 1) <= 1,
      "temperature \(temperature), top-k \(topK ?? 0), top-p \(topP ?? 1)")
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
  }

  /// Draws an index from `logits`, with `uniform` in [0, 1) as the source of chance. Indices in
  /// `excluded` are never drawn.
  public func draw(
    from logits: UnsafeBufferPointer<Float>, excluding excluded: [Int32] = [], uniform: Double
  ) -> Int32 {
    var candidates = logits.indices.filter { !excluded.contains(Int32($0)) }
    precondition(!candidates.isEmpty, "no token is left to draw")
    let best = candidates.max { (logits[$0], $1) < (logits[$1], $0) }!
    if temperature == 0 { return Int32(best) }
    if topK != nil || topP != nil {
      candidates.sort { (logits[$1], $0) < (logits[$0], $1) }
      if let topK { candidates.removeLast(max(0, candidates.count - topK)) }
    }
    let weights = candidates.map { exp(Double(logits[$0] - logits[best]) / temperature) }
    var kept = candidates.count
    if let topP {
      let limit = topP * weights.reduce(0, +)
      var sum = 0.0
      kept = 0
      while kept < candidates.count, kept == 0 || sum < limit {
        sum += weights[kept]
        kept += 1
      }
    }
    var rest = uniform * weights[..<kept].reduce(0, +)
    for index in 0..<kept {
      rest -= weights[index]
      if rest < 0 { return Int32(candidates[index]) }
    }
    return Int32(candidates[kept - 1])
  }
}

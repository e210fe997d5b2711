import Recurrent
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A memory of what was lately read, beside a language model: words come again where the model was in
/// a like state (Grave, Joulin & Usunier 2017).
///
/// ```
/// p_cache(w) ∝ Σ_{t-N ≤ i < t} 1[x_{i+1} = w] · exp(θ h_tᵀ h_i)     h the outputs of the highest layer
/// p(w)       = (1 - λ) p_model(w) + λ p_cache(w)
/// ```
/// At the first token there is nothing to remember, and p is the model's. Nothing is trained: the cache
/// is filled as the text is read, and p sums to 1.
public struct NeuralCache: Sendable, Hashable {
  /// N, the steps that are remembered.
  public var size: Int
  /// λ, the share of the cache.
  public var weight: Double
  /// θ, how sharply the cache prefers like states.
  public var flatness: Double

  /// A cache of the given numbers.
  public init(size: Int = 2000, weight: Double = 0.1, flatness: Double = 0.3) {
    precondition(size > 0, "a cache of \(size) steps")
    precondition(weight >= 0 && weight < 1, "the weight of a cache is in [0, 1), not \(weight)")
    precondition(flatness.isFinite && flatness >= 0, "the flatness is \(flatness)")
    self.size = size
    self.weight = weight
    self.flatness = flatness
  }

  /// Weights and flatnesses to choose from.
  public static func grid(size: Int) -> [NeuralCache] {
    [0.05, 0.1, 0.15, 0.2, 0.3, 0.4].flatMap { weight in
      [0.1, 0.3, 0.6, 1, 1.5, 2.5].map {
        NeuralCache(size: size, weight: weight, flatness: $0)
      }
    }
  }
}

extension LanguageModel {
  /// As ``evaluate(_:)-(String)``, with a cache of what was read.
  ///
  /// - Throws: ``ModelError/unusableText(_:)`` for a model of sentences, which starts each without
  ///   memory.
  public func evaluate(_ text: EvaluationText, cache: NeuralCache) throws(ModelError) -> Evaluation
  {
    try evaluate(text, caches: [cache])[0]
  }

  /// The same for several caches of one size, which costs little more than for one.
  public func evaluate(
    _ text: EvaluationText, caches: [NeuralCache]
  ) throws(ModelError) -> [Evaluation] {
    guard case .stream(let windows) = text.content else {
      throw .unusableText("a cache needs a model of streams; this one reads sentences one by one")
    }
    guard let size = caches.first?.size else { return [] }
    precondition(caches.allSatisfy { $0.size == size }, "caches of different sizes")
    let flatnesses = Set(caches.map(\.flatness)).sorted()
    var history = CacheHistory(size: size, features: network.outputSize)
    var totals = [Double](repeating: 0, count: caches.count)
    var (tokens, state) = (0, State?.none)
    for window in windows {
      let targets = text.words?.lookUp(window.targets) ?? window.targets
      let reading = read(
        window.inputs, text.words, steps: window.length, from: state, mode: .prediction)
      state = reading.state
      let rows = reading.outputs.value.reshaped(to: [window.length, network.outputSize])
      let losses = decoder.losses(rows, targets: targets)
      let remembered = history.read(rows, targets: targets, flatnesses: flatnesses)
      for (index, cache) in caches.enumerated() {
        let place = flatnesses.firstIndex(of: cache.flatness) ?? 0
        for (token, loss) in losses.enumerated() {
          let share = remembered[token][place]
          let model = exp(-Double(loss))
          totals[index] -=
            share.isNaN
            ? -Double(loss) : loge((1 - cache.weight) * model + cache.weight * share)
        }
      }
      tokens += losses.count
    }
    return totals.map { total in
      let mean = total / Double(tokens)
      return Evaluation(
        tokens: tokens, unknownTokens: text.unknownTokens, crossEntropy: mean,
        bitsPerCharacter: configuration.level == .characters ? mean / loge(2) : nil)
    }
  }
}

/// The last N outputs and the tokens that followed them.
private struct CacheHistory {
  let size: Int
  let features: Int
  private var outputs: [Float] = []
  private var followers: [Int32] = []

  init(size: Int, features: Int) {
    self.size = size
    self.features = features
  }

  /// p_cache of each of the targets of some steps, for each flatness, and remembers the steps. NaN for
  /// the first token of all, before which there is nothing.
  ///
  /// - Parameter rows: h [T, P].
  mutating func read(_ rows: Tensor, targets: [Int32], flatnesses: [Double]) -> [[Double]] {
    let before = followers.count
    outputs += rows.scalars
    followers += targets
    let all = Tensor(shape: [followers.count, features], scalars: outputs)
    let scores = Variable(rows).linear(Variable(all)).value
    let found = shares(scores, targets, before: before, flatnesses)
    let surplus = max(0, followers.count - size)
    outputs.removeFirst(surplus * features)
    followers.removeFirst(surplus)
    return found
  }

  private func shares(
    _ scores: Tensor, _ targets: [Int32], before: Int, _ flatnesses: [Double]
  ) -> [[Double]] {
    var found = [[Double]](
      repeating: [Double](repeating: .nan, count: flatnesses.count), count: targets.count)
    let columns = followers.count
    scores.withUnsafeBufferPointer { scores in
      found.withUnsafeMutableBufferPointer { found in
        // Each index writes its own row.
        nonisolated(unsafe) let (scores, found) = (scores, found)
        ThreadTeam.current.forEach(targets.count) { token in
          let end = before + token
          let range = max(0, end - size)..<end
          let row = scores[token * columns..<(token + 1) * columns]
          let start = row.startIndex
          guard let greatest = range.lazy.map({ row[start + $0] }).max() else { return }
          for (place, flatness) in flatnesses.enumerated() {
            var (total, hits) = (0.0, 0.0)
            for index in range {
              let share = Double(expf(Float(flatness) * (row[start + index] - greatest)))
              total += share
              if followers[index] == targets[token] { hits += share }
            }
            found[token][place] = hits / total
          }
        }
      }
    }
    return found
  }
}

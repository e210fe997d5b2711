import Tensors

/// A table of vectors, one a token: E [V, E].
public struct Embedding: Module {
  /// The table [V, E].
  public let weight: Parameter

  public var parameters: [Parameter] { [weight] }

  /// The number of tokens V.
  public var vocabularySize: Int { weight.shape[0] }
  /// The features of a vector.
  public var size: Int { weight.shape[1] }

  /// A table that starts uniform in ±`range`.
  public init(
    vocabularySize: Int, size: Int, name: String = "embedding.weight", range: Float, key: RandomKey
  ) {
    weight = Parameter(name, key.uniform([vocabularySize, size], from: -range, to: range))
  }

  /// The vectors of `tokens`, laid out [steps, tokens.count / steps, E].
  ///
  /// In training, a share `dropout` of the V tokens have zeros for a vector, the others are divided by
  /// 1 - dropout (Gal & Ghahramani 2016). The gradient has as many rows as there are distinct tokens,
  /// not V.
  public func callAsFunction(
    _ tokens: [Int32], steps: Int, dropout: Float = 0, mode: Mode
  ) -> Variable {
    let vectors = lookUp(tokens, steps: steps, mode: mode)
    guard dropout > 0, case .training(let key) = mode else { return vectors }
    // One number a token of the vocabulary, so that a mask does not depend on what is read.
    let drawn = key.child(-1).uniform(vocabularySize)
    let scales = tokens.map { drawn[Int($0)] < dropout ? 0 : 1 / (1 - dropout) }
    let mask = Tensor(shape: [steps, tokens.count / steps, 1], scalars: scales)
    return vectors * Variable(mask)
  }

  private func lookUp(_ tokens: [Int32], steps: Int, mode: Mode) -> Variable {
    precondition(
      steps > 0 && tokens.count % steps == 0, "\(tokens.count) tokens in \(steps) steps")
    let size = size
    let table = weight.variable(mode)
    let shape = [steps, tokens.count / steps, size]
    guard table.isRecorded else {
      return Variable(rows: tokens, of: table.value, shape: Array(shape.dropLast()))
    }
    let vectors = table.value.gathered(rows: tokens).reshaped(to: shape)
    return Variable.operation(from: [table], output: vectors) {
      $0.tangent()?.gathered(rows: tokens)
    } backward: { context in
      let gradient = context.takeGradient().reshaped(to: [tokens.count, size])
      context.addRows(tokens, gradient, toParent: 0)
    }
  }
}

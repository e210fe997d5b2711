import Recurrent

/// How the parameters of a model start.
public struct ModelInitialization: Sendable {
  /// Of the vectors that are looked up: uniform in ±range.
  public var embeddingRange: Float
  /// Of the characters' vectors that words are composed from: uniform in ±range.
  public var characterRange: Float
  /// Of the output layer and of what composes words.
  public var output: Initializer
  /// Of the recurrent layers.
  public var gates: GateParameters.Initialization

  /// The usual start: words' vectors in ±0.1, characters' in ±1, Glorot and orthogonal matrices, forget
  /// bias 1.
  public init(
    embeddingRange: Float = 0.1, characterRange: Float = 1, output: Initializer = .glorot,
    gates: GateParameters.Initialization = .init()
  ) {
    self.embeddingRange = embeddingRange
    self.characterRange = characterRange
    self.output = output
    self.gates = gates
  }

  /// Every matrix uniform in ±range, as in Zaremba et al. (2014); biases zero but for the forget gate's.
  public static func uniform(_ range: Float, forgetBias: Float = 1) -> ModelInitialization {
    ModelInitialization(
      embeddingRange: range, characterRange: range, output: .uniform(range),
      gates: .init(input: .uniform(range), recurrent: .uniform(range), forgetBias: forgetBias))
  }

  /// Zeros, for a model whose weights are about to be read.
  static let zero = ModelInitialization(
    embeddingRange: 0, characterRange: 0, output: .zero,
    gates: .init(input: .zero, recurrent: .zero))
}

import Recurrent

/// What a network drops while it is trained, each by its share.
public struct NetworkDropout: Sendable, Hashable {
  /// Of the features of the token vectors that go in.
  public var input: Float
  /// Of the features that pass between layers.
  public var hidden: Float
  /// Of the features that the output layer reads.
  public var output: Float
  /// Of the tokens of the vocabulary: their vectors are zero wherever they stand in a window
  /// (Gal & Ghahramani 2016).
  public var embedding: Float
  /// Whether the masks of `input`, `hidden` and `output` are the same at every step of a window
  /// (Gal & Ghahramani 2016) rather than drawn for each (Zaremba et al. 2014).
  public var isVariational: Bool
  /// What is dropped in the recurrence.
  public var recurrent: RecurrentDropout

  /// Nothing unless told otherwise.
  public init(
    input: Float = 0, hidden: Float = 0, output: Float = 0, embedding: Float = 0,
    isVariational: Bool = false, recurrent: RecurrentDropout = RecurrentDropout()
  ) {
    self.input = input
    self.hidden = hidden
    self.output = output
    self.embedding = embedding
    self.isVariational = isVariational
    self.recurrent = recurrent
  }

  /// One rate for the token vectors, between layers and before the output (Zaremba et al. 2014).
  public init(_ rate: Float) { self.init(input: rate, hidden: rate, output: rate) }

  /// What is wrong with the rates outside the recurrence, in words; nil if nothing is.
  var fault: String? {
    for (name, rate) in [
      ("input dropout", input), ("hidden dropout", hidden), ("output dropout", output),
      ("embedding dropout", embedding),
    ] where !(rate >= 0 && rate < 1) {
      return "\(name) is in [0, 1), not \(rate)"
    }
    return nil
  }

  /// Whether anything is dropped at all.
  public var isNone: Bool {
    self == NetworkDropout() || self == NetworkDropout(isVariational: true)
  }
}

extension NetworkDropout: ExpressibleByFloatLiteral {
  /// One rate for the token vectors, between layers and before the output.
  public init(floatLiteral rate: Float) { self.init(rate) }
}

import Recurrent

/// The architecture of an encoder: what reads the source.
public struct EncoderConfiguration: Sendable, Hashable {
  /// E, the features of a token's vector.
  public var embeddingSize: Int
  /// The cell of all layers.
  public var cell: CellKind
  /// H, the units of a layer in one direction.
  public var hiddenSize: Int
  /// L, the layers.
  public var layers: Int
  /// P, the features to which an LSTM's outputs are projected; nil for none.
  public var projection: Int?
  /// Whether every layer reads from both ends.
  public var isBidirectional: Bool
  /// What layers see beside the outputs of the one below.
  public var connections: SkipConnections
  /// What is dropped while it is trained; nothing is dropped of what it gives.
  public var dropout: NetworkDropout
  /// Whether the source is read from its end (Sutskever et al. 2014): its beginning is then near to the
  /// target's, which is where the decoder begins.
  public var reversesSource: Bool

  /// A configuration; ``fault`` says what is wrong with it.
  public init(
    embeddingSize: Int, cell: CellKind = .lstm, hiddenSize: Int, layers: Int = 1,
    projection: Int? = nil, isBidirectional: Bool = false, connections: SkipConnections = .none,
    dropout: NetworkDropout = NetworkDropout(), reversesSource: Bool = false
  ) {
    self.embeddingSize = embeddingSize
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.projection = projection
    self.isBidirectional = isBidirectional
    self.connections = connections
    self.dropout = dropout
    self.reversesSource = reversesSource
  }

  /// The recurrent layers.
  public var stack: StackConfiguration {
    StackConfiguration(
      cell, inputSize: embeddingSize, hiddenSize: hiddenSize, layers: layers,
      projection: projection, isBidirectional: isBidirectional, connections: connections,
      dropout: dropout.hidden, isVariational: dropout.isVariational,
      recurrentDropout: dropout.recurrent)
  }

  /// What is wrong with it, in words; nil if nothing is.
  public var fault: String? {
    for (size, name) in [
      (embeddingSize, "size of the source's vectors"),
      (hiddenSize, "number of the encoder's hidden units"),
    ] where !(1...1_000_000).contains(size) {
      return "the \(name) is between 1 and 1,000,000, not \(size)"
    }
    if !(1...1000).contains(layers) {
      return "the number of the encoder's layers is between 1 and 1000, not \(layers)"
    }
    if cell == .window { return "an encoder carries a state, which the cell window does not" }
    return dropout.fault ?? stack.fault
  }
}

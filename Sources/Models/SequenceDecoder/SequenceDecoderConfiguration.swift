import Recurrent

/// What a decoder sees of its source beside the state that it starts from.
public enum ContextUse: String, Sendable, Codable, CaseIterable {
  /// Nothing: all that is known of the source is in the first state (Sutskever et al. 2014).
  case initial
  /// The encoder's summary joins the input and the readout of every step (Cho et al. 2014).
  case everyStep = "every-step"
  /// What the state before a step attends to joins the step's input (Bahdanau et al. 2015).
  case before
  /// What the output of a step attends to joins its readout (Luong et al. 2015).
  case after

  /// Whether the decoder attends to the source, step by step.
  public var attends: Bool { self == .before || self == .after }
}

/// The architecture of a ``SequenceDecoder``.
public struct SequenceDecoderConfiguration: Sendable, Hashable {
  /// E, the features of a token's vector.
  public var embeddingSize: Int
  /// The cell of all layers.
  public var cell: CellKind
  /// H, the units of a layer.
  public var hiddenSize: Int
  /// L, the layers.
  public var layers: Int
  /// P, the features to which an LSTM's outputs are projected; nil for none.
  public var projection: Int?
  /// What layers see beside the outputs of the one below.
  public var connections: SkipConnections
  /// What is dropped while it is trained.
  public var dropout: NetworkDropout
  /// What is seen of the source.
  public var context: ContextUse
  /// How queries are compared with the source, where the decoder attends.
  public var attention: AttentionKind
  /// A, the features in which additive attention compares.
  public var attentionSize: Int
  /// Whether a step's input has the readout of the step before in it (Luong et al. 2015, "input feeding").
  public var feedsReadout: Bool
  /// R, the features that the output layer reads, unless it reads the outputs of the layers themselves.
  public var readoutSize: Int
  /// How the next token is predicted.
  public var output: OutputConfiguration
  /// Whether the output layer has the matrix of the token vectors.
  public var isTied: Bool

  /// A configuration; ``fault`` says what is wrong with it.
  public init(
    embeddingSize: Int, cell: CellKind = .lstm, hiddenSize: Int, layers: Int = 1,
    projection: Int? = nil, connections: SkipConnections = .none,
    dropout: NetworkDropout = NetworkDropout(),
    context: ContextUse = .after, attention: AttentionKind = .general, attentionSize: Int? = nil,
    feedsReadout: Bool = false, readoutSize: Int? = nil, output: OutputConfiguration = .full,
    isTied: Bool = false
  ) {
    self.embeddingSize = embeddingSize
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.projection = projection
    self.connections = connections
    self.dropout = dropout
    self.context = context
    self.attention = attention
    self.attentionSize = attentionSize ?? hiddenSize
    self.feedsReadout = feedsReadout
    self.readoutSize = readoutSize ?? (isTied ? embeddingSize : hiddenSize)
    self.output = output
    self.isTied = isTied
  }

  /// The recurrent layers, for a source of `memorySize` features.
  public func stack(memorySize: Int) -> StackConfiguration {
    var inputSize = embeddingSize
    if context == .everyStep || context == .before { inputSize += memorySize }
    if feedsReadout { inputSize += readoutSize }
    return StackConfiguration(
      cell, inputSize: inputSize, hiddenSize: hiddenSize, layers: layers, projection: projection,
      connections: connections, dropout: dropout.hidden, isVariational: dropout.isVariational,
      recurrentDropout: dropout.recurrent)
  }

  /// What the readout is made from, in features; nil where there is none.
  func readoutInputs(memorySize: Int) -> Int? {
    let outputs = projection ?? hiddenSize
    return switch context {
    case .initial: nil
    case .everyStep, .before: outputs + memorySize + embeddingSize
    case .after: outputs + memorySize
    }
  }

  /// The features that the output layer reads.
  var outputInputs: Int { context == .initial ? projection ?? hiddenSize : readoutSize }

  /// What is wrong with it for a source of `memorySize` features, in words; nil if nothing is.
  public func fault(memorySize: Int) -> String? {
    for (size, name) in [
      (embeddingSize, "size of the target's vectors"), (hiddenSize, "number of hidden units"),
      (attentionSize, "size of attention"), (readoutSize, "size of the readout"),
    ] where !(1...1_000_000).contains(size) {
      return "the \(name) is between 1 and 1,000,000, not \(size)"
    }
    if !(1...1000).contains(layers) {
      return "the number of layers is between 1 and 1000, not \(layers)"
    }
    if cell == .window { return "a decoder carries a state, which the cell window does not" }
    if feedsReadout, context != .after {
      return "the readout is fed to the next step where attention comes after a step, "
        + "not with context \(context.rawValue)"
    }
    if context.attends, attention == .dot, (projection ?? hiddenSize) != memorySize {
      return "dot attention needs a decoder whose outputs are as wide as the encoder's: "
        + "\(projection ?? hiddenSize) and \(memorySize) features"
    }
    if isTied {
      guard output.kind.canBeTied else {
        return "a \(output.kind.rawValue) output has no matrix to share with the token vectors"
      }
      guard outputInputs == embeddingSize else {
        return "a shared matrix needs an output layer that reads as many features as a vector has: "
          + "\(outputInputs) and \(embeddingSize)"
      }
    }
    return dropout.fault ?? output.fault() ?? stack(memorySize: memorySize).fault
  }
  /// Throws ``ModelError/invalidConfiguration(_:)`` unless targets can be smoothed by ε.
  func check(smoothing: Float) throws(ModelError) {
    guard smoothing == 0 || output == .full else {
      throw .invalidConfiguration("labels are smoothed where the output is full")
    }
    guard smoothing >= 0, smoothing < 1 else {
      throw .invalidConfiguration("label smoothing is in [0, 1), not \(smoothing)")
    }
  }
}

import Tensors

/// The cells that a model can be asked for by name.
public enum CellKind: String, Sendable, Codable, CaseIterable {
  /// Elman's network with tanh.
  case rnn
  /// Elman's network with the rectifier.
  case rnnReLU = "rnn-relu"
  /// Elman's network with tanh and layer normalisation.
  case rnnNorm = "rnn-norm"
  /// Elman's network with the rectifier, started at the identity (Le, Jaitly & Hinton 2015).
  case irnn
  /// A memory that adds up what it sees.
  case memory
  /// A memory that sees its own output too.
  case memoryRecurrent = "memory-recurrent"
  /// A memory with forget and input gates.
  case memoryGated = "memory-gated"
  /// The long short-term memory.
  case lstm
  /// The LSTM whose gates see the memory.
  case lstmPeephole = "lstm-peephole"
  /// The LSTM whose input gate is one minus the forget gate.
  case lstmCoupled = "lstm-coupled"
  /// The LSTM with layer normalisation.
  case lstmNorm = "lstm-norm"
  /// The gated recurrent unit, reset after the product (PyTorch's).
  case gru
  /// The gated recurrent unit, reset before the product (Cho et al. 2014).
  case gruResetBefore = "gru-reset-before"
  /// The gated recurrent unit with layer normalisation.
  case gruNorm = "gru-norm"
  /// No recurrence: a feed-forward net over the last inputs (Bengio et al. 2003).
  case window

  /// The inputs that a window sees unless told otherwise.
  public static let usualWindow = 5
}

/// A cell and its size.
public struct CellConfiguration: Sendable, Equatable {
  /// Which cell.
  public var kind: CellKind
  /// I, the features of an input.
  public var inputSize: Int
  /// H, the units.
  public var hiddenSize: Int
  /// P, the features to which an LSTM's outputs are projected (Sak et al. 2014); nil for none.
  public var projection: Int?
  /// n, the inputs that a ``WindowCell`` sees, the present one among them.
  public var window: Int
  /// What is dropped in the recurrence while training.
  public var dropout: RecurrentDropout
  /// What Ω, the penalty on errors that fade on their way back, counts while training (Pascanu et al.
  /// 2013); see ``ElmanCell/vanishingGradientPenalty``.
  public var vanishingPenalty: Float

  /// A configuration; ``fault`` says what is wrong with it.
  public init(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, projection: Int? = nil,
    window: Int = CellKind.usualWindow, dropout: RecurrentDropout = RecurrentDropout(),
    vanishingPenalty: Float = 0
  ) {
    self.kind = kind
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.projection = projection
    self.window = window
    self.dropout = dropout
    self.vanishingPenalty = vanishingPenalty
  }

  /// The features of an output.
  public var outputSize: Int { projection ?? hiddenSize }

  /// What is wrong with it, in words; nil if nothing is.
  public var fault: String? {
    if let projection {
      guard kind.lstmVariant != nil else {
        return "a projection is for the LSTM and its variants, not for \(kind.rawValue)"
      }
      guard (1...hiddenSize).contains(projection) else {
        return "a projection has at most as many features as the layer has units, "
          + "so 1 to \(hiddenSize), not \(projection)"
      }
    }
    if kind == .window, !(1...1000).contains(window) {
      return "a window is of 1 to 1000 inputs, not \(window)"
    }
    if vanishingPenalty != 0 {
      guard vanishingPenalty > 0, vanishingPenalty.isFinite else {
        return "a penalty on vanishing gradients is at least 0, not \(vanishingPenalty)"
      }
      guard [.rnn, .rnnReLU, .irnn].contains(kind) else {
        return "the penalty on vanishing gradients is for rnn, rnn-relu and irnn, "
          + "not for \(kind.rawValue)"
      }
      guard dropout.state == 0, dropout.zoneout == 0 else {
        return "the penalty on vanishing gradients goes with no dropout of the state and no zoneout"
      }
    }
    return dropout.fault(kind)
  }
}

extension CellKind {
  /// Which LSTM it is, if it is one.
  public var lstmVariant: LSTMVariant? {
    switch self {
    case .lstm: LSTMVariant()
    case .lstmPeephole: LSTMVariant(hasPeepholes: true)
    case .lstmCoupled: LSTMVariant(isCoupled: true)
    case .lstmNorm: LSTMVariant(isNormalized: true)
    default: nil
    }
  }

  /// Whether a memory c is carried beside the output h.
  public var hasMemory: Bool {
    switch self {
    case .memory, .memoryRecurrent, .memoryGated: true
    default: lstmVariant != nil
    }
  }

  /// Whether runs have tangents, which products with the Gauss-Newton matrix need: those of plain
  /// operations and of the four plain fused cells.
  public var hasTangents: Bool {
    switch self {
    case .rnn, .rnnReLU, .irnn, .memory, .memoryRecurrent, .memoryGated, .lstm, .gru,
      .gruResetBefore, .window:
      true
    case .rnnNorm, .lstmPeephole, .lstmCoupled, .lstmNorm, .gruNorm: false
    }
  }

  /// G, the blocks of H rows in a layer's matrices.
  public var gateCount: Int {
    switch self {
    case .rnn, .rnnReLU, .rnnNorm, .irnn, .memory, .memoryRecurrent, .window: 1
    case .memoryGated, .gru, .gruResetBefore, .gruNorm: 3
    case .lstm, .lstmPeephole, .lstmCoupled, .lstmNorm: lstmVariant?.gateCount ?? 4
    }
  }
}

import Recurrent
import Tensors

/// What an encoder makes of B sources: all that a ``SequenceDecoder`` is told of them.
public struct EncodedSource: Sendable {
  /// What can be attended to, [S, B, F].
  public var memory: Variable
  /// The steps of each source; nil where all have S.
  public var lengths: [Int32]?
  /// One vector for each source, [B, F].
  public var summary: Variable
  /// The state of each layer after the last step, from the lowest to the highest.
  public var states: [RecurrentLayer.State]

  /// B.
  public var batch: Int { memory.shape[1] }

  /// What was made of some sources.
  public init(
    memory: Variable, lengths: [Int32]?, summary: Variable, states: [RecurrentLayer.State]
  ) {
    self.memory = memory
    self.lengths = lengths
    self.summary = summary
    self.states = states
  }
}

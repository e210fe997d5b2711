import Recurrent
import Tensors

/// What an encoder makes of B sources: all that a ``SequenceDecoder`` is told of them.
struct EncodedSource: Sendable {
  /// What can be attended to, [S, B, F].
  var memory: Variable
  /// The steps of each source; nil where all have S.
  var lengths: [Int32]?
  /// One vector for each source, [B, F].
  var summary: Variable
  /// The state of each layer after the last step, from the lowest to the highest.
  var states: [RecurrentLayer.State]

  /// B.
  var batch: Int { memory.shape[1] }
}

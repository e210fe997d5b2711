import Recurrent
import Tensors

/// Penalties on the outputs h of the highest layer, in units of the loss of one token (Merity,
/// McCann & Socher 2017):
///
/// ```
/// α · mean (m ⊙ h)²  +  β · mean (h_t - h_{t-1})²
/// ```
///
/// with m the mask of the dropout that the output layer sees.
public struct ActivationPenalty: Sendable, Hashable {
  /// α, on large activations (AR).
  public var activation: Float
  /// β, on activations that change fast (TAR).
  public var temporal: Float

  /// None unless told otherwise.
  public init(activation: Float = 0, temporal: Float = 0) {
    self.activation = activation
    self.temporal = temporal
  }

  /// The penalty of outputs h [T, B, H], of which the output layer saw `dropped`; nil for none.
  ///
  /// Steps beyond a sequence's end do not count.
  func loss(outputs: Variable, dropped: Variable, lengths: [Int32]?) -> Variable? {
    let (steps, batch, size) = (outputs.shape[0], outputs.shape[1], outputs.shape[2])
    var terms: [Variable] = []
    if activation > 0 {
      let count = lengths?.reduce(0) { $0 + Int($1) } ?? steps * batch
      // What is beyond the end is zero.
      terms.append(dropped.squared().sum() * (activation / Float(max(1, count * size))))
    }
    if temporal > 0, steps > 1 {
      let change = outputs.sliced(1..<steps) - outputs.sliced(0..<steps - 1)
      guard let lengths else {
        terms.append(change.squared().mean() * temporal)
        return terms.dropFirst().reduce(terms[0], +)
      }
      let goesOn = Tensor(
        shape: [steps - 1, batch, 1],
        scalars: (1..<steps).flatMap { t in lengths.map { Int($0) > t ? 1 : 0 } })
      let count = lengths.reduce(0) { $0 + max(0, Int($1) - 1) }
      terms.append(
        (change * Variable(goesOn)).squared().sum() * (temporal / Float(max(1, count * size))))
    }
    return terms.isEmpty ? nil : terms.dropFirst().reduce(terms[0], +)
  }
}

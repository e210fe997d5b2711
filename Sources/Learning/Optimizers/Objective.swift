import Tensors

/// A loss over a fixed batch as a function of the parameters: what an optimiser asks that looks at it
/// more than once.
public protocol Objective {
  /// What the loss depends on.
  var parameters: [Parameter] { get }

  /// The loss at the parameters as they are; nothing is recorded and no gradient touched.
  func loss() throws -> Double

  /// The loss at the parameters as they are; their gradients are replaced by those of the loss.
  func lossAndGradient() throws -> Double
}

/// An objective whose curvature can be asked for along a direction.
public protocol CurvatureObjective: Objective {
  /// G·v, with G = Σ Jᵀ·H·J the generalised Gauss-Newton matrix (Schraudolph 2002): J the Jacobian of
  /// the network's outputs, H the Hessian of the loss in them.
  ///
  /// - Parameter direction: v, a tensor for each of `parameters`.
  /// - Returns: a tensor for each of `parameters`.
  func gaussNewtonProduct(_ direction: [Tensor]) throws -> [Tensor]
}

/// The generalised Gauss-Newton matrix of a recorded loss (Schraudolph 2002), as products with vectors:
///
/// ```
/// G = Σ_k w_k · J_kᵀ·H_k·J_k
/// ```
/// over the losses k of which the total is made: J_k the Jacobian of what goes into the loss (the
/// logits of a softmax, say) in the parameters, H_k the Hessian of the loss in it, w_k the derivative
/// of the total in the loss. Unlike the Hessian, G has no negative curvature when the losses are
/// convex. A product is a forward sweep for J·v, H at the losses, and a backward pass for Jᵀ.
///
/// The matrix is that of the parameters' values at the time of recording; they must not change while
/// products are made. The graph is kept as long as the matrix is.
public struct GaussNewtonMatrix: Sendable {
  /// The parameters, whose order is that of directions and products.
  public let parameters: [Parameter]

  private struct Loss: Sendable {
    let node: GraphNode
    /// ∂total/∂output.
    let weights: [Tensor?]
  }
  private let losses: [Loss]
  private let sweep: GraphSweep

  /// The matrix of `total`, a scalar, in `parameters`.
  ///
  /// Every path from `total` to a parameter must go through an operation that has a curvature rule:
  /// ``Variable/crossEntropy(targets:reduction:)``, ``Variable/squaredError(targets:weights:reduction:)``,
  /// ``Variable/proximity(weight:)`` or another one. The operations above those are run backward here;
  /// they should be linear, as means and sums of losses are, for what they curve is left out.
  ///
  /// Throws ``MissingTangentRule`` for a graph that cannot be differentiated forward.
  public init(of total: Variable, in parameters: [Parameter]) throws(MissingTangentRule) {
    precondition(total.value.count == 1, "a total of shape \(total.shape) is no scalar")
    let pass = BackwardPass(keepsGraph: true, stopsAtLosses: true)
    pass.start(at: total, seed: Tensor(repeating: 1, shape: total.shape))
    pass.run()
    self.parameters = parameters
    losses = pass.losses.map { Loss(node: $0.node, weights: $0.gradients) }
    sweep = GraphSweep(to: losses.flatMap(\.node.parents))
    try sweep.checkTangentRules()
  }

  /// G·v. The gradients of the parameters stay as they are.
  ///
  /// - Parameter direction: v, a tensor for each of `parameters`.
  /// - Returns: a tensor for each of `parameters`.
  public func product(_ direction: [Tensor]) -> [Tensor] {
    precondition(
      direction.count == parameters.count,
      "a direction of \(direction.count) tensors for \(parameters.count) parameters")
    let tangents = sweep.tangents(along: Direction(Array(zip(parameters, direction))))

    let earlier = parameters.map(\.gradient)
    for parameter in parameters { parameter.clearGradient() }
    let pass = BackwardPass(keepsGraph: true)
    var start = 0
    for loss in losses {
      let own = Array(tangents[start..<start + loss.node.parents.count])
      start += own.count
      guard own.contains(where: { $0 != nil }), let rule = loss.node.rules.curvature else {
        continue
      }
      rule(
        CurvatureContext(
          tangents: own,
          gradients: GradientContext(
            node: loss.node, outputGradients: loss.weights, pass: pass)))
    }
    pass.run()
    let product = parameters.map(\.denseGradient)
    for (parameter, gradient) in zip(parameters, earlier) { parameter.setGradient(gradient) }
    return product
  }
}

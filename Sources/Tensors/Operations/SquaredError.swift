import CKernels

extension Variable {
  /// The squared error against `targets` of the same shape, each element weighted:
  ///
  ///     loss = Σ weights ⊙ (x - targets)²        for `.sum`, and divided by Σ weights for `.mean`
  ///
  /// The weights, all 1 when nil, are at least 0 and broadcast to the shape of x: a mask [T, B, 1], for
  /// example. `.none` keeps the elements apart. The mean of nothing is 0.
  ///
  /// Backward: dx = 2·dloss·weights ⊙ (x - targets). The curvature is 2·weights on the diagonal.
  public func squaredError(
    targets: Tensor, weights: Tensor? = nil, reduction: LossReduction = .mean
  ) -> Variable {
    precondition(
      targets.shape == shape, "targets of shape \(targets.shape) for results of shape \(shape)")
    let weights = (weights ?? Tensor(1)).broadcast(to: shape)
    let difference = Broadcast(shape, shape).map(value, targets, .difference)
    let pull = Broadcast(shape, shape).map(difference, weights, .product)
    let errors = Broadcast(shape, shape).map(difference, pull, .product)
    let total = reduction == .mean ? weights.total().scalar : 1
    let scale = total > 0 ? 1 / total : 0
    let output = reduction == .none ? errors : errors.total().scaled(by: scale)
    let shape = shape
    /// 2·scale·gradient ⊙ factor.
    let weighted = { @Sendable (factor: Tensor, gradient: Tensor) -> Tensor in
      Broadcast(shape, shape).map(factor, gradient.broadcast(to: shape), .product)
        .scaled(by: 2 * scale)
    }
    return Variable.operation(from: [self], output: output) { context in
      context.tangent().map { tangent in
        let slopes = Broadcast(shape, shape).map(tangent, pull, .product).scaled(by: 2 * scale)
        return reduction == .none ? slopes : slopes.total()
      }
    } curvature: { context in
      guard let tangent = context.tangent() else { return }
      let product = Broadcast(shape, shape).map(tangent, weights, .product)
      context.gradients.add(weighted(product, context.gradients.takeGradient()), toParent: 0)
    } backward: { context in
      context.add(weighted(pull, context.takeGradient()), toParent: 0)
    }
  }

  /// ½·weight·‖x - x₀‖², a scalar, where x₀ is the value that x has now: so the value is 0, the
  /// gradient is 0, and the curvature in x is weight·I.
  ///
  /// Added to a loss, it makes ``GaussNewtonMatrix`` resist steps that change x much, which the
  /// loss itself may not notice: the structural damping of recurrent states (Martens & Sutskever 2011).
  public func proximity(weight: Float) -> Variable {
    precondition(weight >= 0, "a weight of \(weight) is below 0")
    return Variable.operation(from: [self], output: Tensor(0)) { _ in
      nil
    } curvature: { context in
      guard let tangent = context.tangent() else { return }
      let gradient = context.gradients.takeGradient().scalar
      context.gradients.add(tangent.scaled(by: gradient * weight), toParent: 0)
    } backward: { _ in
    }
  }
}

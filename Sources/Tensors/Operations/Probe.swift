extension Variable {
  /// The identity, whose backward pass shows the gradient on its way through.
  ///
  /// ```
  /// y = x,   dx = dy,   y′ = x′
  /// ```
  /// A node runs backward only when all that was computed from it has, so `see` is given the whole of
  /// ∂L/∂y, once a backward pass; what was computed from x by another way than through y is no part of
  /// it. It is not called where the loss does not depend on y, nor where x leads to nothing trainable.
  public func probed(_ see: @escaping @Sendable (Tensor) -> Void) -> Variable {
    Variable.operation(from: [self], output: value, tangent: { $0.tangent() }) { context in
      let gradient = context.takeGradient()
      see(gradient)
      context.add(gradient, toParent: 0)
    }
  }
}

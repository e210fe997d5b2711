import CKernels

// The squashing functions of the lecture, each with its derivative in terms of its value.

extension Variable {
  /// tanh x. Backward: dx = dy ⊙ (1 - y²).
  public func tanh() -> Variable {
    elementwise(saving: .output) { n, x, y in
      unroll_tanh(n, x, y)
    } backward: { n, y, g in
      for i in 0..<n { g[i] *= 1 - y[i] * y[i] }
    }
  }

  /// σ(x) = 1 / (1 + e⁻ˣ). Backward: dx = dy ⊙ y ⊙ (1 - y).
  public func sigmoid() -> Variable {
    elementwise(saving: .output) { n, x, y in
      unroll_sigmoid(n, x, y)
    } backward: { n, y, g in
      for i in 0..<n { g[i] *= y[i] * (1 - y[i]) }
    }
  }

  /// max(x, 0). Backward: dx = dy where x > 0, else 0.
  public func relu() -> Variable {
    elementwise(saving: .output, grain: Grain.light) { n, x, y in
      unroll_relu(n, x, y)
    } backward: { n, y, g in
      for i in 0..<n { g[i] = y[i] > 0 ? g[i] : 0 }
    }
  }
}

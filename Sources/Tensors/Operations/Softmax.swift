import CKernels

// Over the last axis, stable for any finite input.

extension Variable {
  /// softmax: y = eˣ / Σ eˣ over the last axis.
  ///
  /// Backward: dx = y ⊙ (dy - Σ dy ⊙ y), since ∂yᵢ/∂xⱼ = yᵢ(δᵢⱼ - yⱼ).
  public func softmax() -> Variable {
    withSoftmaxGradient(value.softmax())
  }

  /// softmax over those elements of the last axis whose `mask` is not 0; the others are 0, and so is
  /// a row that is masked out in full. The mask is broadcast: for attention scores [B, M, N] the
  /// padding of the keys is [B, 1, N].
  ///
  /// Backward: as for softmax; masked elements have y = 0, so dx = 0.
  public func softmax(mask: Tensor) -> Variable {
    let mask = mask.broadcast(to: shape)
    var scores = value
    // Below every score, and yet finite: its exponential is exactly 0 beside any other one.
    scores.update(with: mask) { n, mask, x in
      for i in 0..<n where mask[i] == 0 { x[i] = -1e30 }
    }
    // A row with nothing but masked elements came out uniform.
    return withSoftmaxGradient(mask.masking(scores.softmax(), whereZero: true))
  }

  private func withSoftmaxGradient(_ y: Tensor) -> Variable {
    Variable.operation(from: [self], output: y) { context in
      // The Jacobian is symmetric.
      var tangent = context.tangent()
      tangent?.updateRows(with: y, unroll_softmax_rows_backward)
      return tangent
    } backward: { context in
      var gradient = context.takeGradient()
      gradient.updateRows(with: y, unroll_softmax_rows_backward)
      context.add(gradient, toParent: 0)
    }
  }

  /// log softmax: y = x - log Σ eˣ over the last axis.
  ///
  /// Backward: dx = dy - eʸ·Σ dy. Tangent: y′ = x′ - Σ eʸ ⊙ x′.
  public func logSoftmax() -> Variable {
    let y = value.logSoftmax()
    return Variable.operation(from: [self], output: y) { context in
      var tangent = context.tangent()
      tangent?.updateRows(with: y, logSoftmaxTangent)
      return tangent
    } backward: { context in
      var gradient = context.takeGradient()
      gradient.updateRows(with: y, unroll_log_softmax_rows_backward)
      context.add(gradient, toParent: 0)
    }
  }
}

extension Tensor {
  /// softmax over the last axis.
  public func softmax() -> Tensor { mapRows(unroll_softmax_rows) }

  /// log softmax over the last axis.
  public func logSoftmax() -> Tensor { mapRows(unroll_log_softmax_rows) }

  /// The last axis; a scalar is a row of one.
  var columnCount: Int { shape.last ?? 1 }

  /// The number of rows of `columnCount` elements.
  var rowCount: Int { columnCount > 0 ? count / columnCount : 0 }

  private func mapRows(
    _ kernel: (Int, Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void
  ) -> Tensor {
    Tensor(shape: shape) { result in
      withUnsafeBufferPointer { source in
        let (x, y, columns) = (source.baseAddress!, result.baseAddress!, columnCount)
        ThreadTeam.current.forEachRows(rowCount, columns: columns, grain: Grain.heavy) {
          let start = $0.lowerBound * columns
          kernel($0.count, columns, x + start, y + start)
        }
      }
    }
  }

  /// Turns dy (this tensor) into dx in place, or x′ into y′, given y.
  mutating func updateRows(
    with y: Tensor,
    _ kernel: (
      Int, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
    ) -> Void
  ) {
    let (rows, columns) = (rowCount, columnCount)
    withUnsafeMutableBufferPointer { gradient in
      y.withUnsafeBufferPointer { y in
        let (g, y) = (gradient.baseAddress!, y.baseAddress!)
        ThreadTeam.current.forEachRows(rows, columns: columns, grain: Grain.heavy) {
          let start = $0.lowerBound * columns
          kernel($0.count, columns, y + start, g + start, g + start)
        }
      }
    }
  }
}

/// y′ = x′ - Σ eʸ ⊙ x′ for each row; y′ may be x′.
private func logSoftmaxTangent(
  _ rows: Int, _ columns: Int, _ y: UnsafePointer<Float>?, _ dx: UnsafePointer<Float>?,
  _ dy: UnsafeMutablePointer<Float>?
) {
  guard let y, let dx, let dy else { return }
  withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { p in
    for row in 0..<rows {
      let (y, dx, dy) = (y + row * columns, dx + row * columns, dy + row * columns)
      unroll_exp(columns, y, p.baseAddress)
      let mean = Float(unroll_dot(columns, p.baseAddress, dx))
      for j in 0..<columns { dy[j] = dx[j] - mean }
    }
  }
}

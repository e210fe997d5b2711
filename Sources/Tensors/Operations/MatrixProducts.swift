import CKernels

// Matrix products, single and batched. With dC the gradient of the result:
//
//   C = A·B     dA = dC·Bᵀ    dB = Aᵀ·dC
//   C = A·Wᵀ    dA = dC·W     dW = dCᵀ·A

extension Variable {
  /// A·B. A [..., M, K] times B [K, N] gives [..., M, N] (a vector [K] gives [N]); with B of more
  /// axes, [..., K, N], all leading axes must be equal: a product for each of them.
  public func matmul(_ b: Variable) -> Variable { product(b, isTransposed: false) }

  /// A·Bᵀ. A [..., M, K] times B [N, K] gives [..., M, N]; with B of more axes, [..., N, K], all
  /// leading axes must be equal: a product for each of them.
  public func matmul(transposed b: Variable) -> Variable {
    b.value.rank == 2 ? linear(b) : product(b, isTransposed: true)
  }

  /// x·Wᵀ + b, a fully connected layer: x [..., I], W [O, I], b [O]; the result is [..., O].
  ///
  /// W is packed once and kept with its parameter, so it can be used step by step.
  /// Backward: dx = dy·W, dW = dyᵀ·x, db = Σ dy over the rows.
  public func linear(_ weight: Variable, bias: Variable? = nil) -> Variable {
    precondition(
      weight.value.rank == 2 && value.rank >= 1 && shape.last == weight.shape[1]
        && (bias == nil || bias?.shape == [weight.shape[0]]),
      "x \(shape) times Wᵀ, with W \(weight.shape) and bias \(bias?.shape ?? [])")
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let rows = shape.dropLast().reduce(1, *)
    let x = value
    let output = Tensor(shape: shape.dropLast() + [outputs]) { output in
      x.withUnsafeBufferPointer { x in
        let add = { (bias: UnsafePointer<Float>?) in
          weight.packed(.forward).multiplyShared(
            rows: rows, x.baseAddress!, bias: bias, into: output.baseAddress!)
        }
        if let bias {
          bias.value.withUnsafeBufferPointer { add($0.baseAddress) }
        } else {
          add(nil)
        }
      }
    }
    let parents = bias.map { [self, weight, $0] } ?? [self, weight]
    return Variable.operation(from: parents, output: output) { context in
      // x′·Wᵀ + x·W′ᵀ + b′
      var tangent = context.tangent(ofParent: 0).map { dx in
        Tensor(shape: [rows, outputs]) { sum in
          dx.withUnsafeBufferPointer {
            weight.packed(.forward).multiplyShared(
              rows: rows, $0.baseAddress!, into: sum.baseAddress!)
          }
        }
      }
      if let dw = context.tangent(ofParent: 1) {
        let isFresh = tangent == nil
        var sum = tangent.take() ?? Tensor(uninitialized: [rows, outputs])
        sum.withUnsafeMutableBufferPointer { sum in
          x.withUnsafeBufferPointer { x in
            dw.withUnsafeBufferPointer { dw in
              multiply(
                MatrixView(x.baseAddress!, rows: rows, columns: inputs),
                MatrixView(dw.baseAddress!, rows: outputs, columns: inputs), accumulate: !isFresh,
                into: sum.baseAddress!)
            }
          }
        }
        tangent = sum
      }
      guard parents.count == 3, let db = context.tangent(ofParent: 2) else { return tangent }
      return TangentContext.sum(tangent, db.broadcast(to: [rows, outputs]))
    } backward: { context in
      let gradient = context.takeGradient().reshaped(to: [rows, outputs])
      gradient.withUnsafeBufferPointer { gradient in
        context.accumulate(intoParent: 0) { sum, isFresh in
          weight.packed(.backward).multiplyShared(
            rows: rows, gradient.baseAddress!, accumulate: !isFresh, into: sum.baseAddress!)
        }
      }
      context.addProduct(of: gradient, x.reshaped(to: [rows, inputs]), toParent: 1)
      if parents.count == 3, context.needsGradient(ofParent: 2) {
        context.add(gradient.summed(outer: 1, count: rows, inner: outputs), toParent: 2)
      }
    }
  }

  private func product(_ other: Variable, isTransposed: Bool) -> Variable {
    let (a, b) = (value, other.value)
    let sizes = ProductSizes(a.shape, b.shape, isTransposed: isTransposed)
    return Variable.operation(from: [self, other], output: sizes.product(a, b)) { context in
      TangentContext.sum(
        context.tangent(ofParent: 0).map { sizes.product($0, b) },
        context.tangent(ofParent: 1).map { sizes.product(a, $0) })
    } backward: { context in
      let gradient = context.takeGradient()
      context.accumulate(intoParent: 0) { sum, isFresh in
        sizes.forEachProduct(gradient, a, b) { index, c, _, b in
          let dc = MatrixView(c, rows: sizes.rows, columns: sizes.columns)
          multiply(
            dc, isTransposed ? b.transposed : b, accumulate: !isFresh,
            into: sum.baseAddress! + index * sizes.rows * sizes.depth)
        }
      }
      context.accumulate(intoParent: 1) { sum, isFresh in
        sizes.forEachProduct(gradient, a, b) { index, c, a, _ in
          let dc = MatrixView(c, rows: sizes.rows, columns: sizes.columns)
          let (first, second) = isTransposed ? (dc, a) : (a, dc)
          multiply(
            first.transposed, second.transposed, accumulate: !isFresh,
            into: sum.baseAddress! + index * sizes.columns * sizes.depth)
        }
      }
    }
  }
}

/// A product of [batch, rows, depth] and [batch, depth, columns] (or [batch, columns, depth]).
private struct ProductSizes: Sendable {
  let batch: Int
  let rows: Int
  let depth: Int
  let columns: Int
  let isTransposed: Bool
  let resultShape: [Int]

  init(_ a: [Int], _ b: [Int], isTransposed: Bool) {
    let mistake = "a product of shapes \(a) and \(b)\(isTransposed ? "ᵀ" : "")"
    precondition(a.count >= 1 && b.count >= 2, mistake)
    let (first, second) = (b[b.count - 2], b[b.count - 1])
    depth = isTransposed ? second : first
    columns = isTransposed ? first : second
    precondition(a[a.count - 1] == depth, mistake)
    if b.count == 2 {
      // All rows of A meet the same B: one product.
      batch = 1
      rows = a.dropLast().reduce(1, *)
    } else {
      precondition(a.dropLast(2) == b.dropLast(2), mistake)
      batch = b.dropLast(2).reduce(1, *)
      rows = a[a.count - 2]
    }
    self.isTransposed = isTransposed
    resultShape = a.dropLast() + [columns]
  }

  /// C, for operands of the shapes of `init`.
  func product(_ a: Tensor, _ b: Tensor) -> Tensor {
    let result = Tensor(uninitialized: resultShape)
    forEachProduct(result, a, b) { _, c, a, b in
      multiply(a, isTransposed ? b : b.transposed, into: c)
    }
    return result
  }

  /// Calls `body` for each product of the batch with its index, the address of its result (or of
  /// the gradient of that), and both operands as they are stored.
  func forEachProduct(
    _ result: Tensor, _ a: Tensor, _ b: Tensor,
    _ body: (Int, UnsafeMutablePointer<Float>, MatrixView, MatrixView) -> Void
  ) {
    // Fresh results, which nobody else has seen, or a gradient that is only read.
    defer { withExtendedLifetime(result) {} }
    let result = result.sharedPointer
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        func product(_ index: Int) {
          body(
            index, result + index * rows * columns,
            MatrixView(a.baseAddress! + index * rows * depth, rows: rows, columns: depth),
            MatrixView(
              b.baseAddress! + index * depth * columns, rows: isTransposed ? columns : depth,
              columns: isTransposed ? depth : columns))
        }
        // Many products are shared out whole; of few, each one is shared.
        let team = ThreadTeam.current
        if batch >= team.threadCount, rows * depth * columns * batch >= 1 << 18 {
          team.forEach(batch, product)
        } else {
          for index in 0..<batch { product(index) }
        }
      }
    }
  }
}

extension PackedMatrix {
  /// c = a·Bᵀ (+ bias) (+ c) for contiguous rows, shared by the thread team.
  func multiplyShared(
    rows: Int, _ a: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
    accumulate: Bool = false, into c: UnsafeMutablePointer<Float>
  ) {
    guard rows > 0, columns > 0 else { return }
    let team = ThreadTeam.current
    let work = rows * columns * depth
    // A block of less than a quarter of a million multiply-adds is not worth handing out.
    let blocks = team.threadCount == 1 ? 1 : max(1, min(4 * team.threadCount, work >> 18))
    if rows >= columns {
      // Whole tiles of rows.
      let height = max(6, ((rows + blocks - 1) / blocks + 5) / 6 * 6)
      team.forEachRange(rows, grain: height) {
        multiply(
          rows: $0.count, a + $0.lowerBound * depth, rowStride: depth, bias: bias,
          accumulate: accumulate, into: c + $0.lowerBound * columns, resultStride: columns)
      }
    } else {
      // Whole panels.
      let width = max(16, ((columns + blocks - 1) / blocks + 15) / 16 * 16)
      team.forEachRange(columns, grain: width) {
        multiply(
          rows: rows, a, rowStride: depth, bias: bias, accumulate: accumulate, into: c,
          resultStride: columns, columns: $0)
      }
    }
  }
}

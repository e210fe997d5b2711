import CKernels

// Sums, differences, products and quotients with NumPy's broadcasting. Where an operand was
// repeated, its gradient is summed over the repeated axes (`summed(to:)`).

extension Variable {
  /// a + b, broadcast. Backward: da = dc, db = dc.
  public static func + (a: Variable, b: Variable) -> Variable {
    binary(a, b, .sum) { context, shape in
      let parts = (0...1).map { context.tangent(ofParent: $0)?.broadcast(to: shape) }
      return TangentContext.sum(parts[0], parts[1])
    } backward: { context, shapes in
      let gradient = context.takeGradient()
      for (parent, shape) in shapes.enumerated() where context.needsGradient(ofParent: parent) {
        context.add(gradient.summed(to: shape), toParent: parent)
      }
    }
  }

  /// a - b, broadcast. Backward: da = dc, db = -dc.
  public static func - (a: Variable, b: Variable) -> Variable {
    binary(a, b, .difference) { context, shape in
      let parts = (0...1).map { context.tangent(ofParent: $0)?.broadcast(to: shape) }
      return TangentContext.sum(parts[0], parts[1]?.scaled(by: -1))
    } backward: { context, shapes in
      let gradient = context.takeGradient()
      if context.needsGradient(ofParent: 0) {
        context.add(gradient.summed(to: shapes[0]), toParent: 0)
      }
      if context.needsGradient(ofParent: 1) {
        context.addScaled(-1, gradient.summed(to: shapes[1]), toParent: 1)
      }
    }
  }

  /// a ⊙ b, broadcast. Backward: da = dc ⊙ b, db = dc ⊙ a.
  public static func * (a: Variable, b: Variable) -> Variable {
    let (x, y) = (a.value, b.value)
    return binary(a, b, .product) { context, _ in
      TangentContext.sum(
        context.tangent(ofParent: 0).map { Broadcast($0.shape, y.shape).map($0, y, .product) },
        context.tangent(ofParent: 1).map { Broadcast(x.shape, $0.shape).map(x, $0, .product) })
    } backward: { context, shapes in
      let gradient = context.takeGradient()
      context.addProduct(gradient, y, summedTo: shapes[0], toParent: 0)
      context.addProduct(gradient, x, summedTo: shapes[1], toParent: 1)
    }
  }

  /// a / b, broadcast. Backward: da = dc / b, db = -dc ⊙ c / b.
  public static func / (a: Variable, b: Variable) -> Variable {
    let divisor = b.value
    let quotient = Broadcast(a.shape, b.shape).map(a.value, divisor, .quotient)
    let shapes = [a.shape, b.shape]
    return operation(from: [a, b], output: quotient) { context in
      // (a′ - c ⊙ b′) / b
      let numerator = TangentContext.sum(
        context.tangent(ofParent: 0)?.broadcast(to: quotient.shape),
        context.tangent(ofParent: 1).map {
          Broadcast(quotient.shape, $0.shape).map(quotient, $0, .product).scaled(by: -1)
        })
      return numerator.map { Broadcast($0.shape, divisor.shape).map($0, divisor, .quotient) }
    } backward: { context in
      let gradient = context.takeGradient()
      let perDivisor = Broadcast(gradient.shape, divisor.shape).map(gradient, divisor, .quotient)
      if context.needsGradient(ofParent: 0) {
        context.add(perDivisor.summed(to: shapes[0]), toParent: 0)
      }
      if context.needsGradient(ofParent: 1) {
        var product = perDivisor
        product.update(with: quotient) { n, c, g in
          for i in 0..<n { g[i] *= -c[i] }
        }
        context.add(product.summed(to: shapes[1]), toParent: 1)
      }
    }
  }

  /// -a. Backward: da = -dc.
  public static prefix func - (a: Variable) -> Variable { -1 * a }

  /// s·a. Backward: da = s·dc.
  public static func * (scale: Float, a: Variable) -> Variable {
    let output = a.value.mapped { n, x, y in unroll_scale(n, scale, x, y) }
    return operation(from: [a], output: output) {
      $0.tangent()?.scaled(by: scale)
    } backward: { context in
      context.addScaled(scale, context.takeGradient(), toParent: 0)
    }
  }

  /// a·s. Backward: da = s·dc.
  public static func * (a: Variable, scale: Float) -> Variable { scale * a }

  /// a / s. Backward: da = dc / s.
  public static func / (a: Variable, divisor: Float) -> Variable {
    let divide: Tensor.ElementFunction = { n, x, y in for i in 0..<n { y[i] = x[i] / divisor } }
    return operation(from: [a], output: a.value.mapped(divide)) {
      $0.tangent()?.mapped(divide)
    } backward: { context in
      var gradient = context.takeGradient()
      gradient.update(divide)
      context.add(gradient, toParent: 0)
    }
  }

  /// s / a. Backward: da = -dc ⊙ c / a.
  public static func / (dividend: Float, a: Variable) -> Variable {
    Variable(Tensor(dividend)) / a
  }

  /// a + s. Backward: da = dc.
  public static func + (a: Variable, addend: Float) -> Variable {
    let output = a.value.mapped { n, x, y in for i in 0..<n { y[i] = x[i] + addend } }
    return operation(from: [a], output: output) {
      $0.tangent()
    } backward: {
      $0.add($0.takeGradient(), toParent: 0)
    }
  }

  /// s + a. Backward: da = dc.
  public static func + (addend: Float, a: Variable) -> Variable { a + addend }

  /// a - s. Backward: da = dc.
  public static func - (a: Variable, subtrahend: Float) -> Variable { a + -subtrahend }

  /// s - a. Backward: da = -dc.
  public static func - (minuend: Float, a: Variable) -> Variable {
    let output = a.value.mapped { n, x, y in for i in 0..<n { y[i] = minuend - x[i] } }
    return operation(from: [a], output: output) {
      $0.tangent()?.scaled(by: -1)
    } backward: { context in
      context.addScaled(-1, context.takeGradient(), toParent: 0)
    }
  }

  /// a = a + b.
  public static func += (a: inout Variable, b: Variable) { a = a + b }

  /// a = a - b.
  public static func -= (a: inout Variable, b: Variable) { a = a - b }

  /// a = a ⊙ b.
  public static func *= (a: inout Variable, b: Variable) { a = a * b }

  private static func binary(
    _ a: Variable, _ b: Variable, _ function: Broadcast.PairFunction,
    tangent: @escaping @Sendable (TangentContext, _ shape: [Int]) -> Tensor?,
    backward: @escaping @Sendable (GradientContext, _ shapes: [[Int]]) -> Void
  ) -> Variable {
    let shapes = [a.shape, b.shape]
    let output = Broadcast(a.shape, b.shape).map(a.value, b.value, function)
    let shape = output.shape
    return operation(from: [a, b], output: output) {
      tangent($0, shape)
    } backward: {
      backward($0, shapes)
    }
  }
}

extension GradientContext {
  /// Adds factor·gradient to the gradient of a parent. A gradient of its own is scaled in place.
  func addScaled(_ factor: Float, _ gradient: consuming Tensor, toParent index: Int) {
    guard needsGradient(ofParent: index) else { return }
    var gradient = gradient
    gradient.update { n, x, y in unroll_scale(n, factor, x, y) }
    add(gradient, toParent: index)
  }

  /// Adds gradient ⊙ factor to the gradient of a parent of shape `shape`, which was broadcast.
  func addProduct(
    _ gradient: Tensor, _ factor: Tensor, summedTo shape: [Int], toParent index: Int
  ) {
    guard needsGradient(ofParent: index) else { return }
    guard shape == gradient.shape, factor.shape == shape else {
      let product = Broadcast(gradient.shape, factor.shape).map(gradient, factor, .product)
      add(product.summed(to: shape), toParent: index)
      return
    }
    accumulate(intoParent: index) { sum, isFresh in
      gradient.withUnsafeBufferPointer { gradient in
        factor.withUnsafeBufferPointer { factor in
          let (g, f, sum) = (gradient.baseAddress!, factor.baseAddress!, sum.baseAddress!)
          let kernel = isFresh ? unroll_multiply_elements : unroll_multiply_accumulate
          ThreadTeam.current.forEachRange(gradient.count, grain: Grain.light) {
            let start = $0.lowerBound
            kernel($0.count, g + start, f + start, sum + start)
          }
        }
      }
    }
  }
}

extension Tensor {
  /// factor · x
  public func scaled(by factor: Float) -> Tensor {
    mapped { n, x, y in unroll_scale(n, factor, x, y) }
  }

  /// Changes the elements in place: `function` gets the same address twice.
  mutating func update(grain: Int = Grain.light, _ function: ElementFunction) {
    withUnsafeMutableBufferPointer { buffer in
      let x = buffer.baseAddress!
      ThreadTeam.current.forEachRange(buffer.count, grain: grain) {
        function($0.count, x + $0.lowerBound, x + $0.lowerBound)
      }
    }
  }
}

extension Broadcast.PairFunction {
  /// a + b
  static let sum = Broadcast.PairFunction(
    ofBoth: { n, a, b, c in unroll_add(n, a, b, c) },
    ofFirst: { n, a, b, c in for i in 0..<n { c[i] = a[i] + b } },
    ofSecond: { n, a, b, c in for i in 0..<n { c[i] = a + b[i] } })

  /// a - b
  static let difference = Broadcast.PairFunction(
    ofBoth: { n, a, b, c in unroll_subtract(n, a, b, c) },
    ofFirst: { n, a, b, c in for i in 0..<n { c[i] = a[i] - b } },
    ofSecond: { n, a, b, c in for i in 0..<n { c[i] = a - b[i] } })

  /// a ⊙ b
  static let product = Broadcast.PairFunction(
    ofBoth: { n, a, b, c in unroll_multiply_elements(n, a, b, c) },
    ofFirst: { n, a, b, c in unroll_scale(n, b, a, c) },
    ofSecond: { n, a, b, c in unroll_scale(n, a, b, c) })

  /// a / b
  static let quotient = Broadcast.PairFunction(
    ofBoth: { n, a, b, c in for i in 0..<n { c[i] = a[i] / b[i] } },
    ofFirst: { n, a, b, c in for i in 0..<n { c[i] = a[i] / b } },
    ofSecond: { n, a, b, c in for i in 0..<n { c[i] = a / b[i] } })
}

import CKernels
import Foundation

// Functions of single elements. Those whose derivative is cheap in terms of y save y, the others x.

extension Variable {
  /// x². Backward: dx = 2·dy ⊙ x.
  public func squared() -> Variable {
    elementwise(saving: .input) { n, x, y in
      unroll_multiply_elements(n, x, x, y)
    } backward: { n, x, g in
      for i in 0..<n { g[i] *= 2 * x[i] }
    }
  }

  /// √x. Backward: dx = dy / 2y.
  public func squareRoot() -> Variable {
    elementwise(saving: .output) { n, x, y in
      for i in 0..<n { y[i] = x[i].squareRoot() }
    } backward: { n, y, g in
      for i in 0..<n { g[i] /= 2 * y[i] }
    }
  }

  /// eˣ. Backward: dx = dy ⊙ y.
  public func exp() -> Variable {
    elementwise(saving: .output) { n, x, y in
      unroll_exp(n, x, y)
    } backward: { n, y, g in
      unroll_multiply_elements(n, g, y, g)
    }
  }

  /// The natural logarithm. Backward: dx = dy / x.
  public func log() -> Variable {
    elementwise(saving: .input) { n, x, y in
      for i in 0..<n { y[i] = Foundation.log(x[i]) }
    } backward: { n, x, g in
      for i in 0..<n { g[i] /= x[i] }
    }
  }

  /// |x|. Backward: dx = dy·sign(x), 0 at zero.
  public func abs() -> Variable {
    elementwise(saving: .input) { n, x, y in
      for i in 0..<n { y[i] = x[i].magnitude }
    } backward: { n, x, g in
      for i in 0..<n { g[i] *= x[i] > 0 ? 1 : x[i] < 0 ? -1 : 0 }
    }
  }

  /// x to a fixed power p. Backward: dx = p·dy ⊙ xᵖ⁻¹.
  public func power(_ exponent: Float) -> Variable {
    elementwise(saving: .input) { n, x, y in
      for i in 0..<n { y[i] = pow(x[i], exponent) }
    } backward: { n, x, g in
      for i in 0..<n { g[i] *= exponent * pow(x[i], exponent - 1) }
    }
  }

  /// The greater of a and b, elementwise, broadcast. Backward: the gradient goes to the greater
  /// one, in equal halves where they are equal.
  public static func maximum(_ a: Variable, _ b: Variable) -> Variable {
    let (x, y) = (a.value, b.value)
    let shapes = [a.shape, b.shape]
    let output = Broadcast(x.shape, y.shape).map(x, y, .maximum)
    return operation(from: [a, b], output: output) { context in
      func part(_ parent: Int, _ own: Tensor, _ other: Tensor) -> Tensor? {
        context.tangent(ofParent: parent).map {
          let share = Broadcast(own.shape, other.shape).map(own, other, .shareOfGreater)
          return Broadcast($0.shape, share.shape).map($0, share, .product)
        }
      }
      return TangentContext.sum(part(0, x, y), part(1, y, x))
    } backward: { context in
      let gradient = context.takeGradient()
      for (parent, (own, other)) in [(x, y), (y, x)].enumerated()
      where context.needsGradient(ofParent: parent) {
        let share = Broadcast(own.shape, other.shape).map(own, other, .shareOfGreater)
        context.addProduct(gradient, share, summedTo: shapes[parent], toParent: parent)
      }
    }
  }

  /// The lesser of a and b, elementwise, broadcast. Backward: the gradient goes to the lesser one,
  /// in equal halves where they are equal.
  public static func minimum(_ a: Variable, _ b: Variable) -> Variable { -maximum(-a, -b) }

  /// What the backward pass of an elementwise function needs.
  enum Saved {
    case input
    case output
  }

  /// y = f(x) elementwise. `backward` turns dy into dx in place, seeing x or y; the Jacobian is
  /// diagonal, so it turns a tangent of x into one of y as well.
  func elementwise(
    saving: Saved, grain: Int = Grain.heavy, _ forward: Tensor.ElementFunction,
    backward: @escaping Tensor.ElementFunction
  ) -> Variable {
    let output = value.mapped(grain: grain, forward)
    let saved = saving == .input ? value : output
    return Variable.operation(from: [self], output: output) { context in
      var tangent = context.tangent()
      tangent?.update(with: saved, backward)
      return tangent
    } backward: { context in
      var gradient = context.takeGradient()
      gradient.update(with: saved, backward)
      context.add(gradient, toParent: 0)
    }
  }
}

extension Broadcast.PairFunction {
  private static func pairs(
    _ function: @escaping @Sendable (Float, Float) -> Float
  ) -> Broadcast.PairFunction {
    Broadcast.PairFunction(
      ofBoth: { n, a, b, c in for i in 0..<n { c[i] = function(a[i], b[i]) } },
      ofFirst: { n, a, b, c in for i in 0..<n { c[i] = function(a[i], b) } },
      ofSecond: { n, a, b, c in for i in 0..<n { c[i] = function(a, b[i]) } })
  }

  /// The greater; NaN if either is.
  fileprivate static let maximum = pairs { $0 > $1 || $0.isNaN ? $0 : $1 }

  /// 1 where the first is greater, ½ where both are equal, else 0.
  fileprivate static let shareOfGreater = pairs { $0 > $1 ? 1 : $0 == $1 ? 0.5 : 0 }
}

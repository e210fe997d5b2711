import CKernels
import Tensors

extension Variable {
  public func reshaped(to shape: [Int]) -> Variable {
    let old = self.shape
    return Variable.operation(from: [self], output: value.reshaped(to: shape)) { c in
      c.add(c.takeGradient().reshaped(to: old), toParent: 0)
    }
  }
  public func dropout(_ rate: Float, mode: Mode) -> Variable {
    guard case .training(let key) = mode, rate > 0 else { return self }
    @Sendable func apply(_ x: Tensor) -> Tensor {
      Tensor(shape: x.shape) { y in
        unroll_philox_dropout(
          key.seed, key.stream, 0, x.count, 1 - rate, x.sharedPointer, y.baseAddress)
      }
    }
    return Variable.operation(from: [self], output: apply(value)) { c in
      c.add(apply(c.takeGradient()), toParent: 0)
    }
  }
}

import CKernels
import Tensors

extension Variable {
  func reshaped(to shape: [Int]) -> Variable {
    let old = self.shape
    return Variable.operation(from: [self], output: value.reshaped(to: shape)) { c in
      c.add(c.takeGradient().reshaped(to: old), toParent: 0)
    }
  }
  func dropout(_ rate: Float, mode: Mode) -> Variable {
    guard case .training(let key) = mode, rate > 0 else { return self }
    return self
  }
}

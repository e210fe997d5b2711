import Recurrent
import Tensors

/// A case of a stack as the reference net sees it, in Double.
struct ReferenceCase {
  let net: ReferenceNet
  /// By name, as in `RecurrentResult.gradients`.
  let operands: [String: [Double]]
  private let outputGradient: [Double]?
  private let stateGradients: [[[Double]]]?

  init(_ configuration: StackConfiguration, _ stack: RecurrentStack, _ this: RecurrentCase) {
    net = ReferenceNet(
      configuration: configuration, steps: this.inputs.shape[0], batch: this.batch,
      lengths: this.lengths.map { $0.map(Int.init) }
        ?? Array(repeating: this.inputs.shape[0], count: this.batch))
    var operands = ["input": this.inputs.doubles]
    for parameter in stack.parameters { operands[parameter.name] = parameter.value.doubles }
    for (layer, parts) in this.states!.enumerated() {
      for (name, part) in zip(stateNames(layer: layer, parts: parts.count, stack), parts) {
        operands[name] = part.doubles
      }
    }
    self.operands = operands
    outputGradient = this.outputGradient?.doubles
    stateGradients = this.stateGradients?.map { $0.map(\.doubles) }
  }

  /// L = Σ outputs ⊙ (gradient from above) + Σ last states ⊙ (gradient from above).
  func loss(_ operands: [String: [Double]]) -> Double {
    let (outputs, states) = net.run(operands)
    var loss = outputGradient.map { dot(outputs, $0) } ?? 0
    for (parts, gradients) in zip(states, stateGradients ?? []) {
      for (part, gradient) in zip(parts, gradients) { loss += dot(part, gradient) }
    }
    return loss
  }
}

func dot(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  return a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in
      var (sum, index) = (0.0, 0)
      while index < a.count {
        sum += a[index] * b[index]
        index += 1
      }
      return sum
    }
  }
}

extension Tensor {
  var doubles: [Double] { scalars.map(Double.init) }
}

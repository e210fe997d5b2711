import CKernels
import Tensors

/// Adadelta (Zeiler 2012), as PyTorch computes it: a step in the units of the weights, so that no rate
/// needs to be found.
///
/// ```
/// g' = scale · g + λ w
/// v  = ρ v + (1 - ρ) g'²
/// δ  = √(u + ε) / √(v + ε) · g'
/// u  = ρ u + (1 - ρ) δ²
/// w  = w - rate · δ                       (the paper's rate is 1)
/// ```
/// A row that has no gradient does not move, but its v and u fade.
public struct Adadelta: Optimizer {
  /// ρ, the memory of both means of squares.
  public let rho: Double
  /// ε, from which the first steps grow.
  public let epsilon: Double
  /// λ, an L2 penalty on the weights.
  public let weightDecay: Double
  /// Both means of squares of each parameter.
  public var state = OptimizerState()

  /// PyTorch's defaults.
  public init(rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0) {
    precondition(0 <= rho && rho < 1, "rho is in [0, 1), not \(rho)")
    precondition(epsilon > 0, "epsilon is above 0, not \(epsilon)")
    precondition(weightDecay >= 0, "weight decay is at least 0, not \(weightDecay)")
    self.rho = rho
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// Which rule it is.
  public var kind: OptimizerKind { .adadelta }

  /// The hyper-parameters by name.
  public var hyperparameters: [String: String] {
    ["rho": "\(rho)", "epsilon": "\(epsilon)", "weight decay": "\(weightDecay)"]
  }

  /// Changes `parameters` once.
  public mutating func step(parameters: [Parameter], rate: Double, gradientScale: Double) {
    for parameter in parameters {
      if case .none = parameter.gradient { continue }
      state.updates[parameter.name, default: 0] += 1
      update(parameter, Float(rate), Float(gradientScale))
    }
  }

  private mutating func update(_ parameter: Parameter, _ rate: Float, _ scale: Float) {
    let (rho, decay, epsilon) = (Float(rho), Float(weightDecay), Float(epsilon))
    var squares = state.take("squares", for: parameter)
    var changes = state.take("changes", for: parameter)
    parameter.update { weights, gradient in
      squares.withUnsafeMutableBufferPointer { squares in
        changes.withUnsafeMutableBufferPointer { changes in
          let (squares, changes) = (squares.baseAddress!, changes.baseAddress!)
          let weights = weights.baseAddress!
          GradientBlocks.forEach(of: parameter, gradient) { block, gradient in
            let start = block.lowerBound
            unroll_adadelta_update(
              block.count, rate, scale, decay, rho, epsilon, gradient, squares + start,
              changes + start, weights + start)
          }
        }
      }
    }
    state.put(squares, "squares", for: parameter)
    state.put(changes, "changes", for: parameter)
  }
}

import CKernels
import Tensors

/// RMSProp (Hinton 2012, lecture 6e), as PyTorch computes it: the gradient divided by a running root
/// of its mean square.
///
/// ```
/// g' = scale · g + λ w
/// v  = ρ v + (1 - ρ) g'²
/// d  = g' / (√v + ε)                      or, centred (Graves 2013):
/// m  = ρ m + (1 - ρ) g'                   d = g' / (√(v - m²) + ε)
/// w  = w - rate · d                       or, with momentum:
/// b  = μ b + d                            w = w - rate · b
/// ```
/// Where rounding makes v - m² negative it counts as 0.
public struct RMSProp: Optimizer {
  /// ρ, the memory of the means; PyTorch's alpha.
  public let rho: Double
  /// ε, which keeps the step finite where the gradient vanishes.
  public let epsilon: Double
  /// μ, how much of the last step is kept.
  public let momentum: Double
  /// Whether the variance is taken about the mean rather than about 0.
  public let isCentred: Bool
  /// λ, an L2 penalty on the weights.
  public let weightDecay: Double
  /// The means of squares and, if they are asked for, the means and the velocities.
  public var state = OptimizerState()

  /// PyTorch's defaults.
  public init(
    rho: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0, isCentred: Bool = false,
    weightDecay: Double = 0
  ) {
    precondition(0 <= rho && rho < 1, "rho is in [0, 1), not \(rho)")
    precondition(epsilon > 0, "epsilon is above 0, not \(epsilon)")
    precondition(0 <= momentum && momentum < 1, "momentum is in [0, 1), not \(momentum)")
    precondition(weightDecay >= 0, "weight decay is at least 0, not \(weightDecay)")
    self.rho = rho
    self.epsilon = epsilon
    self.momentum = momentum
    self.isCentred = isCentred
    self.weightDecay = weightDecay
  }

  /// Which rule it is.
  public var kind: OptimizerKind { .rmsprop }

  /// The hyper-parameters by name.
  public var hyperparameters: [String: String] {
    [
      "rho": "\(rho)", "epsilon": "\(epsilon)", "momentum": "\(momentum)",
      "centred": "\(isCentred)", "weight decay": "\(weightDecay)",
    ]
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
    let momentum = Float(momentum)
    var squares = state.take("squares", for: parameter)
    var mean = isCentred ? state.take("mean", for: parameter) : nil
    var velocity = momentum > 0 ? state.take("velocity", for: parameter) : nil
    parameter.update { weights, gradient in
      let weights = weights.baseAddress!
      squares.withUnsafeMutableBufferPointer { squares in
        let squares = squares.baseAddress!
        Self.withPointer(&mean) { mean in
          Self.withPointer(&velocity) { velocity in
            GradientBlocks.forEach(of: parameter, gradient) { block, gradient in
              let start = block.lowerBound
              unroll_rmsprop_update(
                block.count, rate, scale, decay, rho, momentum, epsilon, gradient, squares + start,
                mean?.advanced(by: start), velocity?.advanced(by: start), weights + start)
            }
          }
        }
      }
    }
    state.put(squares, "squares", for: parameter)
    if let mean { state.put(mean, "mean", for: parameter) }
    if let velocity { state.put(velocity, "velocity", for: parameter) }
  }

  /// Calls `body` with the elements of a tensor, or with nil where there is none.
  private static func withPointer(
    _ tensor: inout Tensor?, _ body: (UnsafeMutablePointer<Float>?) -> Void
  ) {
    if tensor == nil {
      body(nil)
    } else {
      tensor?.withUnsafeMutableBufferPointer { body($0.baseAddress) }
    }
  }
}

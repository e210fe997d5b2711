import CKernels
import Tensors

/// Stochastic gradient descent with momentum, as PyTorch computes it.
///
/// ```
/// g' = scale · g + λ w
/// v  = μ v + g'                        (momentum, Polyak 1964)
/// w  = w - rate · v                    or, Nesterov's:  w - rate · (g' + μ v)
/// ```
/// Without momentum, w = w - rate · g'. Without momentum and decay, a gradient of few rows costs no
/// more than its rows.
public struct SGD: Optimizer {
  /// μ, how much of the last step is kept.
  public let momentum: Double
  /// Whether the gradient is taken as if the step were made already (Sutskever et al. 2013).
  public let nesterov: Bool
  /// λ, an L2 penalty on the weights.
  public let weightDecay: Double
  /// The velocities, if there is momentum.
  public var state = OptimizerState()

  /// Plain gradient descent unless told otherwise.
  public init(momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0) {
    precondition(0 <= momentum && momentum < 1, "momentum is in [0, 1), not \(momentum)")
    precondition(weightDecay >= 0, "weight decay is at least 0, not \(weightDecay)")
    precondition(momentum > 0 || !nesterov, "Nesterov's method needs momentum above 0")
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  /// Which rule it is.
  public var kind: OptimizerKind { .sgd }

  /// The hyper-parameters by name.
  public var hyperparameters: [String: String] {
    ["momentum": "\(momentum)", "nesterov": "\(nesterov)", "weight decay": "\(weightDecay)"]
  }

  /// Changes `parameters` once.
  public mutating func step(parameters: [Parameter], rate: Double, gradientScale: Double) {
    for parameter in parameters {
      if case .none = parameter.gradient { continue }
      state.updates[parameter.name, default: 0] += 1
      if momentum > 0 {
        updateWithMomentum(parameter, Float(rate), Float(gradientScale))
      } else {
        update(parameter, Float(rate), Float(gradientScale))
      }
    }
  }

  private func update(_ parameter: Parameter, _ rate: Float, _ scale: Float) {
    let decay = Float(weightDecay)
    parameter.update { weights, gradient in
      let weights = weights.baseAddress!
      GradientBlocks.forEach(of: parameter, gradient, skippingZeroRows: decay == 0) {
        block, gradient in
        unroll_sgd_update(block.count, rate, scale, decay, gradient, weights + block.lowerBound)
      }
    }
  }

  private mutating func updateWithMomentum(
    _ parameter: Parameter, _ rate: Float, _ scale: Float
  ) {
    let (decay, momentum) = (Float(weightDecay), Float(momentum))
    var velocity = state.take("velocity", for: parameter)
    parameter.update { weights, gradient in
      velocity.withUnsafeMutableBufferPointer { velocity in
        let (velocity, weights) = (velocity.baseAddress!, weights.baseAddress!)
        GradientBlocks.forEach(of: parameter, gradient) { block, gradient in
          unroll_momentum_update(
            block.count, rate, scale, decay, momentum, nesterov, gradient,
            velocity + block.lowerBound, weights + block.lowerBound)
        }
      }
    }
    state.put(velocity, "velocity", for: parameter)
  }
}

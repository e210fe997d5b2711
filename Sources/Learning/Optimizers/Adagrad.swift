import CKernels
import Tensors

/// Adagrad (Duchi, Hazan & Singer 2011), as PyTorch computes it: each weight's rate falls with the
/// gradients it has seen, so that rare features learn fast.
///
/// ```
/// g' = scale · g + λ w
/// s  = s + g'²                                     (s₀ = the initial sum)
/// w  = w - rate / (1 + (t - 1) δ) · g' / (√s + ε)
/// ```
/// t counts the updates of the parameter. Without λ, a gradient of few rows costs no more than its rows:
/// where g' is 0, nothing changes.
public struct Adagrad: Optimizer {
  /// δ, by which the rate falls beside what the sums do.
  public let rateDecay: Double
  /// ε, which keeps the step finite where the gradient vanishes.
  public let epsilon: Double
  /// What the sums of squares start from.
  public let initialSum: Double
  /// λ, an L2 penalty on the weights.
  public let weightDecay: Double
  /// The sums of squares and t of each parameter.
  public var state = OptimizerState()

  /// PyTorch's defaults.
  public init(
    rateDecay: Double = 0, epsilon: Double = 1e-10, initialSum: Double = 0, weightDecay: Double = 0
  ) {
    precondition(rateDecay >= 0, "the decay of the rate is at least 0, not \(rateDecay)")
    precondition(epsilon > 0, "epsilon is above 0, not \(epsilon)")
    precondition(initialSum >= 0, "the initial sum is at least 0, not \(initialSum)")
    precondition(weightDecay >= 0, "weight decay is at least 0, not \(weightDecay)")
    self.rateDecay = rateDecay
    self.epsilon = epsilon
    self.initialSum = initialSum
    self.weightDecay = weightDecay
  }

  /// Which rule it is.
  public var kind: OptimizerKind { .adagrad }

  /// The hyper-parameters by name.
  public var hyperparameters: [String: String] {
    [
      "rate decay": "\(rateDecay)", "epsilon": "\(epsilon)", "initial sum": "\(initialSum)",
      "weight decay": "\(weightDecay)",
    ]
  }

  /// Changes `parameters` once.
  public mutating func step(parameters: [Parameter], rate: Double, gradientScale: Double) {
    for parameter in parameters {
      if case .none = parameter.gradient { continue }
      let update = state.updates[parameter.name, default: 0] + 1
      state.updates[parameter.name] = update
      self.update(
        parameter, Float(rate / (1 + Double(update - 1) * rateDecay)), Float(gradientScale))
    }
  }

  private mutating func update(_ parameter: Parameter, _ rate: Float, _ scale: Float) {
    let (decay, epsilon) = (Float(weightDecay), Float(epsilon))
    var sum = state.take("sum", for: parameter, startingFrom: Float(initialSum))
    parameter.update { weights, gradient in
      sum.withUnsafeMutableBufferPointer { sum in
        let (sum, weights) = (sum.baseAddress!, weights.baseAddress!)
        GradientBlocks.forEach(of: parameter, gradient, skippingZeroRows: decay == 0) {
          block, gradient in
          let start = block.lowerBound
          unroll_adagrad_update(
            block.count, rate, scale, decay, epsilon, gradient, sum + start, weights + start)
        }
      }
    }
    state.put(sum, "sum", for: parameter)
  }
}

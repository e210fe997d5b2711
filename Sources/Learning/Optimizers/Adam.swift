import CKernels
import Tensors

/// Adam (Kingma & Ba 2015), as PyTorch computes it.
///
/// ```
/// g' = scale · g + λ w
/// m  = β₁ m + (1 - β₁) g'              v = β₂ v + (1 - β₂) g'²
/// w  = w - rate / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)
/// ```
/// t counts the updates of the parameter. A row that has no gradient still moves, by its momentum; unless
/// Adam is lazy: then a gradient of few rows, as an embedding's, changes those rows and their moments
/// alone (as PyTorch's `SparseAdam`, t being the matrix's, and ε where Adam has it), and costs no more
/// than they do. Rows that such a gradient lists with zeros, as of dropped words or padding, move with
/// them. A dense gradient, as of a full softmax's matrix and of all biases, moves all there is, lazy or
/// not.
public struct Adam: Optimizer {
  /// β₁, the memory of the mean.
  public let beta1: Double
  /// β₂, the memory of the uncentred variance.
  public let beta2: Double
  /// ε, which keeps the step finite where the gradient vanishes.
  public let epsilon: Double
  /// λ, an L2 penalty that goes through the moments; see ``AdamW`` for decay beside them.
  public let weightDecay: Double
  /// Whether the rows that a gradient of rows does not list, and their moments, stay as they are.
  public let isLazy: Bool
  /// Both moments and t of each parameter.
  public var state = OptimizerState()

  private let isDecoupled: Bool

  /// PyTorch's defaults. Lazy there is no weight decay, which would be for all rows.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    isLazy: Bool = false
  ) {
    self.init(
      beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, isLazy: isLazy,
      isDecoupled: false)
  }

  fileprivate init(
    beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, isLazy: Bool,
    isDecoupled: Bool
  ) {
    precondition(0 <= beta1 && beta1 < 1, "beta1 is in [0, 1), not \(beta1)")
    precondition(0 <= beta2 && beta2 < 1, "beta2 is in [0, 1), not \(beta2)")
    precondition(epsilon > 0, "epsilon is above 0, not \(epsilon)")
    precondition(weightDecay >= 0, "weight decay is at least 0, not \(weightDecay)")
    precondition(!isLazy || weightDecay == 0, "lazy Adam has no weight decay of \(weightDecay)")
    self.isLazy = isLazy
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isDecoupled = isDecoupled
  }

  /// Which rule it is.
  public var kind: OptimizerKind { isDecoupled ? .adamw : .adam }

  /// The hyper-parameters by name.
  public var hyperparameters: [String: String] {
    var parameters = [
      "beta1": "\(beta1)", "beta2": "\(beta2)", "epsilon": "\(epsilon)",
      "weight decay": "\(weightDecay)",
    ]
    parameters["lazy"] = isLazy ? "true" : nil
    return parameters
  }

  /// Changes `parameters` once.
  public mutating func step(parameters: [Parameter], rate: Double, gradientScale: Double) {
    for parameter in parameters {
      if case .none = parameter.gradient { continue }
      let update = state.updates[parameter.name, default: 0] + 1
      state.updates[parameter.name] = update
      self.update(parameter, Float(rate), Float(gradientScale), update)
    }
  }

  private mutating func update(
    _ parameter: Parameter, _ rate: Float, _ scale: Float, _ update: Int
  ) {
    let (decay, epsilon) = (Float(weightDecay), Float(epsilon))
    let (beta1, beta2) = (Float(beta1), Float(beta2))
    var mean = state.take("mean", for: parameter)
    var variance = state.take("variance", for: parameter)
    parameter.update { weights, gradient in
      mean.withUnsafeMutableBufferPointer { mean in
        variance.withUnsafeMutableBufferPointer { variance in
          let (mean, variance) = (mean.baseAddress!, variance.baseAddress!)
          let weights = weights.baseAddress!
          GradientBlocks.forEach(of: parameter, gradient, skippingZeroRows: isLazy) {
            block, gradient in
            let start = block.lowerBound
            unroll_adam_update(
              block.count, rate, scale, decay, isDecoupled, beta1, beta2, epsilon, update, gradient,
              mean + start, variance + start, weights + start)
          }
        }
      }
    }
    state.put(mean, "mean", for: parameter)
    state.put(variance, "variance", for: parameter)
  }
}

/// Adam with weight decay beside the moments (Loshchilov & Hutter 2019): first
/// w = w · (1 - rate · λ), then ``Adam``'s step without λ.
public struct AdamW: Optimizer {
  private var adam: Adam

  /// PyTorch's defaults.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01
  ) {
    adam = Adam(
      beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, isLazy: false,
      isDecoupled: true)
  }

  /// Which rule it is.
  public var kind: OptimizerKind { adam.kind }

  /// The hyper-parameters by name.
  public var hyperparameters: [String: String] { adam.hyperparameters }

  /// Both moments and t of each parameter.
  public var state: OptimizerState {
    get { adam.state }
    _modify { yield &adam.state }
  }

  /// Changes `parameters` once.
  public mutating func step(parameters: [Parameter], rate: Double, gradientScale: Double) {
    adam.step(parameters: parameters, rate: rate, gradientScale: gradientScale)
  }
}

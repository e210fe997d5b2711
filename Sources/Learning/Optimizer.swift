import Tensors

/// A rule that turns gradients into changes of parameters.
///
/// What it remembers from step to step is in `state`, by parameter name; everything else about it is
/// fixed when it is made. So a copy is a snapshot, and a checkpoint is `state` on disk.
public protocol Optimizer: Sendable {
  /// Which rule it is.
  var kind: OptimizerKind { get }

  /// The hyper-parameters, for the record of a run; two optimisers with equal ones and equal
  /// `state` go on in the same way.
  var hyperparameters: [String: String] { get }

  /// What it has gathered so far.
  var state: OptimizerState { get set }

  /// Changes `parameters` once.
  ///
  /// Every gradient is multiplied by `gradientScale` first, the factor of clipping. A parameter
  /// without a gradient stays as it is, and so does its part of the state (as in PyTorch). The
  /// result does not depend on the number of threads, nor on whether a gradient comes dense or as
  /// rows.
  mutating func step(parameters: [Parameter], rate: Double, gradientScale: Double)
}

/// An optimiser that looks at the loss more than once a step: along a line, or along its curvature.
///
/// Its `step(parameters:rate:gradientScale:)` is never called by a trainer; this one is, with a loss
/// that stays the same throughout the step.
public protocol ObjectiveOptimizer: Optimizer {
  /// Changes the parameters of `objective` once.
  mutating func step(_ objective: any Objective, rate: Double) throws -> ObjectiveStep
}

/// What a step of an ``ObjectiveOptimizer`` found.
public struct ObjectiveStep: Sendable, Equatable {
  /// The loss before the step.
  public var loss: Double
  /// The global norm of its gradient.
  public var gradientNorm: Double
  /// Things worth a line in the log, by name: the damping, the iterations.
  public var notes: [String: Double]

  /// A step.
  public init(loss: Double, gradientNorm: Double, notes: [String: Double] = [:]) {
    self.loss = loss
    self.gradientNorm = gradientNorm
    self.notes = notes
  }
}

/// The memory of an optimiser.
public struct OptimizerState: Sendable, Equatable {
  /// How often each parameter has been updated.
  public var updates: [String: Int]
  /// Tensors named `slot.parameter`: `velocity.rnn.weight_ih_l0`.
  public var tensors: [String: Tensor]
  /// Single numbers, such as a damping.
  public var numbers: [String: Double]

  /// A state with the given content; nothing before the first step.
  public init(
    updates: [String: Int] = [:], tensors: [String: Tensor] = [:], numbers: [String: Double] = [:]
  ) {
    self.updates = updates
    self.tensors = tensors
    self.numbers = numbers
  }

  /// Takes a tensor out to be changed in place; zeros at first.
  mutating func take(_ slot: String, for parameter: Parameter) -> Tensor {
    let tensor =
      tensors.removeValue(forKey: Self.name(slot, parameter)) ?? Tensor(zeros: parameter.shape)
    precondition(
      tensor.shape == parameter.shape,
      "\(slot) of \(parameter.name) has shape \(tensor.shape), expected \(parameter.shape)")
    return tensor
  }

  /// Puts back what was taken.
  mutating func put(_ tensor: Tensor, _ slot: String, for parameter: Parameter) {
    tensors[Self.name(slot, parameter)] = tensor
  }

  static func name(_ slot: String, _ parameter: Parameter) -> String { "\(slot).\(parameter.name)" }
}

/// The optimisers by name, for the command line and for records.
public enum OptimizerKind: String, Sendable, CaseIterable, Codable {
  /// ``SGD``.
  case sgd
  /// ``Adam``.
  case adam
  /// ``AdamW``.
  case adamw
  /// ``HessianFree``.
  case hessianFree = "hessian-free"

  /// An optimiser of this kind. `momentum` and `nesterov` matter to SGD only; what is nil takes
  /// PyTorch's default.
  public func make(
    momentum: Double? = nil, nesterov: Bool = false, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, weightDecay: Double? = nil
  ) -> any Optimizer {
    switch self {
    case .sgd: SGD(momentum: momentum ?? 0, nesterov: nesterov, weightDecay: weightDecay ?? 0)
    case .adam:
      Adam(
        beta1: beta1 ?? 0.9, beta2: beta2 ?? 0.999, epsilon: epsilon ?? 1e-8,
        weightDecay: weightDecay ?? 0)
    case .adamw:
      AdamW(
        beta1: beta1 ?? 0.9, beta2: beta2 ?? 0.999, epsilon: epsilon ?? 1e-8,
        weightDecay: weightDecay ?? 0.01)
    case .hessianFree: HessianFree()
    }
  }

  /// The rate that the method is usually started with.
  public var usualRate: Double {
    switch self {
    case .sgd, .hessianFree: 1
    case .adam, .adamw: 0.001
    }
  }
}

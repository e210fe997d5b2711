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

  /// The shape of what it keeps of `parameter` under the name `slot`; nil if there is no such thing.
  /// What a checkpoint holds must agree.
  func shape(ofSlot slot: String, for parameter: Parameter) -> [Int]?

  /// Takes note of a loss of held-out data, in nats a token.
  mutating func observe(validationLoss: Double)

  /// The values to be validated, kept and shipped in place of the parameters' own, one for each of
  /// `parameters`; nil for their own.
  func averages(of parameters: [Parameter]) -> [Tensor]?
}

extension Optimizer {
  /// The parameter's own shape, whatever the slot.
  public func shape(ofSlot slot: String, for parameter: Parameter) -> [Int]? { parameter.shape }
  /// Does nothing.
  public mutating func observe(validationLoss: Double) {}
  /// None.
  public func averages(of parameters: [Parameter]) -> [Tensor]? { nil }
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

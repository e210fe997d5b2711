import Tensors

/// What a ``Trainer`` trains: a model together with its data.
///
/// The trainer asks for one step's loss and gradients at a time; clipping, updates, schedules,
/// validation, checkpoints and stopping are its own work. Everything random must come from the keys
/// that the trainer hands out, and everything that one step hands to the next, apart from the
/// parameters, must be in `carriedState`: then a resumed run is the very same run.
public protocol TrainingTask: AnyObject {
  /// What is trained. Names are unique; the list stays the same during a run.
  var parameters: [Parameter] { get }

  /// Batches that make an epoch, at least 1, the same in every epoch. Each is a step of the run,
  /// unless the plan accumulates several.
  var stepsPerEpoch: Int { get }

  /// The loss of a uniform guess, in nats a token (ln V for a softmax over V), or nil where there is
  /// no such thing. A run whose loss rises far above it has diverged.
  var uniformLoss: Double? { get }

  /// Prepares epoch `epoch` (from 1), for instance shuffles with `key` or zeroes the carried state.
  /// Called before the first step of an epoch, and again when a run is resumed within it.
  func beginEpoch(_ epoch: Int, key: RandomKey) throws

  /// Computes the loss of one batch and adds its gradients to those of the parameters. What is
  /// differentiated may be another multiple of the loss than what is reported.
  func loss(at position: StepPosition) throws -> StepLoss

  /// One step's loss as a function of the parameters, for an ``ObjectiveOptimizer``, which asks for it
  /// instead of `loss(at:)`; nil if the task has no such thing. Its loss is the mean that would be
  /// reported, over `cases` tokens, and there is nothing random in it.
  func objective(at position: StepPosition) throws -> (any CurvatureObjective)?

  /// The loss of held-out data, in nats a token, or nil if there is none. Must leave the carried
  /// state and the gradients as they are.
  func validate() throws -> Double?

  /// What one step hands to the next beside the parameters, as the state of a recurrent net carried
  /// from window to window. Empty if there is none.
  var carriedState: [String: Tensor] { get }

  /// Puts back a state that `carriedState` gave. Throws if it is of another form.
  func restoreCarriedState(_ state: [String: Tensor]) throws
}

extension TrainingTask {
  /// None.
  public var uniformLoss: Double? { nil }
  /// Nothing to prepare.
  public func beginEpoch(_ epoch: Int, key: RandomKey) {}
  /// None.
  public func objective(at position: StepPosition) -> (any CurvatureObjective)? { nil }
  /// No held-out data.
  public func validate() -> Double? { nil }
  /// Nothing carried.
  public var carriedState: [String: Tensor] { [:] }
  /// Accepts nothing.
  public func restoreCarriedState(_ state: [String: Tensor]) throws {
    guard state.isEmpty else {
      throw TrainingError.foreignCarriedState(names: state.keys.sorted())
    }
  }
}

/// Where in a run a batch is, counted in batches.
public struct StepPosition: Sendable, Equatable {
  /// The epoch, from 1.
  public let epoch: Int
  /// The batch within the epoch, from 0.
  public let index: Int
  /// The batch within the run, from 0.
  public let step: Int
  /// The source of this batch's random numbers, such as dropout masks.
  public let key: RandomKey

  /// A place in a run.
  public init(epoch: Int, index: Int, step: Int, key: RandomKey) {
    self.epoch = epoch
    self.index = index
    self.step = step
    self.key = key
  }
}

/// The loss of one batch, or of the batches of one step.
public struct StepLoss: Sendable, Equatable {
  /// The sum of the tokens' losses, in nats.
  public let sum: Double
  /// The number of tokens that were predicted.
  public let tokens: Int
  /// By what the learning rate of this step is multiplied, as for windows that vary in length.
  public let rateFactor: Double

  /// A loss given as a sum.
  public init(sum: Double, tokens: Int, rateFactor: Double = 1) {
    self.sum = sum
    self.tokens = tokens
    self.rateFactor = rateFactor
  }

  /// A loss given as a mean.
  public init(mean: Double, tokens: Int) { self.init(sum: mean * Double(tokens), tokens: tokens) }

  /// In nats a token.
  public var mean: Double { sum / Double(tokens) }
}

import CKernels
import Tensors

/// Averaging of the iterates (Polyak & Juditsky 1992) from the moment at which an optimiser has stopped
/// making progress: with SGD it is NT-ASGD, the non-monotonically triggered averaged SGD of
/// Merity, Keskar & Socher (2018).
///
/// ```
/// v₀, v₁, …  the validation losses
/// trigger:   v_t > min(v₀, …, v_{t-n-1})           for the first t > n
/// w_k        the parameters after the k-th step since the trigger, made by the rule as ever
/// w̄_k = w̄_{k-1} + (w_k - w̄_{k-1}) / k              = (w₁ + … + w_k) / k
/// ```
/// The steps themselves, and so the loss of training, know nothing of the averages. From the trigger
/// on it is the averages that are validated, that are kept if they are the best, and that are the
/// finished model. Without held-out data there is no trigger. An average is a tensor as large as its
/// parameter, and each step since the trigger goes through all of it.
public struct AveragedOptimizer: Optimizer {
  /// n: the last n validations are not compared with. The paper's experiments have 5.
  public let patience: Int
  private var base: any Optimizer

  /// `base` makes the steps; it is not itself averaged, nor one that looks at the loss more than once.
  public init(_ base: any Optimizer = SGD(), patience: Int = 5) {
    precondition(patience >= 0, "the patience of averaging is 0 or more, not \(patience)")
    precondition(
      !(base is AveragedOptimizer) && !(base is any ObjectiveOptimizer),
      "averages of \(base.kind.rawValue) are not kept")
    self.base = base
    self.patience = patience
  }

  /// ``OptimizerKind/ntASGD`` with SGD, else what makes the steps.
  public var kind: OptimizerKind { base.kind == .sgd ? .ntASGD : base.kind }

  /// The hyper-parameters by name.
  public var hyperparameters: [String: String] {
    base.hyperparameters.merging(["average after": "\(patience)"]) { _, own in own }
  }

  /// The state of what makes the steps, with the averages and the validation losses beside it.
  public var state: OptimizerState {
    get { base.state }
    _modify { yield &base.state }
  }

  /// Whether averages are taken.
  public var isTriggered: Bool { state.numbers[Key.triggered] != nil }

  /// The names of what it keeps in ``state``. The last n losses are in a ring, loss t in place t mod n.
  private enum Key {
    static let slot = "average"
    static let triggered = "average.triggered"
    static let validations = "average.validations"
    static let leastLoss = "average.least loss"
    static func loss(_ place: Int) -> String { "average.loss \(place)" }
    static func count(_ parameter: Parameter) -> String { "average.count.\(parameter.name)" }
  }

  /// Changes `parameters` once, and their averages if the trigger has gone off.
  public mutating func step(parameters: [Parameter], rate: Double, gradientScale: Double) {
    base.step(parameters: parameters, rate: rate, gradientScale: gradientScale)
    guard isTriggered else { return }
    for parameter in parameters {
      if case .none = parameter.gradient { continue }
      let count = state.numbers[Key.count(parameter), default: 0] + 1
      state.numbers[Key.count(parameter)] = count
      var average = state.take(Key.slot, for: parameter)
      average.withUnsafeMutableBufferPointer { average in
        let average = average.baseAddress!
        parameter.value.withUnsafeBufferPointer { value in
          GradientBlocks.forEachRange(count: value.count) { range in
            unroll_average_update(
              range.count, Float(1 / count), value.baseAddress! + range.lowerBound,
              average + range.lowerBound)
          }
        }
      }
      state.put(average, Key.slot, for: parameter)
    }
  }

  /// Averages begin with the next step if this loss is greater than the least of those that are more
  /// than n validations old.
  public mutating func observe(validationLoss loss: Double) {
    base.observe(validationLoss: loss)
    guard !isTriggered else { return }
    let place = Key.loss(patience > 0 ? Int(state.numbers[Key.validations] ?? 0) % patience : 0)
    if let least = state.numbers[Key.leastLoss], loss > least {
      state.numbers = state.numbers.filter { !$0.key.hasPrefix("average.") }
      state.numbers[Key.triggered] = 1
      return
    }
    // What leaves the last n is compared with from the next validation on.
    let leaving = patience > 0 ? state.numbers[place] : loss
    if let leaving {
      state.numbers[Key.leastLoss] = min(leaving, state.numbers[Key.leastLoss] ?? leaving)
    }
    if patience > 0 { state.numbers[place] = loss }
    state.numbers[Key.validations, default: 0] += 1
  }

  /// w̄ once the trigger has gone off and a step was made since; what no step has changed stands for
  /// itself.
  public func averages(of parameters: [Parameter]) -> [Tensor]? {
    let averages = parameters.map { state.tensors[OptimizerState.name(Key.slot, $0)] }
    guard averages.contains(where: { $0 != nil }) else { return nil }
    return zip(parameters, averages).map { $1 ?? $0.value }
  }

  /// The averages have the shapes of their parameters.
  public func shape(ofSlot slot: String, for parameter: Parameter) -> [Int]? {
    slot == Key.slot ? parameter.shape : base.shape(ofSlot: slot, for: parameter)
  }
}

/// The hyper-parameters of all optimisers in one place; nil for a kind's own default.
///
/// Which kind takes which is in ``takers(of:)``; ``fault(for:)`` says what is wrong, before
/// ``OptimizerKind/make(_:)`` would trap.
public struct OptimizerSettings: Sendable, Equatable {
  /// How much of the last step is kept.
  public var momentum: Double?
  /// Nesterov's momentum.
  public var nesterov: Bool?
  /// The memory of Adam's mean.
  public var beta1: Double?
  /// The memory of Adam's variance.
  public var beta2: Double?
  /// The memory of squared gradients; of Shampoo's statistics, where 1 is for ever.
  public var rho: Double?
  /// What keeps a step finite where the gradient vanishes.
  public var epsilon: Double?
  /// The L2 penalty; beside the moments with AdamW.
  public var weightDecay: Double?
  /// By which Adagrad's rate falls.
  public var rateDecay: Double?
  /// What Adagrad's sums start from.
  public var initialSum: Double?
  /// Whether RMSProp's variance is taken about the mean.
  public var isCentred: Bool?
  /// Whether Adam leaves the rows that a gradient of rows does not list as they are; dense gradients
  /// move all.
  public var isLazy: Bool?
  /// n of the non-monotone trigger of averaging. Given, it adds averaging to other kinds than NT-ASGD.
  public var averageAfter: Int?
  /// The greatest side of Shampoo's blocks.
  public var blockSize: Int?
  /// How many steps Shampoo's roots serve.
  public var rootInterval: Int?
  /// Whose length Shampoo's steps have.
  public var grafting: Shampoo.Grafting?
  /// Pairs that L-BFGS keeps.
  public var history: Int?
  /// Iterations of L-BFGS in a step; products of the Hessian-free method in a step, at most.
  public var iterations: Int?
  /// λ that the Hessian-free method starts from.
  public var damping: Double?
  /// μ, how much of λ holds the hidden states.
  public var structuralDamping: Double?

  /// The given settings.
  public init(
    momentum: Double? = nil, nesterov: Bool? = nil, beta1: Double? = nil, beta2: Double? = nil,
    rho: Double? = nil, epsilon: Double? = nil, weightDecay: Double? = nil,
    rateDecay: Double? = nil, initialSum: Double? = nil, isCentred: Bool? = nil,
    isLazy: Bool? = nil, averageAfter: Int? = nil, blockSize: Int? = nil, rootInterval: Int? = nil,
    grafting: Shampoo.Grafting? = nil, history: Int? = nil, iterations: Int? = nil,
    damping: Double? = nil, structuralDamping: Double? = nil
  ) {
    self.momentum = momentum
    self.nesterov = nesterov
    self.beta1 = beta1
    self.beta2 = beta2
    self.rho = rho
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.rateDecay = rateDecay
    self.initialSum = initialSum
    self.isCentred = isCentred
    self.isLazy = isLazy
    self.averageAfter = averageAfter
    self.blockSize = blockSize
    self.rootInterval = rootInterval
    self.grafting = grafting
    self.history = history
    self.iterations = iterations
    self.damping = damping
    self.structuralDamping = structuralDamping
  }

  /// A hyper-parameter by the name that a message calls it: that of its flag without the dashes, where
  /// the command line has one.
  public enum Name: String, Sendable, CaseIterable {
    case momentum, nesterov, beta1, beta2, rho, epsilon
    case weightDecay = "weight-decay"
    case rateDecay = "rate-decay"
    case initialSum = "initial-sum"
    case centred, lazy
    case averageAfter = "average-after"
    case blockSize = "block-size"
    case rootInterval = "root-interval"
    case grafting, history, iterations, damping
    case structuralDamping = "structural-damping"
  }

  /// The kinds that take a hyper-parameter.
  public static func takers(of name: Name) -> [OptimizerKind] {
    switch name {
    case .momentum: [.sgd, .ntASGD, .rmsprop, .shampoo]
    case .nesterov: [.sgd, .ntASGD]
    case .beta1, .beta2: [.adam, .adamw]
    case .rho: [.adadelta, .rmsprop, .shampoo]
    case .epsilon: [.adagrad, .adadelta, .rmsprop, .adam, .adamw, .shampoo]
    case .weightDecay, .averageAfter: OptimizerKind.allCases.filter { !$0.takesObjective }
    case .rateDecay, .initialSum: [.adagrad]
    case .centred: [.rmsprop]
    case .lazy: [.adam]
    case .blockSize, .rootInterval, .grafting: [.shampoo]
    case .history: [.lbfgs]
    case .iterations: [.lbfgs, .hessianFree]
    case .damping, .structuralDamping: [.hessianFree]
    }
  }

  /// The hyper-parameters that are given.
  public var given: [Name] { Name.allCases.filter { value(of: $0) != nil } }

  /// What is wrong with the settings for an optimiser of this kind, in a line of words; nil if nothing
  /// is.
  public func fault(for kind: OptimizerKind) -> String? {
    for name in given {
      let takers = Self.takers(of: name)
      guard takers.contains(kind) else {
        return "\(name.rawValue) is for \(Self.list(takers.map(\.rawValue))), not \(kind.rawValue)"
      }
      if let value = value(of: name), let range = Self.range(name, kind), !range.holds(value) {
        return "\(name.rawValue) is \(range.words), not \(Self.number(value))"
      }
    }
    if nesterov == true, momentum ?? 0 == 0 { return "nesterov needs a momentum above 0" }
    if isLazy == true, weightDecay ?? 0 > 0 { return "lazy needs a weight-decay of 0" }
    return nil
  }

  /// Flags count as 1 and 0.
  private func value(of name: Name) -> Double? {
    switch name {
    case .momentum: momentum
    case .nesterov: nesterov.map { $0 ? 1 : 0 }
    case .beta1: beta1
    case .beta2: beta2
    case .rho: rho
    case .epsilon: epsilon
    case .weightDecay: weightDecay
    case .rateDecay: rateDecay
    case .initialSum: initialSum
    case .centred: isCentred.map { $0 ? 1 : 0 }
    case .lazy: isLazy.map { $0 ? 1 : 0 }
    case .averageAfter: averageAfter.map(Double.init)
    case .blockSize: blockSize.map(Double.init)
    case .rootInterval: rootInterval.map(Double.init)
    case .grafting: grafting.map { _ in 1 }
    case .history: history.map(Double.init)
    case .iterations: iterations.map(Double.init)
    case .damping: damping
    case .structuralDamping: structuralDamping
    }
  }

  private static func range(
    _ name: Name, _ kind: OptimizerKind
  ) -> (words: String, holds: (Double) -> Bool)? {
    switch name {
    case .rho where kind == .shampoo: ("in [0, 1]", { 0 <= $0 && $0 <= 1 })
    case .momentum, .beta1, .beta2, .rho: ("in [0, 1)", { 0 <= $0 && $0 < 1 })
    case .epsilon, .damping: ("a number above 0", { $0 > 0 && $0.isFinite })
    case .weightDecay, .rateDecay, .initialSum, .structuralDamping:
      ("at least 0", { $0 >= 0 && $0.isFinite })
    case .averageAfter: ("at least 0", { $0 >= 0 })
    case .blockSize, .rootInterval, .history, .iterations: ("at least 1", { $0 >= 1 })
    case .nesterov, .centred, .lazy, .grafting: nil
    }
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : "\(value)"
  }

  private static func list(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.joined() }
    return words.dropLast().joined(separator: ", ") + " and " + last
  }

  /// The rule that makes the steps, averages aside.
  func rule(_ kind: OptimizerKind) -> any Optimizer {
    switch kind {
    case .sgd, .ntASGD:
      SGD(momentum: momentum ?? 0, nesterov: nesterov ?? false, weightDecay: weightDecay ?? 0)
    case .adagrad:
      Adagrad(
        rateDecay: rateDecay ?? 0, epsilon: epsilon ?? 1e-10, initialSum: initialSum ?? 0,
        weightDecay: weightDecay ?? 0)
    case .adadelta:
      Adadelta(rho: rho ?? 0.9, epsilon: epsilon ?? 1e-6, weightDecay: weightDecay ?? 0)
    case .rmsprop:
      RMSProp(
        rho: rho ?? 0.99, epsilon: epsilon ?? 1e-8, momentum: momentum ?? 0,
        isCentred: isCentred ?? false, weightDecay: weightDecay ?? 0)
    case .adam:
      Adam(
        beta1: beta1 ?? 0.9, beta2: beta2 ?? 0.999, epsilon: epsilon ?? 1e-8,
        weightDecay: weightDecay ?? 0, isLazy: isLazy ?? false)
    case .adamw:
      AdamW(
        beta1: beta1 ?? 0.9, beta2: beta2 ?? 0.999, epsilon: epsilon ?? 1e-8,
        weightDecay: weightDecay ?? 0.01)
    case .shampoo:
      Shampoo(
        blockSize: blockSize ?? 128, rootInterval: rootInterval ?? 50, epsilon: epsilon ?? 1e-6,
        rho: rho ?? 1, momentum: momentum ?? 0, weightDecay: weightDecay ?? 0,
        grafting: grafting ?? .adagrad)
    case .lbfgs: LBFGS(history: history ?? 10, iterations: iterations ?? 1)
    case .hessianFree:
      HessianFree(
        damping: damping ?? 1, structuralDamping: structuralDamping ?? 0,
        maxIterations: iterations ?? 250)
    }
  }
}

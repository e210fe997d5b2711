/// The optimisers by name, for the command line and for records.
public enum OptimizerKind: String, Sendable, CaseIterable, Codable {
  /// ``SGD``.
  case sgd
  /// ``AveragedOptimizer`` over ``SGD``.
  case ntASGD = "nt-asgd"
  /// ``Adagrad``.
  case adagrad
  /// ``Adadelta``.
  case adadelta
  /// ``RMSProp``.
  case rmsprop
  /// ``Adam``.
  case adam
  /// ``AdamW``.
  case adamw
  /// ``Shampoo``.
  case shampoo
  /// ``LBFGS``.
  case lbfgs = "l-bfgs"
  /// ``HessianFree``.
  case hessianFree = "hessian-free"

  /// An optimiser of this kind. The settings must be without ``OptimizerSettings/fault(for:)``; what
  /// is nil takes the kind's default.
  public func make(_ settings: OptimizerSettings = OptimizerSettings()) -> any Optimizer {
    if let fault = settings.fault(for: self) { preconditionFailure(fault) }
    let rule = settings.rule(self)
    guard self == .ntASGD || settings.averageAfter != nil else { return rule }
    return AveragedOptimizer(rule, patience: settings.averageAfter ?? 5)
  }

  /// Whether it looks at the loss more than once a step: then one batch makes a step, and nothing may be
  /// dropped.
  public var takesObjective: Bool { self == .lbfgs || self == .hessianFree }

  /// The rate that the method is usually started with.
  public var usualRate: Double {
    switch self {
    case .sgd, .ntASGD, .adadelta, .lbfgs, .hessianFree: 1
    case .adagrad, .shampoo: 0.1
    case .rmsprop: 0.01
    case .adam, .adamw: 0.001
    }
  }
}

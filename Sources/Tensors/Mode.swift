/// Whether a network is being trained or used: always an argument, never a flag inside a module.
public enum Mode: Sendable {
  /// No dropout, nothing recorded for a backward pass.
  case prediction
  /// Dropout masks are drawn from the key; operations on parameters are recorded.
  case training(RandomKey)

  /// Whether a backward pass will follow.
  public var isTraining: Bool {
    if case .training = self { true } else { false }
  }

  /// The mode for part `index` of a network, so that each part draws masks of its own.
  public func child(_ index: Int) -> Mode {
    switch self {
    case .prediction: .prediction
    case .training(let key): .training(key.child(index))
    }
  }
}

import Tensors

/// Anything with parameters: a cell, a layer, a model.
public protocol Module: Sendable {
  /// The parameters in a fixed order, each once.
  var parameters: [Parameter] { get }
}

extension Module {
  /// The number of trainable numbers.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }
}

import Tensors

/// y = x·Wᵀ + b, with W [outputs, inputs] as in PyTorch.
public struct Linear: Module {
  /// W [outputs, inputs].
  public let weight: Parameter
  /// b [outputs].
  public let bias: Parameter

  public var parameters: [Parameter] { [weight, bias] }

  /// A layer whose bias starts at zero.
  public init(
    inputs: Int, outputs: Int, name: String, initializer: Initializer = .glorot, key: RandomKey
  ) {
    weight = Parameter(
      "\(name).weight", initializer.matrix(outputs: outputs, inputs: inputs, key: key))
    bias = Parameter("\(name).bias", Tensor(zeros: [outputs]))
  }

  /// A layer with another module's matrix, as a decoder that shares the embedding's (Inan et al.
  /// 2017; Press & Wolf 2017).
  public init(sharing weight: Parameter, name: String) {
    self.weight = weight
    bias = Parameter("\(name).bias", Tensor(zeros: [weight.shape[0]]))
  }

  /// [..., inputs] to [..., outputs].
  public func callAsFunction(_ input: Variable, mode: Mode) -> Variable {
    input.linear(weight.variable(mode), bias: bias.variable(mode))
  }
}

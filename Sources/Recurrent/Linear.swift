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

  /// [M, inputs] to [M, outputs].
  public func callAsFunction(_ input: Variable, mode: Mode) -> Variable {
    let (weight, bias) = (weight.variable(mode), bias.variable(mode))
    let rows = input.shape[0]
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    precondition(
      input.shape == [rows, inputs], "an input \(input.shape) for a layer of \(inputs) inputs")
    let result = Tensor(uninitialized: [rows, outputs])
    projectInputs(
      Variable(input.value.reshaped(to: [1, rows, inputs])), weight, bias: bias.value,
      into: result.sharedPointer)
    let (x, w) = (input.value, weight.value)
    return Variable.operation(from: [input, weight, bias], output: result) { context in
      let gradient = context.takeGradient()
      accumulateInputGradient(
        context, parent: 0, rows: rows, gradients: gradient.sharedPointer, weight: w)
      accumulateWeightGradient(
        context, parent: 1, rows: rows, gradients: gradient.sharedPointer, gatesStride: outputs,
        columns: outputs, inputs: x.sharedPointer, inputSize: inputs)
      accumulateBiasGradient(
        context, parents: [2], rows: rows, gradients: gradient.sharedPointer, columns: outputs)
      withExtendedLifetime((gradient, x)) {}
    }
  }
}

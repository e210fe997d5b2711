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

  /// The share that some of the inputs have in y, in prediction: x·W[:, range]ᵀ of rows x [..., range.count].
  public func share(of x: Variable, inputs range: Range<Int>) -> Variable {
    let y = Tensor(uninitialized: x.shape.dropLast() + [weight.shape[0]])
    multiply(x.value, range, bias: nil, accumulate: false, into: y)
    return Variable(y)
  }

  /// y in prediction, where the share of the first inputs is known: that share + x·W[:, range]ᵀ + b.
  ///
  /// - Parameter share: [..., outputs], of all inputs below `range`. It becomes y.
  public func completed(_ share: Tensor, with x: Variable, inputs range: Range<Int>) -> Variable {
    multiply(x.value, range, bias: bias.value, accumulate: true, into: share)
    return Variable(share)
  }

  private func multiply(
    _ x: Tensor, _ inputs: Range<Int>, bias: Tensor?, accumulate: Bool, into y: Tensor
  ) {
    let (outputs, rows) = (weight.shape[0], x.shape.dropLast().reduce(1, *))
    precondition(
      x.shape.last == inputs.count && y.count == rows * outputs,
      "rows \(x.shape) of inputs \(inputs) for a sum \(y.shape)")
    let packed = weight.packed(.forward)
    forEachColumnBlock(columns: outputs, work: outputs * inputs.count) { columns in
      packed.multiply(
        rows: rows, x.sharedPointer, rowStride: inputs.count, bias: bias?.sharedPointer,
        accumulate: accumulate, into: y.sharedPointer, resultStride: outputs, columns: columns,
        depth: inputs)
    }
    withExtendedLifetime((x, bias, y)) {}
  }
}

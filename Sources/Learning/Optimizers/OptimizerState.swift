import Tensors

/// The memory of an optimiser.
public struct OptimizerState: Sendable, Equatable {
  /// How often each parameter has been updated.
  public var updates: [String: Int]
  /// Tensors named `slot.parameter`: `velocity.rnn.weight_ih_l0`. A slot has no dot in its name.
  public var tensors: [String: Tensor]
  /// Single numbers, such as a damping.
  public var numbers: [String: Double]

  /// A state with the given content; nothing before the first step.
  public init(
    updates: [String: Int] = [:], tensors: [String: Tensor] = [:], numbers: [String: Double] = [:]
  ) {
    self.updates = updates
    self.tensors = tensors
    self.numbers = numbers
  }

  /// Takes a tensor out to be changed in place; at first it is full of `start`. Its shape is the
  /// parameter's unless another is given.
  mutating func take(
    _ slot: String, for parameter: Parameter, shape: [Int]? = nil, startingFrom start: Float = 0
  ) -> Tensor {
    let shape = shape ?? parameter.shape
    let tensor =
      tensors.removeValue(forKey: Self.name(slot, parameter))
      ?? Tensor(repeating: start, shape: shape)
    precondition(
      tensor.shape == shape,
      "\(slot) of \(parameter.name) has shape \(tensor.shape), expected \(shape)")
    return tensor
  }

  /// Puts back what was taken.
  mutating func put(_ tensor: Tensor, _ slot: String, for parameter: Parameter) {
    tensors[Self.name(slot, parameter)] = tensor
  }

  static func name(_ slot: String, _ parameter: Parameter) -> String { "\(slot).\(parameter.name)" }
}

import Tensors

/// The child-sum Tree-LSTM (Tai, Socher & Manning 2015): an LSTM whose nodes have any number of children, in
/// no order, as the words of a dependency tree.
///
/// ```
/// s_j  = Σ_k h_k                                          over the children k of node j
/// i_j  = σ(W_i x_j + U_i s_j + b_i)                       input gate
/// f_jk = σ(W_f x_j + U_f h_k + b_f)                       a forget gate for each child
/// g_j  = tanh(W_g x_j + U_g s_j + b_g)                    candidate (the paper's u)
/// o_j  = σ(W_o x_j + U_o s_j + b_o)                       output gate
/// c_j  = i_j ⊙ g_j + Σ_k f_jk ⊙ c_k
/// h_j  = o_j ⊙ tanh(c_j)
/// ```
/// A tree that is a chain is read as an LSTM reads a sequence.
///
/// W_ih [4H, E] and b_ih [4H] have the gates in the order i, f, g, o; W_hh [3H, H] is U of i, g, o, which all
/// see the sum, W_hf [H, H] is U_f, which sees each child. The forget bias starts at 1, other biases at zero.
public struct ChildSumTreeLSTM: TreeCell {
  public let inputSize: Int
  public let hiddenSize: Int
  public var maximumArity: Int? { nil }
  public var order: Forest.Order { .height }
  /// W_ih, b_ih, W_hh, W_hf.
  public let parameters: [Parameter]

  /// A cell whose parameters' names begin with `prefix`.
  public init(
    inputSize: Int, hiddenSize: Int, prefix: String = "tree",
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    parameters = treeLSTMParameters(
      inputSize: inputSize, hiddenSize: hiddenSize, arity: 1, prefix: prefix,
      initialization: initialization, key: key)
  }

  public func run(
    _ inputs: Variable, at places: [Int32], of forest: Forest, mode: Mode
  ) -> Variable {
    check(inputs, forest)
    return runTreeLSTM(
      inputs, at: places, TreeLinks(forest, combining: .sum), parameters.map { $0.variable(mode) })
  }
}

/// W_ih, b_ih, W_hh, W_hf of a Tree-LSTM whose children's states are `arity` times H wide when put together.
func treeLSTMParameters(
  inputSize: Int, hiddenSize: Int, arity: Int, prefix: String,
  initialization: GateParameters.Initialization, key: RandomKey
) -> [Parameter] {
  var bias = Tensor(zeros: [4 * hiddenSize])
  bias.withUnsafeMutableBufferPointer {
    $0[hiddenSize..<2 * hiddenSize].update(repeating: initialization.forgetBias)
  }
  return [
    Parameter(
      "\(prefix).weight_ih",
      initialization.input.matrix(
        gates: 4, outputs: hiddenSize, inputs: inputSize, key: key.child(0))),
    Parameter("\(prefix).bias_ih", bias),
    Parameter(
      "\(prefix).weight_hh",
      initialization.recurrent.matrix(
        gates: 3, outputs: hiddenSize, inputs: arity * hiddenSize, key: key.child(1))),
    Parameter(
      "\(prefix).weight_hf",
      initialization.recurrent.matrix(
        gates: arity, outputs: hiddenSize, inputs: arity * hiddenSize, key: key.child(2))),
  ]
}

import Tensors

/// The N-ary Tree-LSTM (Tai, Socher & Manning 2015), N = K here: an LSTM whose nodes have up to K children, the
/// first with other weights than the second, as the constituents of a sentence in binary brackets.
///
/// ```
/// i_j  = σ(W_i x_j + Σ_l U_i^l h_jl + b_i)                input gate
/// f_jk = σ(W_f x_j + Σ_l U_f^kl h_jl + b_f)               a forget gate for each child k, which sees all
/// g_j  = tanh(W_g x_j + Σ_l U_g^l h_jl + b_g)             candidate (the paper's u)
/// o_j  = σ(W_o x_j + Σ_l U_o^l h_jl + b_o)                output gate
/// c_j  = i_j ⊙ g_j + Σ_k f_jk ⊙ c_jk
/// h_j  = o_j ⊙ tanh(c_j)
/// ```
/// Children that are not there are zeros. With K = 1 this is an LSTM.
///
/// W_ih [4H, E] and b_ih [4H] have the gates in the order i, f, g, o; W_hh [3H, K·H] is U of i, g, o, with a
/// block of H columns for each child, W_hf [K·H, K·H] is U_f, with a block of H rows for each child's gate. The
/// forget bias starts at 1, other biases at zero.
public struct NaryTreeLSTM: TreeCell {
  public let inputSize: Int
  public let hiddenSize: Int
  /// K, the most children of a node.
  public let arity: Int
  public var maximumArity: Int? { arity }
  public var order: Forest.Order { .arity }
  /// W_ih, b_ih, W_hh, W_hf.
  public let parameters: [Parameter]

  /// A cell whose parameters' names begin with `prefix`.
  public init(
    inputSize: Int, hiddenSize: Int, arity: Int = 2, prefix: String = "tree",
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    precondition(arity >= 1, "a node has at least 1 child, not \(arity)")
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.arity = arity
    parameters = treeLSTMParameters(
      inputSize: inputSize, hiddenSize: hiddenSize, arity: arity, prefix: prefix,
      initialization: initialization, key: key)
  }

  public func run(
    _ inputs: Variable, at places: [Int32], of forest: Forest, mode: Mode
  ) -> Variable {
    check(inputs, forest)
    return runTreeLSTM(
      inputs, at: places, TreeLinks(forest, combining: .places(arity)),
      parameters.map { $0.variable(mode) })
  }
}

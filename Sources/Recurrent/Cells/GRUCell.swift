import CKernels
import Tensors

/// The gated recurrent unit (Cho et al. 2014), in both published forms.
///
/// ```
/// r_t = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)                 reset gate
/// z_t = σ(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)                 update gate
/// n_t = tanh(W_in x_t + b_in + r_t ⊙ (W_hn h_{t-1} + b_hn))      reset after the product
/// n_t = tanh(W_in x_t + b_in + W_hn (r_t ⊙ h_{t-1}) + b_hn)      reset before the product
/// h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}
/// ```
///
/// Reset before the product is the form of Cho et al. and of the lecture; reset after it is cuDNN's
/// and PyTorch's, and needs one product a step instead of two. The gates lie in the order r, z, n,
/// so W_ih is [3H, I] and W_hh [3H, H]. Here z_t keeps the old state; the lecture writes 1 - z_t in
/// its place, which is the same network with the sign of z's weights turned.
public struct GRUCell: Cell {
  /// Where the reset gate acts.
  public enum Reset: Sendable {
    /// On the state, before it is multiplied (Cho et al. 2014).
    case beforeProduct
    /// On the product (cuDNN, PyTorch).
    case afterProduct
  }

  public let inputSize: Int
  public let hiddenSize: Int
  /// Where the reset gate acts.
  public let reset: Reset
  /// W_ih, W_hh, b_ih, b_hh.
  public var gates: GateParameters

  public var parameters: [Parameter] { gates.parameters }

  /// A cell that stands at `place`.
  public init(
    inputSize: Int, hiddenSize: Int, reset: Reset = .afterProduct, place: LayerPlace = LayerPlace(),
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.reset = reset
    gates = GateParameters(
      gates: 3, inputSize: inputSize, hiddenSize: hiddenSize, place: place,
      initialization: initialization, key: key)
  }

  public func step(_ input: Variable, _ state: HiddenState, mode: Mode) -> HiddenState {
    guard reset == .afterProduct, gates.isPrediction(input, state.parts, mode) else {
      return run(input.asOneStep(), lengths: nil, from: state, mode: mode).state
    }
    let batch = input.shape[0]
    let inputGates = Tensor(uninitialized: [batch, 3 * hiddenSize])
    let stateGates = Tensor(uninitialized: [batch, 3 * hiddenSize])
    let h = Tensor(uninitialized: [batch, hiddenSize])
    multiplyStep(
      rows: batch, x: input.value, gates.inputWeight.packed(.forward),
      inputBias: gates.inputBias.value, into: inputGates, h: state.h.value,
      gates.recurrentWeight.packed(.forward), stateBias: gates.recurrentBias.value,
      into: stateGates)
    unroll_gru_forward(
      batch, hiddenSize, inputGates.sharedPointer, stateGates.sharedPointer,
      state.h.value.sharedPointer, h.sharedPointer)
    withExtendedLifetime((inputGates, stateGates)) {}
    return HiddenState(h: Variable(h))
  }

  public func branch(
    _ input: [SelectedRows], from state: HiddenState, _ parents: RowSelection
  ) -> HiddenState {
    guard reset == .afterProduct else { return branchByStep(input, from: state, parents) }
    let size = hiddenSize
    let h = Tensor(uninitialized: [parents.rows.count, size])
    let before = state.h.value
    let products = BranchProducts(
      input, gates.inputWeight.packed(.forward), inputBias: gates.inputBias.value, h: state.h,
      parents, gates.recurrentWeight.packed(.forward), stateBias: gates.recurrentBias.value)
    products.forEachRow { m, inputGates in
      products.sumInputs(m, into: inputGates)
      unroll_gru_forward(
        1, size, inputGates, products.state(m),
        before.sharedPointer.row(Int(parents.rows[m]), size), h.sharedPointer.row(m, size))
    }
    withExtendedLifetime(before) {}
    return HiddenState(h: Variable(h))
  }

  public func run(_ inputs: Variable, lengths: [Int32]?, from state: HiddenState?, mode: Mode)
    -> (outputs: Variable, state: HiddenState)
  {
    let weights = gates.variables(mode)
    let results =
      switch reset {
      case .afterProduct: runGRU(inputs, lengths: lengths, h: state?.h, weights)
      case .beforeProduct: runGRUResetBefore(inputs, lengths: lengths, h: state?.h, weights)
      }
    return (results[0], HiddenState(h: results[1]))
  }
}

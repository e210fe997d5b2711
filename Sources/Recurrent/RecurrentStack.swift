import Tensors

/// Layers of recurrent cells, each reading the outputs of the one below.
///
/// Dropout acts on what passes from layer to layer and never on the recurrent connections, where it
/// would drown the memory (Zaremba et al. 2014).
public struct RecurrentStack: Module {
  /// From the lowest to the highest.
  public let layers: [AnyCell]
  /// The share of the outputs that is dropped between two layers while training.
  public let dropout: Float

  public var parameters: [Parameter] { layers.flatMap(\.parameters) }

  /// I, the features of an input.
  public var inputSize: Int { layers[0].inputSize }
  /// H, the features of an output.
  public var hiddenSize: Int { layers[layers.count - 1].hiddenSize }

  /// The states of all layers, from the lowest to the highest.
  public struct State: Sendable {
    /// One state a layer.
    public var layers: [AnyCell.State]

    /// The states of the given layers.
    public init(layers: [AnyCell.State]) { self.layers = layers }

    /// The same states cut off from the graph.
    public var detached: State { State(layers: layers.map(\.detached)) }

    /// All parts of all layers, as tensors [B, H].
    public var tensors: [Tensor] { layers.flatMap { $0.parts.map(\.value) } }
  }

  /// A stack of given cells; each must take what the one below gives.
  public init(_ layers: [AnyCell], dropout: Float = 0) {
    precondition(!layers.isEmpty, "a stack has at least one layer")
    for (below, above) in zip(layers, layers.dropFirst()) {
      precondition(
        below.hiddenSize == above.inputSize,
        "a layer of \(below.hiddenSize) units below one of \(above.inputSize) inputs")
    }
    self.layers = layers
    self.dropout = dropout
  }

  /// A stack of `count` equal cells.
  public init(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, layers count: Int, dropout: Float = 0,
    prefix: String = "rnn", initialization: GateParameters.Initialization = .init(),
    key: RandomKey
  ) {
    let layers = (0..<count).map { layer in
      kind.makeCell(
        inputSize: layer == 0 ? inputSize : hiddenSize, hiddenSize: hiddenSize, prefix: prefix,
        layer: layer, initialization: initialization, key: key.child(layer))
    }
    self.init(layers, dropout: dropout)
  }

  /// The state before the first step, all zeros, for `batch` sequences.
  public func zeroState(batch: Int) -> State {
    State(layers: layers.map { $0.zeroState(batch: batch) })
  }

  /// One step: x_t [B, I] and the states before it give the states after it. In training, a mode of
  /// its own for each step gives each step masks of its own.
  public func step(_ input: Variable, _ state: State, mode: Mode) -> State {
    var x = input
    var states: [AnyCell.State] = []
    for (index, layer) in layers.enumerated() {
      let place = mode.child(index)
      if index > 0 { x = x.dropout(dropout, mode: place.child(0)) }
      states.append(layer.step(x, state.layers[index], mode: place.child(1)))
      x = states[index].output
    }
    return State(layers: states)
  }

  /// All steps of B sequences: inputs [T, B, I] give the outputs of the highest layer [T, B, H] and
  /// the last states. See `Cell.run` for lengths.
  public func run(
    _ inputs: Variable, lengths: [Int32]? = nil, from state: State? = nil, mode: Mode
  ) -> (outputs: Variable, state: State) {
    var x = inputs
    var states: [AnyCell.State] = []
    for (index, layer) in layers.enumerated() {
      let place = mode.child(index)
      if index > 0 { x = x.dropout(dropout, mode: place.child(0)) }
      let (outputs, last) = layer.run(
        x, lengths: lengths, from: state?.layers[index], mode: place.child(1))
      x = outputs
      states.append(last)
    }
    return (x, State(layers: states))
  }
}

import Tensors

/// Layers of recurrent cells, each reading the outputs of the one below.
///
/// Dropout acts on what passes from layer to layer and not on the recurrent connections, where it
/// would drown the memory (Zaremba et al. 2014); ``RecurrentDropout`` has what may act there.
public struct RecurrentStack: Module {
  /// From the lowest to the highest.
  public let layers: [RecurrentLayer]
  /// What layers see beside the outputs of the one below.
  public let connections: SkipConnections
  /// The share of the outputs that is dropped between two layers while training.
  public let dropout: Float
  /// Whether that dropout has one mask for all steps.
  public let isVariational: Bool

  public var parameters: [Parameter] { layers.flatMap(\.parameters) }

  /// I, the features of an input.
  public var inputSize: Int { layers[0].inputSize }
  /// H, the units of the highest layer.
  public var hiddenSize: Int { layers[layers.count - 1].hiddenSize }
  /// The features of an output.
  public var outputSize: Int { layers[layers.count - 1].outputSize }
  /// Whether a layer reads from both ends, so that the stack needs whole sequences.
  public var isBidirectional: Bool { layers.contains { $0.reverse != nil } }

  /// The states of all layers, from the lowest to the highest.
  public struct State: Sendable {
    /// One state a layer.
    public var layers: [RecurrentLayer.State]

    /// The states of the given layers.
    public init(layers: [RecurrentLayer.State]) { self.layers = layers }

    /// The same states cut off from the graph.
    public var detached: State { State(layers: layers.map(\.detached)) }

    /// All parts of all layers, as tensors [B, H].
    public var tensors: [Tensor] { layers.flatMap { $0.parts.map(\.value) } }
  }

  /// A stack of given layers; each must take what the one below gives.
  public init(
    layers: [RecurrentLayer], connections: SkipConnections = .none, dropout: Float = 0,
    isVariational: Bool = false
  ) {
    precondition(!layers.isEmpty, "a stack has at least one layer")
    for (below, above) in zip(layers, layers.dropFirst()) {
      let given = below.outputSize + (connections == .input ? layers[0].inputSize : 0)
      precondition(
        given == above.inputSize,
        "a layer that gets \(given) features above one of \(above.inputSize) inputs")
      precondition(
        connections != .residual || above.outputSize == above.inputSize,
        "a residual connection around a layer of \(above.inputSize) inputs and "
          + "\(above.outputSize) outputs")
    }
    self.layers = layers
    self.connections = connections
    self.dropout = dropout
    self.isVariational = isVariational
  }

  /// A stack of given cells, in one direction.
  public init(_ cells: [AnyCell], dropout: Float = 0) {
    self.init(layers: cells.map { RecurrentLayer($0) }, dropout: dropout)
  }

  /// The stack that `configuration` describes, which must have no fault.
  public init(
    _ configuration: StackConfiguration, prefix: String = "rnn",
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    precondition(configuration.fault == nil, configuration.fault ?? "")
    self.init(
      layers: configuration.makeLayers(prefix: prefix, initialization: initialization, key: key),
      connections: configuration.connections, dropout: configuration.dropout,
      isVariational: configuration.isVariational)
  }

  /// A stack of `count` equal cells in one direction.
  public init(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, layers count: Int, dropout: Float = 0,
    prefix: String = "rnn", initialization: GateParameters.Initialization = .init(),
    key: RandomKey
  ) {
    self.init(
      StackConfiguration(
        kind, inputSize: inputSize, hiddenSize: hiddenSize, layers: count, dropout: dropout),
      prefix: prefix, initialization: initialization, key: key)
  }

  /// The state before the first step, all zeros, for `batch` sequences.
  public func zeroState(batch: Int) -> State {
    State(layers: layers.map { $0.zeroState(batch: batch) })
  }

  /// The state before the first step, for `batch` sequences: learned, or zeros.
  public func initialState(batch: Int, mode: Mode = .prediction) -> State {
    State(
      layers: layers.map {
        $0.learnedState(batch: batch, mode: mode) ?? $0.zeroState(batch: batch)
      })
  }

  /// One step: x_t [B, I] and the states before it give the output [B, P] and the states after it. In
  /// training, a mode of its own for each step gives each step masks of its own.
  public func step(
    _ input: Variable, _ state: State, mode: Mode
  ) -> (output: Variable, state: State) {
    step(input, state, mode) { x, place in
      x.dropout(dropout, mode: place.child(0))
    } layer: { layer, x, state, place in
      layer.step(x, state, mode: place.child(1))
    }
  }

  /// Step t of a run whose inputs are only known step by step, as those of a decoder that attends: in
  /// training all steps have the same mode, masks in the recurrence are those of the whole run, and masks
  /// between layers are drawn for each step unless they are variational.
  public func step(
    _ input: Variable, _ state: State, at t: Int, mode: Mode
  ) -> (output: Variable, state: State) {
    step(input, state, mode) { x, place in
      x.dropout(dropout, mode: isVariational ? place.child(0) : place.child(0).child(t))
    } layer: { layer, x, state, place in
      layer.step(x, state, at: t, mode: place.child(1))
    }
  }

  private func step(
    _ input: Variable, _ state: State, _ mode: Mode, drop: (Variable, Mode) -> Variable,
    layer takeStep: (RecurrentLayer, Variable, RecurrentLayer.State, Mode) -> RecurrentLayer.State
  ) -> (output: Variable, state: State) {
    var x = input
    var states: [RecurrentLayer.State] = []
    for (index, layer) in layers.enumerated() {
      let place = mode.child(index)
      let below = index > 0 ? drop(x, place) : x
      let next = takeStep(layer, entering(index, below, input), state.layers[index], place)
      states.append(next)
      x = leaving(index, next.output, below)
    }
    return (x, State(layers: states))
  }

  /// One step of prediction of M rows that share what they read and where they come from: the output [M, P]
  /// and the states of the M rows. See ``Cell/branch(_:from:_:)``.
  public func branch(
    _ input: [SelectedRows], from state: State, _ parents: RowSelection
  ) -> (output: Variable, state: State) {
    var states = [layers[0].branch(input, from: state.layers[0], parents)]
    var x = states[0].output
    let all = RowSelection(all: parents.rows.count)
    for (index, layer) in layers.enumerated().dropFirst() {
      let below = x
      let read = [SelectedRows(below, all)] + (connections == .input ? input : [])
      states.append(layer.branch(read, from: state.layers[index], parents))
      x = leaving(index, states[index].output, below)
    }
    return (x, State(layers: states))
  }

  /// All steps of B sequences: inputs [T, B, I] give the outputs of the highest layer [T, B, P] and
  /// the last states. See ``Cell/run(_:lengths:from:mode:)`` for lengths.
  public func run(
    _ inputs: Variable, lengths: [Int32]? = nil, from state: State? = nil, mode: Mode
  ) -> (outputs: Variable, state: State) {
    let (outputs, last) = runLayers(inputs, lengths: lengths, from: state, mode: mode)
    return (outputs[outputs.count - 1], last)
  }

  /// As `run`, with the outputs of every layer, from the lowest to the highest.
  public func runLayers(
    _ inputs: Variable, lengths: [Int32]? = nil, from state: State? = nil, mode: Mode
  ) -> (outputs: [Variable], state: State) {
    var x = inputs
    var outputs: [Variable] = []
    var states: [RecurrentLayer.State] = []
    for (index, layer) in layers.enumerated() {
      let place = mode.child(index)
      var below = x
      if index > 0 {
        below =
          isVariational
          ? x.variationalDropout(dropout, mode: place.child(0))
          : x.dropout(dropout, mode: place.child(0))
      }
      let (output, last) = layer.run(
        entering(index, below, inputs), lengths: lengths, from: state?.layers[index],
        mode: place.child(1))
      x = leaving(index, output, below)
      outputs.append(x)
      states.append(last)
    }
    return (outputs, State(layers: states))
  }

  /// What layer `index` reads: the outputs below it, and with them the stack's own input.
  private func entering(_ index: Int, _ below: Variable, _ input: Variable) -> Variable {
    guard index > 0, connections == .input else { return below }
    return Variable.concatenate([below, input], axis: -1)
  }

  /// What layer `index` gives: its outputs, and with them what it read.
  private func leaving(_ index: Int, _ output: Variable, _ below: Variable) -> Variable {
    guard index > 0, connections == .residual else { return output }
    return output + below
  }
}

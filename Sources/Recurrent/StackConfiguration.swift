import Tensors

/// What a layer of a stack sees beside the outputs of the one below.
public enum SkipConnections: String, Sendable, Codable, CaseIterable {
  /// Nothing.
  case none
  /// The input of the whole stack, joined to every layer's (the lecture's picture; Graves 2013).
  case input
  /// Every layer but the lowest adds its input to its output (He et al. 2016; Wu et al. 2016).
  case residual
}

/// The architecture of a stack of recurrent layers, and what is dropped while it is trained.
public struct StackConfiguration: Sendable, Equatable {
  /// The cell of all layers.
  public var cell: CellKind
  /// I, the features of an input.
  public var inputSize: Int
  /// H, the units of a layer in one direction.
  public var hiddenSize: Int
  /// L, the layers.
  public var layers: Int
  /// P, the features to which an LSTM's outputs are projected; nil for none.
  public var projection: Int?
  /// n, the inputs that a layer of ``WindowCell``s sees.
  public var window: Int
  /// Whether every layer reads from both ends.
  public var isBidirectional: Bool
  /// What layers see beside the outputs of the one below.
  public var connections: SkipConnections
  /// Whether the state before the first step is learned; zeros otherwise.
  public var learnsInitialState: Bool
  /// The share of the outputs that is dropped between two layers.
  public var dropout: Float
  /// Whether dropout between layers has one mask for all steps (Gal & Ghahramani 2016).
  public var isVariational: Bool
  /// What is dropped in the recurrence.
  public var recurrentDropout: RecurrentDropout
  /// The weight of the penalty on errors that fade on their way back, in every layer
  /// (``CellConfiguration/vanishingPenalty``).
  public var vanishingPenalty: Float

  /// A configuration; ``fault`` says what is wrong with it.
  public init(
    _ cell: CellKind, inputSize: Int, hiddenSize: Int, layers: Int = 1, projection: Int? = nil,
    window: Int = CellKind.usualWindow, isBidirectional: Bool = false,
    connections: SkipConnections = .none,
    learnsInitialState: Bool = false, dropout: Float = 0, isVariational: Bool = false,
    recurrentDropout: RecurrentDropout = RecurrentDropout(), vanishingPenalty: Float = 0
  ) {
    self.cell = cell
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.projection = projection
    self.window = window
    self.isBidirectional = isBidirectional
    self.connections = connections
    self.learnsInitialState = learnsInitialState
    self.dropout = dropout
    self.isVariational = isVariational
    self.recurrentDropout = recurrentDropout
    self.vanishingPenalty = vanishingPenalty
  }

  /// The features of an output of the stack.
  public var outputSize: Int { (isBidirectional ? 2 : 1) * (projection ?? hiddenSize) }

  /// What is wrong with it, in words; nil if nothing is.
  public var fault: String? {
    if !(dropout >= 0 && dropout < 1) { return "dropout is in [0, 1), not \(dropout)" }
    if connections != .none, layers < 2 {
      return "\(connections.rawValue) skip connections need at least 2 layers, not \(layers)"
    }
    if learnsInitialState, cell == .window {
      return "an initial state is learned for recurrent cells, which window is not"
    }
    return cellConfiguration(layer: 0).fault
  }

  /// The cell of a layer.
  func cellConfiguration(layer: Int) -> CellConfiguration {
    let below = connections == .input ? outputSize + inputSize : outputSize
    return CellConfiguration(
      cell, inputSize: layer == 0 ? inputSize : below, hiddenSize: hiddenSize,
      projection: projection, window: window, dropout: recurrentDropout,
      vanishingPenalty: vanishingPenalty)
  }

  private var directions: [Direction] { isBidirectional ? [.forward, .reverse] : [.forward] }

  /// The names and shapes of all parameters, in their order, without making them.
  public func parameterShapes(prefix: String = "rnn") -> [(name: String, shape: [Int])] {
    (0..<layers).flatMap { layer -> [(name: String, shape: [Int])] in
      let places = directions.map { LayerPlace(prefix: prefix, layer: layer, direction: $0) }
      let cells = places.flatMap { cellConfiguration(layer: layer).parameterShapes($0) }
      guard learnsInitialState else { return cells }
      let letters = cell.hasMemory ? ["h0", "c0"] : ["h0"]
      return cells
        + places.flatMap { place in
          letters.map {
            (place.name($0), [1, $0 == "h0" ? projection ?? hiddenSize : hiddenSize])
          }
        }
    }
  }

  /// The layers, each with parameters of its own.
  func makeLayers(
    prefix: String, initialization: GateParameters.Initialization, key: RandomKey
  ) -> [RecurrentLayer] {
    (0..<layers).map { layer in
      let cells = directions.map { direction in
        cellConfiguration(layer: layer).makeCell(
          place: LayerPlace(prefix: prefix, layer: layer, direction: direction),
          initialization: initialization,
          key: direction == .forward ? key.child(layer) : key.child(-1 - layer))
      }
      return RecurrentLayer(
        cells[0], reverse: cells.count == 2 ? cells[1] : nil,
        learnsInitialState: learnsInitialState, place: LayerPlace(prefix: prefix, layer: layer))
    }
  }
}

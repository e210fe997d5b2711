import Recurrent

/// The architecture of a forecaster.
public struct ForecasterConfiguration: Sendable, Equatable {
  /// k, the steps that are predicted, each by an output of its own.
  public var horizon: Int
  /// The cell of all layers.
  public var cell: CellKind
  /// H, the units of a layer.
  public var hiddenSize: Int
  /// L, the layers.
  public var layers: Int
  /// P, the features to which an LSTM's outputs are projected; nil for none.
  public var projection: Int?
  /// n, the inputs that a layer of `window` cells sees, the present one among them.
  public var window: Int
  /// What layers see beside the outputs of the one below.
  public var connections: SkipConnections
  /// What is dropped while it is trained.
  public var dropout: NetworkDropout

  /// A configuration; `validate` checks it.
  public init(
    horizon: Int = 1, cell: CellKind = .lstm, hiddenSize: Int, layers: Int = 1,
    projection: Int? = nil, window: Int = CellKind.usualWindow,
    connections: SkipConnections = .none, dropout: NetworkDropout = NetworkDropout()
  ) {
    self.horizon = horizon
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.projection = projection
    self.window = window
    self.connections = connections
    self.dropout = dropout
  }

  /// The recurrent layers, of D variables.
  func stack(width: Int) -> StackConfiguration {
    StackConfiguration(
      cell, inputSize: width, hiddenSize: hiddenSize, layers: layers, projection: projection,
      window: window, connections: connections, dropout: dropout.hidden,
      isVariational: dropout.isVariational, recurrentDropout: dropout.recurrent)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for numbers that make no network.
  public func validate() throws(ModelError) {
    for (size, most, name) in [
      (horizon, 10_000, "steps that are predicted"), (hiddenSize, 1_000_000, "hidden units"),
      (layers, 1000, "layers"),
    ] where !(1...most).contains(size) {
      throw .invalidConfiguration("the number of \(name) is between 1 and \(most), not \(size)")
    }
    if let projection, projection < 1 {
      throw .invalidConfiguration("a projection has at least 1 feature, not \(projection)")
    }
    if let fault = dropout.fault ?? stack(width: 1).fault { throw .invalidConfiguration(fault) }
    if dropout.embedding > 0 {
      throw .invalidConfiguration("embedding dropout is for words, which a forecaster has not")
    }
  }
}

/// As JSON. What a forecaster does without is left out.
extension ForecasterConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case horizon, cell, layers, projection, window, connections, zoneout
    case hiddenSize = "hidden_size"
    case inputDropout = "dropout_input"
    case hiddenDropout = "dropout_hidden"
    case outputDropout = "dropout_output"
    case isVariational = "variational"
    case weightDropout = "dropout_weights"
    case stateDropout = "dropout_state"
    case candidateDropout = "dropout_candidate"
  }

  /// Reads a configuration; `validate` checks it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ fallback: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? fallback
    }
    self.init(
      horizon: try values.decode(Int.self, forKey: .horizon),
      cell: try values.decode(CellKind.self, forKey: .cell),
      hiddenSize: try values.decode(Int.self, forKey: .hiddenSize),
      layers: try values.decode(Int.self, forKey: .layers),
      projection: try values.decodeIfPresent(Int.self, forKey: .projection),
      window: try value(.window, CellKind.usualWindow),
      connections: try value(.connections, .none),
      dropout: NetworkDropout(
        input: try value(.inputDropout, 0), hidden: try value(.hiddenDropout, 0),
        output: try value(.outputDropout, 0), isVariational: try value(.isVariational, false),
        recurrent: RecurrentDropout(
          weights: try value(.weightDropout, 0), state: try value(.stateDropout, 0),
          candidate: try value(.candidateDropout, 0), zoneout: try value(.zoneout, 0))))
  }

  /// Writes the configuration.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(horizon, forKey: .horizon)
    try values.encode(cell, forKey: .cell)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    try values.encode(layers, forKey: .layers)
    try values.encodeIfPresent(projection, forKey: .projection)
    if cell == .window { try values.encode(window, forKey: .window) }
    if connections != .none { try values.encode(connections, forKey: .connections) }
    let recurrent = dropout.recurrent
    let rates: [(CodingKeys, Float)] = [
      (.inputDropout, dropout.input), (.hiddenDropout, dropout.hidden),
      (.outputDropout, dropout.output), (.weightDropout, recurrent.weights),
      (.stateDropout, recurrent.state), (.candidateDropout, recurrent.candidate),
      (.zoneout, recurrent.zoneout),
    ]
    for (key, rate) in rates where rate > 0 { try values.encode(rate, forKey: key) }
    if dropout.isVariational { try values.encode(true, forKey: .isVariational) }
  }
}

import Tensors

extension CellConfiguration {
  /// The cell, standing at `place`.
  public func makeCell(
    place: LayerPlace, initialization: GateParameters.Initialization, key: RandomKey
  ) -> AnyCell {
    precondition(fault == nil, fault ?? "")
    switch kind {
    case .rnn, .rnnReLU:
      return elman(kind == .rnn ? .tanh : .relu, place, initialization, key)
    case .irnn:
      return elman(.relu, place, initialization.asIRNN, key)
    case .rnnNorm:
      var cell = NormalizedElmanCell(
        inputSize: inputSize, hiddenSize: hiddenSize, place: place,
        initialization: initialization, key: key)
      cell.gates.weightDropout = dropout.weights
      return dropout.wrap(cell)
    case .memory:
      return dropout.wrap(
        MemoryCell(
          inputSize: inputSize, hiddenSize: hiddenSize, place: place,
          initialization: initialization, key: key))
    case .memoryRecurrent:
      var cell = RecurrentMemoryCell(
        inputSize: inputSize, hiddenSize: hiddenSize, place: place,
        initialization: initialization, key: key)
      cell.gates.weightDropout = dropout.weights
      return dropout.wrap(cell)
    case .memoryGated:
      var cell = GatedMemoryCell(
        inputSize: inputSize, hiddenSize: hiddenSize, place: place,
        initialization: initialization, key: key)
      cell.gates.weightDropout = dropout.weights
      return dropout.wrap(cell)
    case .lstm, .lstmPeephole, .lstmCoupled, .lstmNorm:
      return lstm(place, initialization, key)
    case .gru, .gruResetBefore:
      var cell = GRUCell(
        inputSize: inputSize, hiddenSize: hiddenSize,
        reset: kind == .gru ? .afterProduct : .beforeProduct, place: place,
        initialization: initialization, key: key)
      cell.gates.weightDropout = dropout.weights
      return dropout.wrap(cell)
    case .gruNorm:
      var cell = NormalizedGRUCell(
        inputSize: inputSize, hiddenSize: hiddenSize, place: place,
        initialization: initialization, key: key)
      cell.gates.weightDropout = dropout.weights
      return dropout.wrap(cell)
    case .window:
      return AnyCell(
        WindowCell(
          inputSize: inputSize, hiddenSize: hiddenSize, window: window, place: place,
          initialization: initialization, key: key))
    }
  }

  private func elman(
    _ activation: ElmanCell.Activation, _ place: LayerPlace,
    _ initialization: GateParameters.Initialization, _ key: RandomKey
  ) -> AnyCell {
    var cell = ElmanCell(
      inputSize: inputSize, hiddenSize: hiddenSize, activation: activation, place: place,
      initialization: initialization, key: key)
    cell.gates.weightDropout = dropout.weights
    cell.vanishingGradientPenalty = vanishingPenalty
    return dropout.wrap(cell)
  }

  /// The plain LSTM has a cell of its own, which is the fastest.
  private func lstm(
    _ place: LayerPlace, _ initialization: GateParameters.Initialization, _ key: RandomKey
  ) -> AnyCell {
    if kind == .lstm, projection == nil, dropout.candidate == 0 {
      var cell = LSTMCell(
        inputSize: inputSize, hiddenSize: hiddenSize, place: place,
        initialization: initialization, key: key)
      cell.gates.weightDropout = dropout.weights
      return dropout.wrap(cell)
    }
    var variant = kind.lstmVariant ?? LSTMVariant()
    variant.projection = projection
    var cell = LSTMVariantCell(
      inputSize: inputSize, hiddenSize: hiddenSize, variant: variant, place: place,
      initialization: initialization, key: key)
    cell.gates.weightDropout = dropout.weights
    cell.candidateDropout = dropout.candidate
    return dropout.wrap(cell)
  }

  /// The names and shapes of the cell's parameters, in their order, without making it.
  public func parameterShapes(_ place: LayerPlace) -> [(name: String, shape: [Int])] {
    let (rows, size) = (kind.gateCount * hiddenSize, hiddenSize)
    var shapes = [("weight_ih", [rows, kind == .window ? window * inputSize : inputSize])]
    if kind == .memory || kind == .window {
      shapes.append(("bias_ih", [rows]))
    } else {
      shapes += [
        ("weight_hh", [rows, outputSize]), ("bias_ih", [rows]), ("bias_hh", [rows]),
      ]
    }
    if let projection { shapes.append(("weight_hr", [projection, size])) }
    if kind == .lstmPeephole { shapes.append(("peephole", [kind.gateCount, size])) }
    switch kind {
    case .rnnNorm, .gruNorm, .lstmNorm:
      shapes += [("norm_ih_weight", [rows]), ("norm_hh_weight", [rows])]
    default: break
    }
    if kind == .lstmNorm { shapes += [("norm_c_weight", [size]), ("norm_c_bias", [size])] }
    return shapes.map { (place.name($0.0), $0.1) }
  }
}

extension GateParameters.Initialization {
  /// As Le, Jaitly & Hinton (2015): the identity from the state, and little from the input.
  fileprivate var asIRNN: Self {
    var start = self
    if start.input != .zero { start.input = .normal(0.001) }
    if start.recurrent != .zero { start.recurrent = .identity }
    return start
  }
}

import Recurrent
import Tensors

extension SequenceDecoder {
  /// What the output layer reads at every step of B targets, and what was attended to.
  struct Reading {
    /// r [T, B, R], some of it dropped in training.
    var readouts: Variable
    /// α [T, B, S]; nil where nothing is attended to.
    var weights: Variable?
  }

  /// Reads targets that are known, `tokens` [T, B] (teacher forcing).
  ///
  /// Where no step needs what another has read out, the layers run over the whole sequence at once.
  func read(
    _ tokens: [Int32], steps: Int, from source: EncodedSource, mode: Mode
  ) -> Reading {
    let rates = configuration.dropout
    let (memory, state) = begin(source, mode: mode.child(0))
    let vectors = drop(
      embedding(tokens, steps: steps, dropout: rates.embedding, mode: mode.child(1)), rates.input,
      mode.child(2))
    let layerMode = mode.child(3)
    var reading: Reading
    switch configuration.context {
    case .initial:
      reading = Reading(
        readouts: network.run(vectors, from: state.network, mode: layerMode).outputs)
    case .everyStep:
      let shape = [1] + memory.summary.shape
      let context = memory.summary.reshaped(to: shape)
        .broadcast(to: [steps] + memory.summary.shape)
      let outputs = network.run(
        Variable.concatenate([vectors, context], axis: 2), from: state.network, mode: layerMode
      ).outputs
      reading = Reading(readouts: readOut([outputs, context, vectors], mode))
    case .after where !configuration.feedsReadout:
      let outputs = network.run(vectors, from: state.network, mode: layerMode).outputs
      let (contexts, weights) = attend(outputs, memory, mode)
      reading = Reading(readouts: readOut([contexts, outputs], mode), weights: weights)
    case .before, .after:
      reading = readStepByStep(vectors, memory, state, layerMode, mode)
    }
    reading.readouts = drop(reading.readouts, rates.output, mode.child(4))
    return reading
  }

  /// The loss of targets [T, B] after tokens [T, B]: scale · Σ of the losses of those that are not
  /// negative. See ``OutputLayer/loss(_:targets:scale:smoothing:mode:)``.
  func loss(
    _ tokens: [Int32], targets: [Int32], steps: Int, from source: EncodedSource, scale: Float,
    smoothing: Float = 0, mode: Mode
  ) -> (loss: Variable, losses: [Float]) {
    let reading = read(tokens, steps: steps, from: source, mode: mode)
    return output.loss(
      reading.readouts.reshaped(to: [tokens.count, output.inputs]), targets: targets,
      scale: scale, smoothing: smoothing, mode: mode.child(5))
  }

  /// One step of prediction for M hypotheses, of which `starts[b] ..< starts[b + 1]` are those of source b:
  /// tokens [M] and the state before them give r [M, R], the state after them and α [M, S].
  func step(
    _ tokens: [Int32], _ state: State, _ memory: Memory, starts: [Int]
  ) -> (readouts: Tensor, state: State, weights: Tensor?) {
    let vectors = embedding(tokens, steps: 1, mode: .prediction)
      .reshaped(to: [tokens.count, embedding.size])
    let taken = advance(vectors, state, memory, starts: starts, at: 0, .prediction, .prediction)
    let readouts = taken.readout ?? readOut(taken.parts, .prediction)
    return (readouts.value, taken.state, taken.weights?.value)
  }

  private func readStepByStep(
    _ vectors: Variable, _ memory: Memory, _ start: State, _ layerMode: Mode, _ mode: Mode
  ) -> Reading {
    let (steps, batch) = (vectors.shape[0], vectors.shape[1])
    let starts = Array(0...batch)
    var state = start
    var taken: [Step] = []
    for (t, x) in vectors.unstacked().enumerated() {
      let step = advance(x, state, memory, starts: starts, at: t, layerMode, mode)
      state = step.state
      taken.append(step)
    }
    let weights = Variable.stack(taken.compactMap(\.weights))
    if configuration.feedsReadout {
      return Reading(readouts: Variable.stack(taken.compactMap(\.readout)), weights: weights)
    }
    // What nothing waits for is one product of all steps.
    let parts = (0..<taken[0].parts.count - 1).map { part in
      Variable.stack(taken.map { $0.parts[part] })
    }
    precondition(taken.count == steps)
    return Reading(readouts: readOut(parts + [vectors], mode), weights: weights)
  }

  private struct Step {
    var state: State
    /// What the readout is made from.
    var parts: [Variable]
    /// Made already, if the next step needs it.
    var readout: Variable?
    var weights: Variable?
  }

  /// Step t from the vectors x [M, E] of M hypotheses.
  private func advance(
    _ x: Variable, _ state: State, _ memory: Memory, starts: [Int], at t: Int, _ layerMode: Mode,
    _ mode: Mode
  ) -> Step {
    func layers(_ input: Variable) -> (output: Variable, state: RecurrentStack.State) {
      network.step(input, state.network, at: t, mode: layerMode)
    }
    switch configuration.context {
    case .initial:
      let (output, next) = layers(x)
      return Step(state: State(network: next), parts: [output], readout: output)
    case .everyStep:
      let context = memory.summary.rows(at: sequences(starts))
      let (output, next) = layers(Variable.concatenate([x, context], axis: 1))
      return Step(state: State(network: next), parts: [output, context, x])
    case .before:
      let query = state.network.layers[network.layers.count - 1].output
      let (context, weights) = attend(query, starts, memory, mode)
      let (output, next) = layers(Variable.concatenate([x, context], axis: 1))
      return Step(state: State(network: next), parts: [output, context, x], weights: weights)
    case .after:
      let input = state.readout.map { Variable.concatenate([x, $0], axis: 1) } ?? x
      let (output, next) = layers(input)
      let (context, weights) = attend(output, starts, memory, mode)
      guard configuration.feedsReadout else {
        return Step(state: State(network: next), parts: [context, output], weights: weights)
      }
      let readout = readOut([context, output], mode)
      return Step(
        state: State(network: next, readout: readout), parts: [], readout: readout,
        weights: weights)
    }
  }

  /// Which source each of M hypotheses is of.
  private func sequences(_ starts: [Int]) -> [Int32] {
    (0..<starts.count - 1).flatMap { b in
      repeatElement(Int32(b), count: starts[b + 1] - starts[b])
    }
  }

  private func attend(
    _ queries: Variable, _ memory: Memory, _ mode: Mode
  ) -> (contexts: Variable, weights: Variable) {
    guard let attention, let source = memory.attention else {
      preconditionFailure("a decoder without attention")
    }
    return attention(queries, source, mode: mode)
  }

  private func attend(
    _ queries: Variable, _ starts: [Int], _ memory: Memory, _ mode: Mode
  ) -> (contexts: Variable, weights: Variable) {
    guard let attention, let source = memory.attention else {
      preconditionFailure("a decoder without attention")
    }
    return attention(queries, starts: starts, source, mode: mode)
  }

  /// tanh(W [parts] + b); the only part itself where there is no W.
  private func readOut(_ parts: [Variable], _ mode: Mode) -> Variable {
    guard let readout else { return parts[0] }
    return readout(Variable.concatenate(parts, axis: -1), mode: mode).tanh()
  }

  private func drop(_ x: Variable, _ rate: Float, _ mode: Mode) -> Variable {
    configuration.dropout.isVariational
      ? x.variationalDropout(rate, mode: mode) : x.dropout(rate, mode: mode)
  }
}

extension SequenceDecoder.State {
  /// The states of some rows; a search branches by naming one more than once.
  func rows(_ rows: [Int32]) -> Self {
    Self(
      network: RecurrentStack.State(
        layers: network.layers.map { layer in
          RecurrentLayer.State(parts: layer.parts.map { $0.rows(at: rows) })
        }),
      readout: readout?.rows(at: rows))
  }
}

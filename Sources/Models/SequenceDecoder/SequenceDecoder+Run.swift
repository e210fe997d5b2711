import Recurrent
import Tensors

extension SequenceDecoder {
  /// What the output layer reads at every step of B targets that are known, `tokens` [T, B] (teacher forcing):
  /// r [T, B, R], some of it dropped in training.
  ///
  /// Where no step needs what another has read out, the layers run over the whole sequence at once.
  func read(
    _ tokens: [Int32], steps: Int, from source: EncodedSource, mode: Mode
  ) -> Variable {
    let (memory, start) = begin(source, mode: mode.child(0))
    return read(tokens, steps: steps, memory, from: start, mode: mode).readouts
  }

  /// The same from a state on; also the state after the last step.
  private func read(
    _ tokens: [Int32], steps: Int, _ memory: Memory, from state: State, mode: Mode
  ) -> (readouts: Variable, state: State) {
    let rates = configuration.dropout
    let vectors = drop(
      embedding(tokens, steps: steps, dropout: rates.embedding, mode: mode.child(1)), rates.input,
      mode.child(2))
    let layerMode = mode.child(3)
    func layers(_ inputs: Variable) -> (outputs: Variable, state: State) {
      let (outputs, last) = network.run(inputs, from: state.network, mode: layerMode)
      return (outputs, State(network: last))
    }
    var (readouts, last): (Variable, State)
    switch configuration.context {
    case .initial:
      (readouts, last) = layers(vectors)
    case .everyStep:
      let shape = [1] + memory.summary.shape
      let context = memory.summary.reshaped(to: shape)
        .broadcast(to: [steps] + memory.summary.shape)
      (readouts, last) = layers(Variable.concatenate([vectors, context], axis: 2))
      readouts = readOut([readouts, context, vectors], mode)
    case .after where !configuration.feedsReadout:
      (readouts, last) = layers(vectors)
      readouts = readOut([attend(readouts, memory, mode), readouts], mode)
    case .before, .after:
      (readouts, last) = readStepByStep(vectors, memory, state, layerMode, mode)
    }
    return (drop(readouts, rates.output, mode.child(4)), last)
  }

  /// The loss of targets [T, B] after tokens [T, B]: scale · Σ of the losses of those that are not
  /// negative. See ``OutputLayer/loss(_:targets:scale:smoothing:mode:)``.
  func loss(
    _ tokens: [Int32], targets: [Int32], steps: Int, from source: EncodedSource, scale: Float,
    smoothing: Float = 0, mode: Mode
  ) -> (loss: Variable, losses: [Float]) {
    let readouts = read(tokens, steps: steps, from: source, mode: mode)
    return output.loss(
      readouts.reshaped(to: [tokens.count, output.inputs]), targets: targets,
      scale: scale, smoothing: smoothing, mode: mode.child(5))
  }

  /// -ln p of targets [T, B] after tokens [T, B], 0 where they are negative. The steps are read in blocks, so
  /// that memory does not grow with T·S: a long target of a long source needs no more than a short one.
  ///
  /// - Parameter scoresTogether: the scores T·B·S of attention that are held at a time.
  func losses(
    _ tokens: [Int32], targets: [Int32], steps: Int, from source: EncodedSource,
    scoresTogether: Int = 4 << 20
  ) -> [Float] {
    var (memory, state) = begin(source, mode: .prediction)
    let block = max(1, scoresTogether / max(1, source.memory.shape[0] * source.batch))
    var losses: [Float] = []
    losses.reserveCapacity(tokens.count)
    for first in stride(from: 0, to: steps, by: block) {
      let count = min(block, steps - first)
      let places = first * source.batch..<(first + count) * source.batch
      let read = read(
        Array(tokens[places]), steps: count, memory, from: state, mode: .prediction)
      state = read.state
      losses +=
        output.loss(
          read.readouts.reshaped(to: [places.count, output.inputs]),
          targets: Array(targets[places]),
          scale: 0, mode: .prediction
        ).losses
    }
    return losses
  }

  /// Where a step needs what the one before it has read out, or attends before it.
  private func readStepByStep(
    _ vectors: Variable, _ memory: Memory, _ start: State, _ layerMode: Mode, _ mode: Mode
  ) -> (readouts: Variable, state: State) {
    let starts = Array(0...vectors.shape[1])
    var state = start
    var outputs: [Variable] = []
    var contexts: [Variable] = []
    for (t, x) in vectors.unstacked().enumerated() {
      func layers(_ other: Variable) -> Variable {
        let (output, next) = network.step(
          Variable.concatenate([x, other], axis: 1), state.network, at: t, mode: layerMode)
        state.network = next
        return output
      }
      if let fed = state.readout {
        let output = layers(fed)
        let readout = readOut([attend(output, starts, memory, mode).contexts, output], mode)
        state.readout = readout
        outputs.append(readout)
      } else {
        let query = state.network.layers[network.layers.count - 1].output
        let context = attend(query, starts, memory, mode).contexts
        outputs.append(layers(context))
        contexts.append(context)
      }
    }
    let all = Variable.stack(outputs)
    // What nothing waits for is one product of all steps.
    let readouts =
      configuration.feedsReadout ? all : readOut([all, Variable.stack(contexts), vectors], mode)
    return (readouts, state)
  }

  /// The contexts of queries [T, B, H].
  private func attend(_ queries: Variable, _ memory: Memory, _ mode: Mode) -> Variable {
    guard let attention, let source = memory.attention else {
      preconditionFailure("a decoder without attention")
    }
    return attention(queries, source, mode: mode).contexts
  }

  func attend(
    _ queries: Variable, _ starts: [Int], _ memory: Memory, _ mode: Mode
  ) -> (contexts: Variable, weights: Variable) {
    guard let attention, let source = memory.attention else {
      preconditionFailure("a decoder without attention")
    }
    return attention(queries, starts: starts, source, mode: mode)
  }

  /// tanh(W [parts] + b); the only part itself where there is no W.
  func readOut(_ parts: [Variable], _ mode: Mode) -> Variable {
    guard let readout else { return parts[0] }
    return readout(Variable.concatenate(parts, axis: -1), mode: mode).tanh()
  }

  private func drop(_ x: Variable, _ rate: Float, _ mode: Mode) -> Variable {
    configuration.dropout.isVariational
      ? x.variationalDropout(rate, mode: mode) : x.dropout(rate, mode: mode)
  }
}

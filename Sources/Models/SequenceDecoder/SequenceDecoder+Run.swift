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

  /// Where a step needs what the one before it has read out, or attends before it.
  private func readStepByStep(
    _ vectors: Variable, _ memory: Memory, _ start: State, _ layerMode: Mode, _ mode: Mode
  ) -> Reading {
    let starts = Array(0...vectors.shape[1])
    var state = start
    var outputs: [Variable] = []
    var contexts: [Variable] = []
    var weights: [Variable] = []
    for (t, x) in vectors.unstacked().enumerated() {
      func layers(_ other: Variable) -> Variable {
        let (output, next) = network.step(
          Variable.concatenate([x, other], axis: 1), state.network, at: t, mode: layerMode)
        state.network = next
        return output
      }
      if let fed = state.readout {
        let output = layers(fed)
        let (context, alpha) = attend(output, starts, memory, mode)
        let readout = readOut([context, output], mode)
        state.readout = readout
        outputs.append(readout)
        weights.append(alpha)
      } else {
        let query = state.network.layers[network.layers.count - 1].output
        let (context, alpha) = attend(query, starts, memory, mode)
        outputs.append(layers(context))
        contexts.append(context)
        weights.append(alpha)
      }
    }
    let all = Variable.stack(outputs)
    // What nothing waits for is one product of all steps.
    let readouts =
      configuration.feedsReadout ? all : readOut([all, Variable.stack(contexts), vectors], mode)
    return Reading(readouts: readouts, weights: Variable.stack(weights))
  }

  private func attend(
    _ queries: Variable, _ memory: Memory, _ mode: Mode
  ) -> (contexts: Variable, weights: Variable) {
    guard let attention, let source = memory.attention else {
      preconditionFailure("a decoder without attention")
    }
    return attention(queries, source, mode: mode)
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

import Corpora
import Learning
import Recurrent
import Tensors

extension LanguageModelTask {
  /// The loss of the step at `position` as a function of the parameters, for optimisers that ask for it
  /// more than once: in nats a token, over the window of all streams, or over the batch of sentences.
  ///
  /// Streams begin, at every evaluation, from the state that the step before has left; what the next
  /// step begins from is the state where the gradient was taken, as in ordinary training. Structural
  /// damping holds the outputs of all layers.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)`` for a model with dropout, whose loss would be
  /// another one each time, for penalties, which are no part of this loss, for windows that vary, with
  /// which the rate would have to go, and for an output layer other than the full softmax, whose curvature
  /// is not known.
  public func objective(at position: StepPosition) throws -> (any CurvatureObjective)? {
    func check(_ holds: Bool, _ what: String) throws(ModelError) {
      if !holds {
        throw .invalidConfiguration(
          "an optimiser that looks at a loss more than once needs a model without \(what)")
      }
    }
    try check(model.configuration.dropout.isNone, "dropout")
    try check(penalty == ActivationPenalty(), "penalties on its activations")
    try check(
      model.configuration.vanishingPenalty == 0, "a penalty on gradients that vanish")
    try check(!variesWindow, "windows that vary")
    let output = model.configuration.output.kind
    try check(output == .full, "an output that is \(output.rawValue), not full")
    switch batches {
    case .streams(let streams):
      let window = windows(streams, position).window(at: position.index)
      return objective(
        window.inputs, targets: window.targets, steps: window.length, lengths: nil,
        tokens: window.inputs.count, from: state)
    case .sentences(let sentences):
      let batch = (epoch ?? sentences.shuffled(epoch: position.epoch, seed: position.key.seed))[
        position.index]
      return objective(
        batch.inputs, targets: batch.targets, steps: batch.length, lengths: batch.lengths,
        tokens: batch.lengths.reduce(0) { $0 + Int($1) }, from: nil)
    }
  }

  private func objective(
    _ inputs: [Int32], targets: [Int32], steps: Int, lengths: [Int32]?, tokens: Int,
    from start: LanguageModel.State?
  ) -> RecordedObjective {
    let (model, words) = (model, words)
    // Later gradients of the step are taken at trial points, which may be given up.
    var isFirstGradient = true
    return RecordedObjective(parameters: model.parameters, parts: 1, cases: tokens) {
      [weak self] _, mode, damping in
      // As the model reads where nothing is dropped.
      let (outputs, last) = model.network.runLayers(
        model.encoder(model.spelled(inputs, words), steps: steps, mode: mode), lengths: lengths,
        from: start,
        mode: mode)
      let top = outputs[outputs.count - 1].reshaped(to: [inputs.count, model.network.outputSize])
      var (total, _) = model.decoder.loss(
        top, targets: words?.lookUp(targets) ?? targets, scale: 1, mode: mode)
      if damping > 0 {
        for output in outputs { total += output.proximity(weight: Float(damping)) }
      }
      if mode.isTraining, damping == 0, isFirstGradient {
        isFirstGradient = false
        if let self, case .streams = self.batches { self.state = last.detached }
      }
      return .init(total: total, cases: tokens)
    }
  }
}

import Learning

extension LanguageModelTask {
  /// How gradients flow in a step of this task, in prediction mode: always on the same batch, the first
  /// window of the streams or the middle one of the sentences sorted by length, so that two
  /// measurements differ by the parameters alone. Leaves the run as it was.
  public func gradientFlow() -> GradientFlow {
    switch batches {
    case .streams(let streams):
      let window = streams.window(at: 0)
      return model.gradientFlow(
        FlowBatch(
          inputs: window.inputs, targets: window.targets, steps: window.length, lengths: nil),
        scale: scale(tokens: window.inputs.count, sequences: window.batch))
    case .sentences(let sentences):
      let batch = sentences.sorted[sentences.batchCount / 2]
      return model.gradientFlow(
        FlowBatch(
          inputs: batch.inputs, targets: batch.targets, steps: batch.length,
          lengths: batch.lengths),
        scale: scale(
          tokens: batch.lengths.reduce(0) { $0 + Int($1) }, sequences: batch.batch))
    }
  }
}

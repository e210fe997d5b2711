import Learning
import Recurrent
import Tensors

extension LanguageModel {
  /// How gradients of the mean loss over a batch flow through the recurrent layers, in prediction mode,
  /// so without dropout, from the state before the first token. The gradients that the parameters hold
  /// stay as they are.
  ///
  /// - Parameter distances: those of the Jacobians to be measured; see
  ///   ``GradientFlow/measure(_:lengths:distances:loss:)``.
  public func gradientFlow(on batch: FlowBatch, distances: [Int] = []) -> GradientFlow {
    gradientFlow(batch, scale: 1 / Float(max(batch.tokens, 1)), distances: distances)
  }

  /// The spectra of the recurrent matrices.
  public var recurrentSpectrum: RecurrentSpectrum { RecurrentSpectrum(network) }

  /// The numbers that one sequence carries from step to step in the cell that has the most.
  public var largestStateSize: Int {
    network.cells.map { $0.zeroState(batch: 1).parts.reduce(0) { $0 + $1.value.count } }.max() ?? 0
  }

  /// `gradientFlow(on:)` of the loss scale · Σ -ln p(target).
  func gradientFlow(_ batch: FlowBatch, scale: Float, distances: [Int] = []) -> GradientFlow {
    GradientFlow.measure(network, lengths: batch.lengths, distances: distances) { stack in
      var twin = self
      twin.network = stack
      return twin.loss(
        batch.inputs, targets: batch.targets, steps: batch.steps, lengths: batch.lengths,
        from: nil, scale: scale, mode: .prediction
      ).loss
    }
  }
}

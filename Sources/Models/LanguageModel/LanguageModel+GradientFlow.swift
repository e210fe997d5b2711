import Learning
import Recurrent
import Tensors

extension LanguageModel {
  /// How gradients of the mean loss over a batch flow through the recurrent layers, without dropout,
  /// from a zero state. The gradients that the parameters hold stay as they are.
  ///
  /// - Parameter distances: those of the Jacobians to be measured; see
  ///   ``GradientFlow/measure(_:lengths:distances:loss:)``.
  public func gradientFlow(on batch: FlowBatch, distances: [Int] = []) -> GradientFlow {
    gradientFlow(batch, scale: 1 / Float(max(batch.tokens, 1)), distances: distances)
  }

  /// The spectra of the recurrent matrices.
  public var recurrentSpectrum: RecurrentSpectrum { RecurrentSpectrum(network) }

  /// The numbers that one sequence carries from step to step in the layer that has the most.
  public var largestStateSize: Int {
    zeroState(batch: 1).layers.map { $0.parts.reduce(0) { $0 + $1.value.count } }.max() ?? 0
  }

  /// `gradientFlow(on:)` of the loss scale · Σ -ln p(target).
  func gradientFlow(_ batch: FlowBatch, scale: Float, distances: [Int] = []) -> GradientFlow {
    let held = parameters.map(\.gradient)
    defer {
      for (parameter, gradient) in zip(parameters, held) { parameter.setGradient(gradient) }
    }
    // Only training mode records, and without a rate there are no masks to draw.
    var twin = self
    twin.configuration.dropout = 0
    let stack = network.replacingCells(dropout: 0) { cell, _ in cell }
    return GradientFlow.measure(stack, lengths: batch.lengths, distances: distances) { stack in
      twin.network = stack
      return twin.loss(
        batch.inputs, targets: batch.targets, steps: batch.steps, lengths: batch.lengths,
        from: nil, scale: scale, mode: .training(RandomKey(seed: 0))
      ).loss
    }
  }
}

import Tensors
import TestSupport

@testable import Recurrent

/// M rows of H features for an output layer over V tokens of given counts, all random.
struct OutputCase {
  let layer: OutputLayer
  let counts: [Int]
  let hidden: Parameter
  /// The matrix that the layer shares with the token vectors, if it does.
  let shared: Parameter?
  var targets: [Int32]
  var scale: Float = 0.25
  /// What draws samples.
  let key = RandomKey(seed: 5)

  init(
    _ configuration: OutputConfiguration, rows: Int, inputs: Int, counts: [Int],
    isTied: Bool = false, range: Float = 1
  ) {
    shared =
      isTied
      ? Parameter("embedding.weight", .random([counts.count, inputs], seed: 2)) : nil
    layer = OutputLayer(
      configuration, inputs: inputs, counts: counts, sharing: shared, key: RandomKey(seed: 1))
    self.counts = counts
    hidden = Parameter("hidden", .random([rows, inputs], seed: 1, from: -range, to: range))
    for (index, parameter) in layer.parameters.enumerated() {
      parameter.value = .random(
        parameter.shape, seed: 10 + UInt64(index), from: -range, to: range)
    }
    targets = RandomKey(seed: 4).words(rows).map { Int32($0 % UInt32(counts.count)) }
  }

  /// The hidden states, and what is learned, the shared matrix too.
  var parameters: [Parameter] { [hidden] + layer.parameters + (shared.map { [$0] } ?? []) }

  struct Pass: Equatable {
    var loss: Float
    var losses: [Float]
    var gradients: [String: Tensor]
  }

  /// Loss, row losses and gradients; `seed` is ∂L/∂loss.
  func pass(seed: Float = 1) -> Pass {
    for parameter in parameters { parameter.clearGradient() }
    let mode = Mode.training(key)
    let (loss, losses) = layer.loss(
      hidden.variable(mode), targets: targets, scale: scale, mode: mode)
    loss.backward(seed: Tensor(seed))
    return Pass(
      loss: loss.value.scalar, losses: losses,
      gradients: .init(uniqueKeysWithValues: parameters.map { ($0.name, $0.denseGradient) }))
  }

  /// What is drawn in `pass`.
  var sample: [Int32] {
    switch layer.configuration {
    case .sampled(let samples, let proposal), .nce(let samples, let proposal, _):
      CandidateSampler(counts: counts, samples: samples, proposal).draw(key)
    case .full, .adaptive, .classFactored: []
    }
  }

  /// Operands of the reference, by name.
  var operands: [String: [Double]] {
    var operands = Dictionary(
      uniqueKeysWithValues: parameters.map { ($0.name, $0.value.doubles) })
    if let shared { operands["decoder.weight"] = shared.value.doubles }
    return operands
  }

  var reference: ReferenceOutput {
    var reference = ReferenceOutput(
      configuration: layer.configuration, counts: counts, targets: targets, scale: Double(scale),
      sample: Set(sample.map(Int.init)))
    if case .classFactored(let classes) = layer.configuration {
      reference.classStarts = TokenClasses(counts: counts, classCount: classes!).starts
    }
    return reference
  }
}

extension OutputConfiguration {
  /// One of every kind, with samples by every proposal, for a vocabulary of a dozen tokens and more.
  static let examples: [OutputConfiguration] = [
    .full, .sampled(samples: 5), .sampled(samples: 6, .unigram(power: 0.75)), .nce(samples: 5),
    .nce(samples: 6, .unigram(power: 1), learnsNormalizer: false), .adaptive(cutoffs: [4, 9]),
    .classFactored(classes: 4),
  ]
}

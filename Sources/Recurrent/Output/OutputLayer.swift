import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The output layer of a language model: p(token | h) over V tokens, in one of the ways of
/// ``OutputConfiguration``.
///
/// Whatever it is trained by, `losses` and `logProbabilities` are those of a true distribution, which sums
/// to 1 over the vocabulary: `full`, `sampled` and `nce` are softmax(W·h + b) with W [V, H]; `adaptive` and
/// `class` are products of softmaxes. The counts of the tokens say which are frequent; equal counts are
/// taken in the order of the ids. Nothing has the size of all rows times V, and the gradients of samples
/// and classes are rows.
public struct OutputLayer: Module {
  /// What it is, all decided.
  public let configuration: OutputConfiguration
  /// H, the features that it reads.
  public let inputs: Int
  /// V.
  public let vocabularySize: Int

  private enum Form: Sendable {
    case full(Linear)
    case sampled(Linear, CandidateSampler)
    case nce(Linear, CandidateSampler, normalizer: Parameter?)
    case adaptive(AdaptiveSoftmax)
    case classFactored(ClassSoftmax)
  }
  private let form: Form
  private let isTied: Bool

  /// A layer whose biases start at zero, and ln Z of noise contrast at ln V.
  ///
  /// - Parameters:
  ///   - configuration: without a ``OutputConfiguration/fault(vocabularySize:)`` for these tokens.
  ///   - counts: of each token, as a vocabulary has them.
  ///   - shared: the matrix [V, H] of another module, as the token vectors' (Inan et al. 2017; Press &
  ///     Wolf 2017), for a kind that ``OutputKind/canBeTied``.
  public init(
    _ configuration: OutputConfiguration, inputs: Int, counts: [Int],
    sharing shared: Parameter? = nil,
    name: String = "decoder", initializer: Initializer = .glorot, key: RandomKey
  ) {
    if let fault = configuration.fault(vocabularySize: counts.count) { preconditionFailure(fault) }
    precondition(
      shared == nil || configuration.kind.canBeTied,
      "a matrix cannot be shared with \(configuration.kind)")
    self.configuration = configuration.resolved(vocabularySize: counts.count)
    self.inputs = inputs
    vocabularySize = counts.count
    isTied = shared != nil
    func whole() -> Linear {
      shared.map { Linear(sharing: $0, name: name) }
        ?? Linear(
          inputs: inputs, outputs: counts.count, name: name, initializer: initializer, key: key)
    }
    switch self.configuration {
    case .full: form = .full(whole())
    case .sampled(let samples, let proposal):
      form = .sampled(
        whole(), CandidateSampler(counts: counts, samples: samples, proposal))
    case .nce(let samples, let proposal, let learnsNormalizer):
      let start = Tensor(shape: [1], scalars: [logOfVocabulary(counts.count)])
      form = .nce(
        whole(), CandidateSampler(counts: counts, samples: samples, proposal),
        normalizer: learnsNormalizer ? Parameter("\(name).normalizer", start) : nil)
    case .adaptive(let cutoffs):
      form = .adaptive(
        AdaptiveSoftmax(
          inputs: inputs, counts: counts, cutoffs: cutoffs ?? [], name: name,
          initializer: initializer, key: key))
    case .classFactored(let classes):
      form = .classFactored(
        ClassSoftmax(
          inputs: inputs, counts: counts, classes: classes ?? 0, name: name,
          initializer: initializer, key: key))
    }
  }

  /// Its own parameters: without the matrix that it shares.
  public var parameters: [Parameter] {
    switch form {
    case .full(let linear), .sampled(let linear, _): own(linear)
    case .nce(let linear, _, let normalizer): own(linear) + (normalizer.map { [$0] } ?? [])
    case .adaptive(let adaptive): adaptive.parameters
    case .classFactored(let classes): classes.parameters
    }
  }

  private func own(_ linear: Linear) -> [Parameter] {
    isTied ? [linear.bias] : linear.parameters
  }

  /// The loss of h [M, H] against M targets, of which negative ones do not count.
  ///
  /// In training, `sampled` and `nce` return their own loss, on a sample that the mode's key draws for all
  /// rows; all others, and all in prediction, return -ln p(target).
  ///
  /// - Parameters:
  ///   - scale: the loss returned is scale · the sum of the losses of the rows.
  ///   - smoothing: ε, for `full` in training: the loss that is returned is smoothed
  ///     (``softmaxCrossEntropy(_:weight:bias:targets:scale:smoothing:)``), those of the rows are not.
  /// - Returns: the loss as a scalar, and the loss of each row (0 where it does not count).
  public func loss(
    _ hidden: Variable, targets: [Int32], scale: Float, smoothing: Float = 0, mode: Mode
  ) -> (loss: Variable, losses: [Float]) {
    precondition(
      smoothing == 0 || configuration == .full, "smoothing of a \(configuration.kind) output")
    switch form {
    case .full(let linear):
      return full(linear, hidden, targets, scale, mode.isTraining ? smoothing : 0, mode)
    case .sampled(let linear, let sampler):
      guard case .training(let key) = mode else {
        return full(linear, hidden, targets, scale, 0, mode)
      }
      return candidateLoss(
        .softmax, hidden, weight: linear.weight.variable(mode), bias: linear.bias.variable(mode),
        candidates: Candidates(sample: sampler.draw(key), targets: targets),
        logProbabilities: sampler.logProbabilities, scale: scale)
    case .nce(let linear, let sampler, let normalizer):
      guard case .training(let key) = mode else {
        return full(linear, hidden, targets, scale, 0, mode)
      }
      let fixed = Tensor(shape: [1], scalars: [logOfVocabulary(vocabularySize)])
      return candidateLoss(
        .noiseContrast, hidden, weight: linear.weight.variable(mode),
        bias: linear.bias.variable(mode), normalizer: normalizer?.variable(mode) ?? Variable(fixed),
        candidates: Candidates(sample: sampler.draw(key), targets: targets),
        logProbabilities: sampler.logProbabilities, scale: scale)
    case .adaptive(let adaptive):
      return adaptive.loss(hidden, targets: targets, scale: scale, mode: mode)
    case .classFactored(let classes):
      return classes.loss(hidden, targets: targets, scale: scale, mode: mode)
    }
  }

  private func full(
    _ linear: Linear, _ hidden: Variable, _ targets: [Int32], _ scale: Float, _ smoothing: Float,
    _ mode: Mode
  ) -> (loss: Variable, losses: [Float]) {
    softmaxCrossEntropy(
      hidden, weight: linear.weight.variable(mode), bias: linear.bias.variable(mode),
      targets: targets, scale: scale, smoothing: smoothing)
  }

  /// -ln p(target) of each row of h [M, H], 0 where the target is negative.
  public func losses(_ hidden: Tensor, targets: [Int32]) -> [Float] {
    loss(Variable(hidden), targets: targets, scale: 0, mode: .prediction).losses
  }

  /// Logits [B, V] of h [B, H], by id: numbers whose softmax is p. Those of `adaptive` and `class` are
  /// ln p itself.
  public func logits(_ hidden: Tensor) -> Tensor {
    switch form {
    case .full(let linear), .sampled(let linear, _), .nce(let linear, _, _):
      linear(Variable(hidden), mode: .prediction).value
    case .adaptive(let adaptive): adaptive.logProbabilities(hidden)
    case .classFactored(let classes): classes.logProbabilities(hidden)
    }
  }

  /// ln p of all V tokens, by id, for each row of h [B, H]: [B, V].
  public func logProbabilities(_ hidden: Tensor) -> Tensor {
    switch configuration.kind {
    case .full, .sampled, .nce: logits(hidden).logSoftmax()
    case .adaptive, .classFactored: logits(hidden)
    }
  }
}

/// ln V, that of a distribution of equal weights.
private func logOfVocabulary(_ count: Int) -> Float { Float(log(Double(max(count, 1)))) }

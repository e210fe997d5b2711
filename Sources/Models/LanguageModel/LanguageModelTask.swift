import Corpora
import Learning
import Recurrent
import Tensors

/// Training a language model on a text: what a ``Trainer`` asks of it.
///
/// Streams: the text is one sequence cut into B streams that are read side by side, T steps at a
/// time; the state is carried from window to window but no gradient (truncated backpropagation
/// through time). Sentences: batches of lines of nearly equal length, each from `<s>` to `</s>`.
public final class LanguageModelTask: RecordedTask {
  /// By what the summed loss of a step is divided before it is differentiated.
  public enum LossUnit: String, Sendable, Codable, CaseIterable {
    /// By the number of tokens (PyTorch's habit).
    case token
    /// By the number of sequences B: the losses of all T steps add up (Zaremba et al. 2014, whose
    /// learning rate of 1 and clipping at 5 mean this).
    case sequence
  }

  /// The model in training.
  public let model: LanguageModel
  /// The number of tokens of the training text.
  public let trainingTokens: Int
  /// The hash of the training tokens.
  public let trainingFingerprint: String

  enum Batches {
    case streams(StreamBatches)
    case sentences(SentenceBatches)
  }
  let batches: Batches
  /// The words of a model that composes them; nil for another one.
  let words: Lexicon?
  let variesWindow: Bool
  let penalty: ActivationPenalty
  private let lossUnit: LossUnit
  private let validation: EvaluationText?
  var state: LanguageModel.State?
  var epoch: SentenceEpoch?
  /// The windows of the epoch at hand, where they vary.
  private var variedWindows: (epoch: Int, streams: StreamBatches)?

  /// A task of training `model` on `text`, and validating on `validation`.
  ///
  /// - Parameters:
  ///   - batch: B, sequences side by side.
  ///   - window: T, steps between updates; only for streams.
  ///   - variesWindow: whether windows have lengths around T, other ones in each epoch; only for
  ///     streams. The rate goes with the length (Merity, Keskar & Socher 2018), unless the loss is summed
  ///     over time, whose gradient does so by itself.
  ///   - penalty: on the outputs of the highest layer.
  /// - Throws: ``CorpusError`` if the text is too short for the batch.
  public init(
    _ model: LanguageModel, text: String, validation: String? = nil, batch: Int, window: Int,
    variesWindow: Bool = false, penalty: ActivationPenalty = ActivationPenalty(),
    lossUnit: LossUnit = .token
  ) throws {
    self.model = model
    self.variesWindow = variesWindow
    self.penalty = penalty
    self.lossUnit = lossUnit
    var words = model.lexicon
    switch model.configuration.unit {
    case .stream:
      let ids = try model.encode(text, &words)
      batches = .streams(try StreamBatches(ids: ids, batch: batch, window: window))
      trainingTokens = ids.count
      trainingFingerprint = fingerprint(ids)
    case .sentence:
      let sentences = try model.encodeLines(text, &words)
      let (start, end) = model.sentenceMarks
      let all = try SentenceBatches(sentences: sentences, start: start, end: end, batch: batch)
      batches = .sentences(all)
      trainingTokens = all.targetCount
      trainingFingerprint = fingerprint(sentences.lazy.flatMap { $0 + [-1] })
    }
    self.words = words
    self.validation = try validation.map { try EvaluationText($0, for: model) }
  }

  public var parameters: [Parameter] { model.parameters }

  public var stepsPerEpoch: Int {
    switch batches {
    case .streams(let streams): streams.windowCount
    case .sentences(let sentences): sentences.batchCount
    }
  }

  /// Targets of one epoch.
  public var tokensPerEpoch: Int {
    switch batches {
    case .streams(let streams): streams.targetCount
    case .sentences(let sentences): sentences.targetCount
    }
  }

  /// A guess that gives every token of the vocabulary the same probability.
  public var uniformLoss: Double? { loge(Double(model.vocabulary.count)) }

  public func beginEpoch(_ epoch: Int, key: RandomKey) {
    state = nil
    if case .sentences(let sentences) = batches {
      self.epoch = sentences.shuffled(epoch: epoch, seed: key.seed)
    }
  }

  public func loss(at position: StepPosition) throws -> StepLoss {
    let mode = Mode.training(position.key)
    switch batches {
    case .streams(let streams):
      let window = windows(streams, position).window(at: position.index)
      let tokens = window.inputs.count
      let (loss, losses, last) = model.loss(
        window.inputs, targets: window.targets, words: words, steps: window.length, from: state,
        scale: scale(tokens: tokens, sequences: window.batch), penalty: penalty, mode: mode)
      loss.backward()
      state = last.detached
      return StepLoss(
        sum: sum(losses), tokens: tokens,
        rateFactor: variesWindow && lossUnit == .token
          ? Double(window.length) / Double(streams.window) : 1)
    case .sentences(let sentences):
      let batch = (epoch ?? sentences.shuffled(epoch: position.epoch, seed: position.key.seed))[
        position.index]
      let tokens = batch.lengths.reduce(0) { $0 + Int($1) }
      let (loss, losses, _) = model.loss(
        batch.inputs, targets: batch.targets, words: words, steps: batch.length,
        lengths: batch.lengths,
        from: nil, scale: scale(tokens: tokens, sequences: batch.batch), penalty: penalty,
        mode: mode)
      loss.backward()
      return StepLoss(sum: sum(losses), tokens: tokens)
    }
  }

  /// The windows of the epoch that `position` is in.
  func windows(_ streams: StreamBatches, _ position: StepPosition) -> StreamBatches {
    guard variesWindow else { return streams }
    if let variedWindows, variedWindows.epoch == position.epoch { return variedWindows.streams }
    let varied = streams.varied(seed: position.key.seed, epoch: position.epoch)
    variedWindows = (position.epoch, varied)
    return varied
  }

  func scale(tokens: Int, sequences: Int) -> Float {
    switch lossUnit {
    case .token: 1 / Float(tokens)
    case .sequence: 1 / Float(sequences)
    }
  }

  public func validate() throws -> Double? {
    validation.map { model.evaluate($0).crossEntropy }
  }

  public var carriedState: [String: Tensor] {
    guard let state else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: state.layers.enumerated().flatMap { layer, state in
        state.parts.enumerated().map { ("layer\(layer).part\($0)", $1.value) }
      })
  }

  public func restoreCarriedState(_ carried: [String: Tensor]) throws {
    guard !carried.isEmpty else {
      state = nil
      return
    }
    let batch = if case .streams(let streams) = batches { streams.batch } else { 0 }
    let zero = model.initialState(batch: batch)
    let layers = try zero.layers.enumerated().map { layer, state in
      AnyCell.State(
        parts: try state.parts.enumerated().map { part, zero in
          let name = "layer\(layer).part\(part)"
          guard let tensor = carried[name], tensor.shape == zero.shape else {
            throw TrainingError.foreignCarriedState(names: [name])
          }
          return Variable(tensor)
        })
    }
    state = LanguageModel.State(layers: layers)
  }
}

/// Σ in double precision, in order.
func sum(_ losses: [Float]) -> Double { losses.reduce(0) { $0 + Double($1) } }

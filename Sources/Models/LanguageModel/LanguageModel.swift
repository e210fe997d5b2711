import Corpora
import Recurrent
import Tensors

/// A recurrent language model: p(token | all tokens before it).
///
/// ```
/// x_t = E[token_t]                    looked up, or composed from the word's characters
/// h_t = RNN(x_t, h_{t-1})             L layers of any cell
/// p(token_{t+1}) = softmax(W h_t + b)         or another way of ``OutputLayer``
/// ```
///
/// A model is a value of parameters and a vocabulary, `Sendable`, with no hidden mode: prediction
/// is `(model, state, tokens) -> (logits, state)`, so one model serves any number of streams.
public struct LanguageModel: Module {
  /// The architecture.
  public let configuration: LanguageModelConfiguration
  /// The tokens.
  public let vocabulary: Vocabulary
  /// How it was trained; nil for a fresh model.
  public var trainingRecord: TrainingRecord?

  /// The words of the vocabulary with their spellings; nil where none is composed.
  public let lexicon: Lexicon?

  /// Turns tokens into vectors.
  public let encoder: WordEncoder
  var network: RecurrentStack
  let decoder: OutputLayer

  /// What is carried from token to token.
  public typealias State = RecurrentStack.State

  /// A fresh model.
  ///
  /// - Parameter alphabet: the characters of which words are composed; nil for those of the vocabulary.
  /// - Throws: ``ModelError/invalidConfiguration(_:)``, also for a vocabulary that lacks the marks of
  ///   lines or sentences, or an alphabet that does.
  public init(
    configuration: LanguageModelConfiguration, vocabulary: Vocabulary, alphabet: Vocabulary? = nil,
    initialization: ModelInitialization = .init(), key: RandomKey
  ) throws(ModelError) {
    try configuration.validate()
    try configuration.validate(vocabulary)
    var resolved = configuration
    resolved.output = configuration.output.resolved(vocabularySize: vocabulary.count)
    self.configuration = resolved
    self.vocabulary = vocabulary
    do {
      lexicon =
        configuration.characters == nil
        ? nil
        : try Lexicon(
          vocabulary: vocabulary, alphabet: alphabet ?? vocabulary.alphabet())
    } catch {
      throw .invalidConfiguration("\(error)")
    }
    encoder = WordEncoder(
      configuration.encoder, vocabularySize: vocabulary.count,
      alphabetSize: lexicon?.alphabet.count ?? 0, embeddingRange: initialization.embeddingRange,
      characterRange: initialization.characterRange,
      outputInitializer: initialization.output, initialization: initialization.gates,
      key: key.child(0))
    network = RecurrentStack(
      configuration.stack, initialization: initialization.gates, key: key.child(1))
    decoder = OutputLayer(
      configuration.output, inputs: configuration.stack.outputSize, counts: vocabulary.counts,
      sharing: configuration.isTied ? encoder.table?.weight : nil,
      initializer: initialization.output,
      key: key.child(2))
  }

  public var parameters: [Parameter] {
    encoder.parameters + network.parameters + decoder.parameters
  }

  /// The state before the first token, for `batch` streams: zeros, or what was learned.
  public func initialState(batch: Int) -> State { network.initialState(batch: batch) }

  /// What reading a text gives.
  struct Reading {
    /// The outputs of the highest layer, [T, B, P].
    var outputs: Variable
    /// The same as the output layer sees them.
    var dropped: Variable
    /// Where the state has got to.
    var state: State
  }

  /// Tokens as the encoder takes them. Of a model that composes words they may be numbers of `words`,
  /// which has the model's own lexicon at its beginning, or nil for that.
  func spelled(_ tokens: [Int32], _ words: Lexicon? = nil) -> SpelledWords {
    guard let lexicon = words ?? lexicon else { return SpelledWords(lookUps: tokens) }
    return SpelledWords(
      tokens, lookUps: lexicon.lookUp(tokens), spelling: lexicon.spelling(of:))
  }

  /// Reads tokens [T, B] (time-major), which may be words of `words`.
  func read(
    _ tokens: [Int32], _ words: Lexicon? = nil, steps: Int, lengths: [Int32]? = nil,
    from state: State?, mode: Mode
  ) -> Reading {
    let rates = configuration.dropout
    func drop(_ x: Variable, _ rate: Float, _ mode: Mode) -> Variable {
      rates.isVariational
        ? x.variationalDropout(rate, mode: mode) : x.dropout(rate, mode: mode)
    }
    let vectors = encoder(
      spelled(tokens, words), steps: steps, dropout: rates.embedding, mode: mode)
    let (outputs, last) = network.run(
      drop(vectors, rates.input, mode.child(0)), lengths: lengths, from: state, mode: mode.child(1))
    return Reading(
      outputs: outputs, dropped: drop(outputs, rates.output, mode.child(2)), state: last)
  }

  /// The loss of tokens [T, B] against their targets, and where the state has got to.
  ///
  /// - Parameters:
  ///   - words: the lexicon whose numbers tokens and targets are; a target outside the vocabulary is
  ///     its unknown token.
  ///   - scale: the loss is scale · Σ -ln p(target) over targets that are not negative (in training with
  ///     a sampled output, its own loss in place of -ln p),
  ///   - penalty: and as many times this as there are such targets.
  func loss(
    _ tokens: [Int32], targets: [Int32], words: Lexicon? = nil, steps: Int, lengths: [Int32]? = nil,
    from state: State?, scale: Float, penalty: ActivationPenalty = ActivationPenalty(), mode: Mode
  ) -> (loss: Variable, losses: [Float], state: State) {
    let targets = words?.lookUp(targets) ?? targets
    let reading = read(tokens, words, steps: steps, lengths: lengths, from: state, mode: mode)
    let (loss, losses) = decoder.loss(
      reading.dropped.reshaped(to: [tokens.count, network.outputSize]), targets: targets,
      scale: scale, mode: mode.child(3))
    guard mode.isTraining,
      let penalty = penalty.loss(
        outputs: reading.outputs, dropped: reading.dropped, lengths: lengths)
    else { return (loss, losses, reading.state) }
    let count = targets.count { $0 >= 0 }
    return (loss + penalty * (scale * Float(count)), losses, reading.state)
  }

  /// One step of prediction: a token for each of B streams and their state give the logits
  /// [B, V] of the next tokens, whose softmax is their distribution, and the state after it.
  ///
  /// - Parameter words: for a model that composes words, a lexicon that goes on from the model's own
  ///   ``lexicon``: tokens may be numbers of it, of words that are not in the vocabulary.
  public func step(
    _ tokens: [Int32], _ state: State, words: Lexicon? = nil
  ) -> (logits: Tensor, state: State) {
    let vectors = encoder(spelled(tokens, words), steps: 1, mode: .prediction)
    let input = Variable(vectors.value.reshaped(to: [tokens.count, encoder.size]))
    let (hidden, next) = network.step(input, state, mode: .prediction)
    return (decoder.logits(hidden.value), next)
  }
}

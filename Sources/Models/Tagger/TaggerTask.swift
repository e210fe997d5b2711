import Corpora
import Learning
import Recurrent
import Tensors

/// Training a tagger on labelled sentences: what a ``Trainer`` asks of it.
///
/// A step is a batch of sentences of nearly equal length; the loss is in nats a word. Held-out sentences
/// are judged by the share of wrong labels, so the tagger that is kept is the most accurate one.
public final class TaggerTask: RecordedTask {
  /// The model in training.
  public let model: Tagger
  /// The number of words of the training data.
  public var trainingTokens: Int { sentences.wordCount }
  /// The hash of words and labels.
  public let trainingFingerprint: String

  private let sentences: WordSequences
  private let labels: [[Int32]]
  private var batches: EpochBatches
  private let validation: [LabelledSentence]
  private let refusesUnseen: Bool

  /// A task of training `model` on `sentences`, and validating on `validation`.
  ///
  /// - Parameters:
  ///   - batch: B, sentences side by side.
  ///   - maximumTokens: no batch has more places T·B than this, unless one sentence alone does.
  ///   - refusesUnseen: whether a label of `validation` that does not occur in training is an error.
  /// - Throws: `CorpusError` that names the line of a label that is not as it should be.
  public init(
    _ model: Tagger, _ sentences: [LabelledSentence], validation: [LabelledSentence] = [],
    batch: Int, maximumTokens: Int? = nil, refusesUnseen: Bool = true
  ) throws(CorpusError) {
    let sentences = sentences.filter { !$0.words.isEmpty }
    self.model = model
    self.validation = validation
    self.refusesUnseen = refusesUnseen
    var labels: [[Int32]] = []
    for sentence in sentences {
      labels.append(try model.labelIDs(sentence, refusesUnseen: true))
      if model.configuration.constraints == .training {
        try model.checkConstraints(sentence, labels[labels.count - 1])
      }
    }
    for sentence in validation {
      _ = try model.labelIDs(sentence, refusesUnseen: refusesUnseen)
    }
    self.labels = labels
    self.sentences = model.sequences(sentences.map(\.words))
    batches = try EpochBatches(
      LengthBatches(
        lengths: self.sentences.lengths, batch: batch, maximumTokens: maximumTokens))
    trainingFingerprint = LabelledSentence.fingerprint(sentences)
  }

  public var parameters: [Parameter] { model.parameters }

  public var stepsPerEpoch: Int { batches.count }

  /// A guess that gives every label the same probability; nil where there is only one.
  public var uniformLoss: Double? {
    model.labels.count > 1 ? loge(Double(model.labels.count)) : nil
  }

  public func beginEpoch(_ epoch: Int, key: RandomKey) {
    batches.begin(epoch, key: key)
  }

  public func loss(at position: StepPosition) throws -> StepLoss {
    let chosen = batches.examples(at: position)
    let mode = Mode.training(position.key)
    let batch = sentences.batch(
      chosen, dropout: model.configuration.wordDropout, mode: mode.child(-1))
    var targets = [Int32](repeating: -1, count: batch.steps * batch.count)
    for (row, sentence) in chosen.enumerated() {
      for (step, label) in labels[sentence].enumerated() {
        targets[step * batch.count + row] = label
      }
    }
    let words = batch.lengths.reduce(0) { $0 + Int($1) }
    let (loss, sum) = model.loss(batch, targets: targets, scale: 1 / Float(words), mode: mode)
    loss.backward()
    return StepLoss(sum: sum, tokens: words)
  }

  /// The share of wrong labels.
  public func validate() throws -> Double? {
    guard !validation.isEmpty else { return nil }
    let accuracy = try model.evaluate(validation, refusesUnseen: refusesUnseen).accuracy
    return accuracy.all.share.map { 1 - $0 }
  }
}

extension Tagger {
  /// Throws for a label that IOB2 does not allow where it stands.
  fileprivate func checkConstraints(
    _ sentence: LabelledSentence, _ labels: [Int32]
  ) throws(CorpusError) {
    guard let place = allowed?.firstFault(in: labels.lazy.map(Int.init)) else { return }
    let label = sentence.labels[place].debugDescription
    let before =
      place == 0
      ? "at the beginning of a sentence" : "behind \(sentence.labels[place - 1].debugDescription)"
    throw sentence.fault(place, "the label \(label) stands \(before), which IOB2 does not allow")
  }
}

extension LabelledSentence {
  /// A hash of all words and labels, by which the data can be recognised.
  public static func fingerprint(_ sentences: [LabelledSentence]) -> String {
    Models.fingerprint(
      sentences.lazy.flatMap { sentence -> [Int32] in
        var values: [Int32] = []
        for (word, label) in zip(sentence.words, sentence.labels) {
          values += word.utf8.map(Int32.init)
          values.append(-1)
          values += label.utf8.map(Int32.init)
          values.append(-2)
        }
        return values + [-3]
      })
  }
}

extension LabelConstraints {
  /// What suits `sentences`: labels that obey IOB2 there are held to it in prediction.
  public static func usual(for sentences: [LabelledSentence]) -> LabelConstraints {
    var isAboutSpans = false
    for sentence in sentences {
      guard let labels = SpanLabel.meanings(sentence.labels) else { return .none }
      var last: SpanLabel?
      for label in labels {
        if label.place != .outside { isAboutSpans = true }
        if label.place == .inside {
          guard let last, last.place != .outside, last.type == label.type else { return .none }
        }
        last = label
      }
    }
    return isAboutSpans ? .decoding : .none
  }
}

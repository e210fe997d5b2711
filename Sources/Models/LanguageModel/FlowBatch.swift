import Corpora

/// A batch of a text on which the flow of gradients is measured: tokens [T, B], time-major.
public struct FlowBatch: Sendable, Equatable {
  /// What is read.
  public let inputs: [Int32]
  /// What is to be predicted; -1 where the loss does not look.
  public let targets: [Int32]
  /// T.
  public let steps: Int
  /// The steps of each sequence; nil for T.
  public let lengths: [Int32]?

  /// B.
  public var batch: Int { inputs.count / max(steps, 1) }
  /// The predictions that count.
  public var tokens: Int { targets.count { $0 >= 0 } }

  init(inputs: [Int32], targets: [Int32], steps: Int, lengths: [Int32]?) {
    self.inputs = inputs
    self.targets = targets
    self.steps = steps
    self.lengths = lengths
  }

  /// The beginning of a text as `model` reads it: of a stream, `batch` pieces of `steps` tokens, from
  /// places equally far apart; of sentences, the first `batch` of them, the longest first, each cut
  /// after `steps` steps.
  ///
  /// - Parameter lastOnly: whether the loss is that of each sequence's last step alone, so that all of
  ///   its gradient has to go the whole way back.
  /// - Throws: ``CorpusError``, and ``ModelError/unusableText(_:)`` for a text that is too short.
  public init(
    _ text: String, for model: LanguageModel, steps: Int, batch: Int, lastOnly: Bool = false
  ) throws {
    precondition(steps > 0 && batch > 0, "\(batch) sequences of \(steps) steps")
    let (level, vocabulary) = (model.configuration.level, model.vocabulary)
    let whole: FlowBatch
    switch model.configuration.unit {
    case .stream:
      let ids = try level.encode(text, with: vocabulary)
      guard ids.count / batch > steps else {
        throw ModelError.unusableText(
          "the text has \(ids.count) tokens, too few for a batch of \(batch) sequences of \(steps) "
            + "steps; expected \(batch) x \(steps + 1) or more")
      }
      let window = try StreamBatches(ids: ids, batch: batch, window: steps).window(at: 0)
      whole = FlowBatch(
        inputs: window.inputs, targets: window.targets, steps: window.length, lengths: nil)
    case .sentence:
      let sentences = try level.encodeLines(text, with: vocabulary)
      guard !sentences.isEmpty else { throw CorpusError.noSentences }
      whole = FlowBatch(
        sentences.prefix(batch).sorted { $0.count > $1.count }, marks: model.sentenceMarks,
        steps: steps)
    }
    self = lastOnly ? whole.withLastTargetsOnly : whole
  }

  private init(_ sentences: [[Int32]], marks: (start: Int32, end: Int32), steps limit: Int) {
    let lengths = sentences.map { min($0.count + 1, limit) }
    let steps = lengths.max() ?? 0
    var inputs = [Int32](repeating: marks.end, count: steps * sentences.count)
    var targets = [Int32](repeating: -1, count: steps * sentences.count)
    for (row, sentence) in sentences.enumerated() {
      for step in 0..<lengths[row] {
        let place = step * sentences.count + row
        inputs[place] = step == 0 ? marks.start : sentence[step - 1]
        targets[place] = step < sentence.count ? sentence[step] : marks.end
      }
    }
    self.init(inputs: inputs, targets: targets, steps: steps, lengths: lengths.map(Int32.init))
  }

  private var withLastTargetsOnly: FlowBatch {
    let batch = batch
    let last = (lengths?.map { Int($0) } ?? [Int](repeating: steps, count: batch)).map { $0 - 1 }
    return FlowBatch(
      inputs: inputs,
      targets: targets.enumerated().map { $0 / batch == last[$0 % batch] ? $1 : -1 },
      steps: steps, lengths: lengths)
  }
}

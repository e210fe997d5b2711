import CKernels
import Corpora
import Learning
import Recurrent
import Tensors

/// What a translator is judged by as it learns.
public enum TranslatorCriterion: String, Sendable, CaseIterable {
  /// The mean of -ln p over the tokens of the targets.
  case loss
  /// One minus BLEU, of greedy translations.
  case bleu
  /// The edits from greedy translations to the targets, as a share of the tokens.
  case errors
  /// The share of greedy translations that equal no target of their source.
  case mismatch
}

/// Training a translator: what a ``Trainer`` asks of it.
///
/// A step is a batch of pairs of nearly equal length; the loss is in nats a token of the target.
public final class TranslatorTask: RecordedTask {
  /// The model in training.
  public let model: Translator
  /// The tokens of the targets, `</s>` included.
  public var trainingTokens: Int { pairs.targetTokens }
  /// The pairs that are learned from.
  public var pairCount: Int { pairs.count }
  /// The pairs that are not, for they are too long.
  public let leftOut: Int
  /// The hash of sources and targets.
  public let trainingFingerprint: String

  private let pairs: TranslationPairs
  private let validation: TranslatorValidation?
  private var batches: EpochBatches
  private let smoothing: Float
  private let sampling: ScheduledSampling?
  /// The lines of the pairs, where they are cut anew each time.
  private let lines: (sources: [String], targets: [String])?
  private let unitDropout: Double

  /// A task of training `model` to translate `sources` to `targets`, line by line.
  ///
  /// - Parameters:
  ///   - validation: held-out pairs.
  ///   - batch: B, pairs side by side; maximumTokens: no batch has more places T·B on its longer side than
  ///     this, unless one pair alone does.
  ///   - longest: pairs with more tokens on a side are left out.
  ///   - smoothing: ε of label smoothing.
  ///   - sampling: how often predictions are read in place of targets; nil for never.
  ///   - unitDropout: the share of merges of byte pairs that are passed over each time that a pair is seen
  ///     (Provilkov et al. 2020). Batches are made by the lengths without it.
  public init(
    _ model: Translator, sources: [String], targets: [String],
    validation: TranslatorValidation? = nil, batch: Int, maximumTokens: Int? = nil,
    longest: Int = .max, smoothing: Float = 0, sampling: ScheduledSampling? = nil,
    unitDropout: Double = 0
  ) throws {
    precondition(
      sources.count == targets.count, "\(sources.count) sources, \(targets.count) targets")
    if let fault = sampling?.fault { throw ModelError.invalidConfiguration(fault) }
    try model.configuration.decoder.check(smoothing: smoothing)
    guard unitDropout >= 0, unitDropout < 1 else {
      throw ModelError.invalidConfiguration("unit dropout is in [0, 1), not \(unitDropout)")
    }
    self.model = model
    self.unitDropout = unitDropout
    self.validation = validation
    self.smoothing = smoothing
    self.sampling = sampling
    let all = TranslationPairs(
      sources: model.sourceUnits.units(ofLines: sources).map(model.sourceTokens),
      targets: model.targetUnits.units(ofLines: targets).map(model.targetTokens))
    let kept = (0..<all.count).filter { all.length($0) - 1 <= longest }
    leftOut = all.count - kept.count
    pairs = TranslationPairs(
      sources: kept.map { all.sources[$0] }, targets: kept.map { all.targets[$0] })
    lines =
      unitDropout > 0
      ? (kept.map { sources[$0] }, kept.map { targets[$0] }) : nil
    batches = try EpochBatches(
      LengthBatches(
        lengths: (0..<pairs.count).map(pairs.length), batch: batch, maximumTokens: maximumTokens))
    trainingFingerprint = Self.fingerprint(sources, targets)
  }

  public var parameters: [Parameter] { model.parameters }

  public var stepsPerEpoch: Int { batches.count }

  public var uniformLoss: Double? {
    model.targetVocabulary.count > 1 ? loge(Double(model.targetVocabulary.count)) : nil
  }

  public func beginEpoch(_ epoch: Int, key: RandomKey) {
    batches.begin(epoch, key: key)
  }

  public func loss(at position: StepPosition) throws -> StepLoss {
    let chosen = batches.examples(at: position)
    let mode = Mode.training(position.key)
    let read = pairs(chosen, key: position.key.child(-2))
    var batch = TargetBatch(
      read.targets, start: model.specials.start, end: model.specials.end)
    let source = model.encode(read.sources, mode: mode.child(0))
    if let sampling {
      let done = Double(position.step) / Double(stepsPerEpoch)
      replace(
        &batch, with: sampling.probability(afterEpochs: done), source, key: position.key.child(-1))
    }
    let (loss, losses) = model.decoder.loss(
      batch.inputs, targets: batch.targets, steps: batch.steps, from: source,
      scale: 1 / Float(batch.tokenCount), smoothing: smoothing, mode: mode.child(1))
    loss.backward()
    return StepLoss(
      sum: losses.reduce(0.0) { $0 + Double($1) }, tokens: batch.tokenCount)
  }

  /// Some pairs as they are read this time.
  private func pairs(_ chosen: [Int], key: RandomKey) -> TranslationPairs {
    guard let lines else {
      return TranslationPairs(
        sources: chosen.map { pairs.sources[$0] }, targets: chosen.map { pairs.targets[$0] })
    }
    func tokens(
      _ units: Segmenter, _ lines: [String], _ side: Int, _ number: ([String]) -> [Int32]
    ) -> [[Int32]] {
      units.units(
        ofLines: chosen.map { lines[$0] }, dropout: unitDropout, seed: key.stream, epoch: side
      ).map(number)
    }
    return TranslationPairs(
      sources: tokens(model.sourceUnits, lines.sources, 0, model.sourceTokens),
      targets: tokens(model.targetUnits, lines.targets, 1, model.targetTokens))
  }

  /// Puts what the model itself would say in place of some of the tokens that are read, from left to right:
  /// each prediction sees those before it. Nothing flows back through them, so this is what sampling while
  /// training does, but that nothing is dropped as the predictions are made.
  private func replace(
    _ batch: inout TargetBatch, with probability: Double, _ source: EncodedSource, key: RandomKey
  ) {
    guard probability > 0 else { return }
    let count = source.batch
    let drawn = key.uniform(batch.steps * count)
    let frozen = source.detached
    let (memory, start) = model.decoder.beginBranching(frozen)
    var state = start
    let (starts, all) = (Array(0...count), RowSelection(all: count))
    for step in 0..<batch.steps - 1 {
      let read = Array(batch.inputs[step * count..<(step + 1) * count])
      let taken = model.decoder.branch(read, from: state, all, memory, starts: starts)
      state = taken.state
      let chosen = (0..<count).filter {
        Double(drawn[(step + 1) * count + $0]) < probability
          && batch.targets[(step + 1) * count + $0] >= 0
      }
      guard !chosen.isEmpty else { continue }
      let logits = model.decoder.output.logits(taken.readouts.value)
      let size = model.targetVocabulary.count
      for row in chosen {
        let best = logits.withUnsafeBufferPointer {
          unroll_argmax(size, $0.baseAddress.map { $0 + row * size })
        }
        batch.inputs[(step + 1) * count + row] = Int32(best)
      }
    }
  }

  public func validate() throws -> Double? { try validation?.loss(of: model) }

  /// A hash of all pairs, by which the data can be recognised.
  public static func fingerprint(_ sources: [String], _ targets: [String]) -> String {
    Models.fingerprint(
      zip(sources, targets).lazy.flatMap { pair -> [Int32] in
        var bytes = pair.0.utf8.map(Int32.init)
        bytes.append(-1)
        bytes += pair.1.utf8.map(Int32.init)
        bytes.append(-2)
        return bytes
      })
  }
}

extension EncodedSource {
  /// The same cut off from the graph.
  var detached: EncodedSource {
    EncodedSource(
      memory: memory.detached, lengths: lengths, summary: summary.detached,
      states: states.map(\.detached))
  }
}

import Corpora
import Learning
import Recurrent
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a captioner is judged by as it learns.
public enum CaptionerCriterion: String, Sendable, CaseIterable {
  /// The mean of -ln p over the tokens of the captions.
  case loss
  /// One minus BLEU-1 (the share of right words) of greedy captions, in all languages together.
  case bleu1 = "bleu-1"
  /// The share of greedy captions that are not exactly right.
  case mismatch
}

/// Training a captioner: what a ``Trainer`` asks of it.
///
/// A step is a batch of pictures, each looked at once and with all its captions; the loss is in nats a token.
public final class CaptionerTask: RecordedTask {
  /// The model in training.
  public let model: Captioner
  /// The tokens of the captions, `</s>` included.
  public let trainingTokens: Int
  /// The pictures that are learned from.
  public var pictureCount: Int { data.count }
  /// The hash of captions and pictures.
  public let trainingFingerprint: String

  private let data: CaptionedPictures
  private let tokens: CaptionTokens
  private let validation: CaptionedPictures?
  private let criterion: CaptionerCriterion
  private var batches: EpochBatches
  private let smoothing: Float
  private let augmentation: ImageAugmentation?

  /// A task of training `model` to caption the pictures of `data`.
  ///
  /// - Parameters:
  ///   - validation: held-out pictures, and what is measured on them.
  ///   - batch: B, pictures side by side.
  ///   - smoothing: ε of label smoothing.
  ///   - augmentation: how pixels are changed each time.
  public init(
    _ model: Captioner, _ data: CaptionedPictures, validation: CaptionedPictures? = nil,
    criterion: CaptionerCriterion = .loss, batch: Int, smoothing: Float = 0,
    augmentation: ImageAugmentation = ImageAugmentation()
  ) throws {
    if let fault = augmentation.fault { throw ModelError.invalidConfiguration(fault) }
    try model.configuration.decoder.check(smoothing: smoothing)
    try model.check(data.pictures)
    if let validation {
      try model.check(validation.pictures)
      // Languages too: better now than after an epoch.
      _ = try model.ordered(validation)
    }
    if model.imageSize == nil, !augmentation.isNone {
      throw ModelError.invalidConfiguration("pictures are changed where a captioner sees pixels")
    }
    self.model = model
    self.data = try model.ordered(data)
    self.validation = validation
    self.criterion = criterion
    self.smoothing = smoothing
    self.augmentation = augmentation.isNone ? nil : augmentation
    tokens = CaptionTokens(model, self.data)
    trainingTokens = tokens.tokenCount
    // Of one length, so that any pictures can come together.
    batches = try EpochBatches(
      LengthBatches(
        lengths: Array(repeating: 1, count: data.count), batch: batch))
    trainingFingerprint = data.fingerprint
  }

  public var parameters: [Parameter] { model.parameters }

  public var stepsPerEpoch: Int { batches.count }

  public var uniformLoss: Double? {
    model.vocabulary.count > 1 ? log(Double(model.vocabulary.count)) : nil
  }

  public func beginEpoch(_ epoch: Int, key: RandomKey) {
    batches.begin(epoch, key: key)
  }

  public func loss(at position: StepPosition) throws -> StepLoss {
    let chosen = batches.examples(at: position)
    let mode = Mode.training(position.key)
    let rows = chosen.enumerated().flatMap { place, picture in
      tokens.captions[picture].map { (row: Int32(place), caption: $0) }
    }
    let batch = CaptionTokens.batch(rows.map(\.caption), model.specials)
    let source = model.encode(
      data.pictures.tensor(chosen, augmentation, key: position.key.child(-1)),
      rows: rows.map(\.row), mode: mode.child(0))
    let (loss, losses) = model.decoder.loss(
      batch.inputs, targets: batch.targets, steps: batch.steps, from: source,
      scale: 1 / Float(max(batch.tokenCount, 1)), smoothing: smoothing, mode: mode.child(1))
    loss.backward()
    return StepLoss(sum: losses.reduce(0.0) { $0 + Double($1) }, tokens: batch.tokenCount)
  }

  public func validate() throws -> Double? {
    guard let validation, validation.count > 0 else { return nil }
    if criterion == .loss { return try model.meanLoss(of: validation) }
    let scores = try CaptionScores(of: CaptionerEnsemble([model]), on: validation, .greedy)
    return criterion == .bleu1
      ? 1 - scores.bleu(order: 1) / 100 : 1 - scores.exactShare
  }
}

extension CaptionedPictures {
  /// A hash of captions and pictures, by which the data can be recognised.
  public var fingerprint: String {
    // One picture at a time: all of them as numbers would take four times their memory.
    Models.fingerprint(
      (0..<2 * count).lazy.flatMap { index -> [Int32] in
        guard index < count else { return pictures.values(of: index - count) }
        return captions[index].flatMap { ($0 ?? "").utf8.map(Int32.init) + [-1] } + [-2]
      })
  }
}

extension PictureSet {
  /// The pixels of a picture, or the bits of its features.
  fileprivate func values(of picture: Int) -> [Int32] {
    switch content {
    case .pixels(let pixels, _): pixels[picture].map(Int32.init)
    case .features(let features):
      features.withUnsafeBufferPointer {
        let size = features.shape[1] * features.shape[2]
        return $0[picture * size..<(picture + 1) * size].map { Int32(bitPattern: $0.bitPattern) }
      }
    }
  }
}

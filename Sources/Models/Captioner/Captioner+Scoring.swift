import Corpora
import Tensors

extension Captioner {
  /// Pictures that are looked at together in prediction.
  static let pictureBatch = 32

  /// The mean of -ln p over all tokens of the captions, `</s>` included, in nats.
  ///
  /// Throws ``ModelError/unusableText(_:)`` for pictures or languages that it does not take.
  public func meanLoss(of data: CaptionedPictures) throws(ModelError) -> Double {
    try check(data.pictures)
    let data = try ordered(data)
    let tokens = CaptionTokens(self, data)
    var sum = 0.0
    for first in stride(from: 0, to: data.count, by: Self.pictureBatch) {
      let chosen = Array(first..<min(data.count, first + Self.pictureBatch))
      let captions = chosen.flatMap { tokens.captions[$0] }
      guard !captions.isEmpty else { continue }
      for loss in losses(of: captions, first: first, data.pictures.tensor(chosen)) {
        sum += Double(loss)
      }
    }
    return sum / Double(max(tokens.tokenCount, 1))
  }

  /// -ln p [T, B] of captions of pictures, the first of which is number `first`; 0 beyond their ends.
  private func losses(
    of captions: [CaptionTokens.Caption], first: Int, _ pictures: Tensor
  ) -> [Float] {
    let batch = CaptionTokens.batch(captions, specials)
    let source = encode(
      pictures, rows: captions.map { Int32($0.picture - first) }, mode: .prediction)
    return decoder.losses(
      batch.inputs, targets: batch.targets, steps: batch.steps, from: source)
  }

  /// The captions in the model's own languages, in its order; none in a language that the data lack.
  func ordered(_ data: CaptionedPictures) throws(ModelError) -> CaptionedPictures {
    guard data.languages != languages else { return data }
    if let stranger = data.languages.first(where: { !languages.contains($0) }) {
      throw unknownLanguage(stranger)
    }
    let places = languages.map { data.languages.firstIndex(of: $0) }
    return CaptionedPictures(
      data.pictures, languages: languages,
      captions: data.captions.map { captions in places.map { $0.flatMap { captions[$0] } } })
  }

  func unknownLanguage(_ language: String) -> ModelError {
    .unusableText(
      "the captioner does not write \(language.debugDescription), only \(languages.joined(separator: ", "))"
    )
  }
}

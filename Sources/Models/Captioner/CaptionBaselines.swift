import Images

/// What a captioner has to be better than: captions without a net.
public struct CaptionBaselines: Sendable {
  private let pictures: [[UInt8]]
  private let captions: [[String?]]
  private let languages: [String]

  /// Pixels a side at which pictures are compared.
  public static let pictureSize = 32

  /// Of pictures that were learned from, read at ``pictureSize`` pixels a side.
  public init(_ data: CaptionedPictures) {
    guard case .pixels(let pictures, Self.pictureSize) = data.pictures.content else {
      preconditionFailure("pictures that are compared have \(Self.pictureSize) pixels a side")
    }
    (self.pictures, captions, languages) = (pictures, data.captions, data.languages)
  }

  /// The caption that most of the pictures have, the first of those that equally many have; the same for every
  /// picture. nil where there is none in that language.
  public func mostFrequent(language: String) -> String? {
    guard let place = languages.firstIndex(of: language) else { return nil }
    var counts: [String: Int] = [:]
    var best: (caption: String, count: Int)?
    let all = captions.compactMap { $0[place] }
    for caption in all { counts[caption, default: 0] += 1 }
    for caption in all {
      let count = counts[caption, default: 0]
      if count > best?.count ?? 0 { best = (caption, count) }
    }
    return best?.caption
  }

  /// The caption of the picture that is nearest to `image`: in front of white at 32 by 32 pixels, by the sum of
  /// the squares of the differences in red, green and blue; the first of those that are equally near.
  public func nearest(to image: Image, language: String) -> String? {
    guard let place = languages.firstIndex(of: language) else { return nil }
    let pixels = PictureSet.pixels(image, size: Self.pictureSize)
    var best: (caption: String, distance: Int)?
    for (other, captions) in zip(pictures, captions) {
      guard let caption = captions[place] else { continue }
      var distance = 0
      for (a, b) in zip(pixels, other) { distance += (Int(a) - Int(b)) * (Int(a) - Int(b)) }
      if distance < best?.distance ?? .max { best = (caption, distance) }
    }
    return best?.caption
  }
}

/// What a captioner has to be better than: captions without a net of its own.
public struct CaptionBaselines: Sendable {
  private let distances: PictureDistances
  private let captions: [[String?]]
  private let languages: [String]

  /// Pixels a side at which pictures are compared.
  public static let pictureSize = 32

  /// Of pictures that were learned from, read at ``pictureSize`` pixels a side, or of another model's features
  /// of them.
  public init(_ data: CaptionedPictures) {
    if let size = data.pictures.imageSize {
      precondition(
        size == Self.pictureSize,
        "pictures that are compared have \(Self.pictureSize) pixels a side, not \(size)")
    }
    distances = PictureDistances(to: data.pictures)
    captions = data.captions
    languages = data.languages
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

  /// For each of some pictures, of the same kind and size, the caption of the nearest one that has any in that
  /// language: in front of white at 32 by 32 pixels by the sum of the squares of the differences in red, green
  /// and blue; of features by the angle between their means over the places. The first of those that are equally
  /// near.
  public func nearest(to others: PictureSet, language: String) -> [String?] {
    guard let place = languages.firstIndex(of: language) else {
      return Array(repeating: nil, count: others.count)
    }
    let known = captions.indices.filter { captions[$0][place] != nil }
    return distances(from: others).withUnsafeBufferPointer { distances in
      (0..<others.count).map { other in
        let first = other * captions.count
        let nearest = known.min { distances[first + $0] < distances[first + $1] }
        return nearest.flatMap { captions[$0][place] }
      }
    }
  }
}

import Tensors

/// What a captioner has to be better than: captions without a net of its own.
public struct CaptionBaselines: Sendable {
  private let pictures: PictureSet
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
    pictures = data.pictures
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
    return zip(0..<others.count, distances(from: others, to: known)).map { _, distances in
      let nearest = distances.indices.min { distances[$0] < distances[$1] }
      return nearest.flatMap { captions[known[$0]][place] }
    }
  }

  /// How far each of `others` is from each of the pictures `known`.
  private func distances(from others: PictureSet, to known: [Int]) -> [[Double]] {
    switch (others.content, pictures.content) {
    case (.pixels(let others, Self.pictureSize), .pixels(let own, _)):
      return others.map { other in
        known.map { index in
          var sum = 0
          for (a, b) in zip(other, own[index]) { sum += (Int(a) - Int(b)) * (Int(a) - Int(b)) }
          return Double(sum)
        }
      }
    case (.features(let others), .features(let own)):
      let (directions, all) = (Self.directions(others), Self.directions(own))
      return directions.map { direction in
        known.map { index in 1 - zip(direction, all[index]).reduce(0) { $0 + $1.0 * $1.1 } }
      }
    default:
      preconditionFailure("pictures are compared with pictures of the same kind and size")
    }
  }

  /// The means over the places of features [N, S, D], each with a norm of 1.
  private static func directions(_ features: Tensor) -> [[Double]] {
    let (count, places, size) = (features.shape[0], features.shape[1], features.shape[2])
    return features.withUnsafeBufferPointer { values in
      (0..<count).map { picture in
        var sum = [Double](repeating: 0, count: size)
        for row in picture * places..<(picture + 1) * places {
          for d in 0..<size { sum[d] += Double(values[row * size + d]) }
        }
        let norm = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return norm > 0 ? sum.map { $0 / norm } : sum
      }
    }
  }
}

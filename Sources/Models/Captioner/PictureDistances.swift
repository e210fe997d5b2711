import Tensors

/// Known pictures, made ready to be compared with others.
///
/// Pixels are as far apart as the mean of the squares of their differences in red, green and blue, from 0 to 255;
/// features by 1 - cos of the angle between their means over the places.
struct PictureDistances: Sendable {
  private enum Known: Sendable {
    case pixels([[UInt8]], size: Int)
    case directions([[Float]])
  }
  private let known: Known
  private let count: Int

  init(to pictures: PictureSet) {
    count = pictures.count
    switch pictures.content {
    case .pixels(let pixels, let size): known = .pixels(pixels, size: size)
    case .features(let features): known = .directions(Self.directions(features))
    }
  }

  /// How far each of `others`, of the same kind and size, is from each of these, [others, count].
  func callAsFunction(from others: PictureSet) -> Tensor {
    switch (others.content, known) {
    case (.pixels(let others, let size), .pixels(let own, let ownSize)) where size == ownSize:
      return table(others.count) { other, index in
        var sum = 0
        for (a, b) in zip(others[other], own[index]) {
          sum += (Int(a) - Int(b)) * (Int(a) - Int(b))
        }
        return Float(sum) / Float(max(own[index].count, 1))
      }
    case (.features(let features), .directions(let own)):
      let asked = Self.directions(features)
      return table(asked.count) { other, index in
        precondition(asked[other].count == own[index].count, "features of another size")
        var cosine = 0.0
        for (a, b) in zip(asked[other], own[index]) { cosine += Double(a) * Double(b) }
        // Rounding may bring a cosine above 1.
        return Float(max(0, 1 - cosine))
      }
    default:
      preconditionFailure("pictures are compared with pictures of the same kind and size")
    }
  }

  /// What `entry` says of each of some rows and each known picture.
  private func table(_ rows: Int, _ entry: @Sendable (Int, Int) -> Float) -> Tensor {
    let table = Tensor(zeros: [rows, count])
    ThreadTeam.current.forEach(rows) { row in
      let values = table.sharedPointer + row * count
      for column in 0..<count { values[column] = entry(row, column) }
    }
    return table
  }

  /// The means over the places of features [N, S, D], each with a norm of 1.
  private static func directions(_ features: Tensor) -> [[Float]] {
    let (count, places, size) = (features.shape[0], features.shape[1], features.shape[2])
    return features.withUnsafeBufferPointer { values in
      (0..<count).map { picture in
        var sum = [Double](repeating: 0, count: size)
        for row in picture * places..<(picture + 1) * places {
          for d in 0..<size { sum[d] += Double(values[row * size + d]) }
        }
        let norm = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return sum.map { Float(norm > 0 ? $0 / norm : 0) }
      }
    }
  }
}

import Tensors

extension PictureSet {
  /// How far each of `others`, of the same kind and size, is from each of these, [others, count]: of pixels the
  /// mean of the squares of the differences in red, green and blue, from 0 to 255; of features 1 - cos of the
  /// angle between their means over the places.
  func distances(from others: PictureSet) -> Tensor {
    let count = count
    switch (others.content, content) {
    case (.pixels(let others, let size), .pixels(let own, let ownSize)) where size == ownSize:
      return Self.table(others.count, count) { other, index in
        var sum = 0
        for (a, b) in zip(others[other], own[index]) {
          sum += (Int(a) - Int(b)) * (Int(a) - Int(b))
        }
        return Float(sum) / Float(max(own[index].count, 1))
      }
    case (.features(let others), .features(let own)) where others.shape[2] == own.shape[2]:
      let (asked, known) = (Self.directions(others), Self.directions(own))
      return Self.table(others.shape[0], count) { other, index in
        var cosine = 0.0
        for (a, b) in zip(asked[other], known[index]) { cosine += Double(a) * Double(b) }
        return Float(1 - cosine)
      }
    default:
      preconditionFailure("pictures are compared with pictures of the same kind and size")
    }
  }

  /// What `entry` says of each row and column, rows side by side.
  private static func table(
    _ rows: Int, _ columns: Int, _ entry: @Sendable (Int, Int) -> Float
  ) -> Tensor {
    let table = Tensor(zeros: [rows, columns])
    ThreadTeam.current.forEach(rows) { row in
      let values = table.sharedPointer + row * columns
      for column in 0..<columns { values[column] = entry(row, column) }
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

import Corpora
import Tensors

/// The words of a vocabulary that are nearest to others, by the cosine of their vectors:
///
/// ```
/// cos(a, b) = a·b / (‖a‖ ‖b‖)
/// ```
/// The whole vocabulary is searched, by one matrix product for all words that are asked for.
public struct WordNeighbors: Sendable {
  /// A word and how near it is, in [-1, 1].
  public struct Neighbor: Sendable, Equatable {
    /// The word.
    public let word: String
    /// The cosine.
    public let similarity: Float
  }

  private let vocabulary: Vocabulary
  /// The vectors [V, E], each of length 1, or 0 if it is 0.
  private let directions: Tensor

  /// The neighbours among the vocabulary of `model`. Takes O(V·E) of memory.
  public init(of model: some WordVectorModel) {
    vocabulary = model.vocabulary
    directions = model.vocabularyMatrix().normalised()
  }

  /// For each of `vectors` [E] the `count` nearest words of the vocabulary, the nearest first, equally near
  /// ones in the order of the vocabulary; without the special tokens and without the word of the same
  /// place in `words`.
  public func nearest(
    to vectors: [[Float]], of words: [String?] = [], count: Int
  ) -> [[Neighbor]] {
    precondition(vectors.allSatisfy { $0.count == directions.shape[1] }, "vectors of another size")
    guard !vectors.isEmpty else { return [] }
    let queries = Tensor(
      shape: [vectors.count, directions.shape[1]], scalars: vectors.flatMap(\.self)
    ).normalised()
    let cosines = Variable(queries).linear(Variable(directions)).value
    let special = Set([vocabulary.unknown, vocabulary.start, vocabulary.end].compactMap(\.self))
    return vectors.indices.map { index in
      let own = index < words.count ? words[index] : nil
      let ownID = own.flatMap { vocabulary.contains($0) ? vocabulary.id(of: $0) : nil }
      return cosines.withUnsafeBufferPointer { cosines in
        let row = cosines[index * vocabulary.count..<(index + 1) * vocabulary.count]
        return largest(count, of: row) { $0 != ownID && !special.contains($0) }
          .map { Neighbor(word: vocabulary.token($0.id), similarity: $0.cosine) }
      }
    }
  }

  /// So many are kept in order while a row is read, by insertion, which is quadratic for more: those are
  /// sorted.
  private static let few = 64

  /// The largest of a row, with their places, largest first, equal ones in the order of their places.
  private func largest(
    _ count: Int, of row: Slice<UnsafeBufferPointer<Float>>, where isWanted: (Int32) -> Bool
  ) -> [(id: Int32, cosine: Float)] {
    guard count <= Self.few else {
      var wanted: [(id: Int32, cosine: Float)] = []
      for (place, cosine) in row.enumerated() where isWanted(Int32(place)) {
        wanted.append((Int32(place), cosine))
      }
      wanted.sort { a, b in a.cosine > b.cosine || a.cosine == b.cosine && a.id < b.id }
      return Array(wanted.prefix(count))
    }
    var best: [(id: Int32, cosine: Float)] = []
    for (place, cosine) in row.enumerated() {
      if best.count == count, cosine <= best.last?.cosine ?? .infinity { continue }
      let id = Int32(place)
      guard isWanted(id) else { continue }
      let position = best.firstIndex { $0.cosine < cosine } ?? best.count
      best.insert((id, cosine), at: position)
      if best.count > count { best.removeLast() }
    }
    return best
  }
}

/// The cosine of the angle between two vectors of equal size; 0 if one of them is 0.
public func cosineSimilarity(_ a: [Float], _ b: [Float]) -> Double {
  precondition(a.count == b.count, "vectors of \(a.count) and \(b.count) features")
  var (dot, left, right) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a, b) {
    dot += Double(x) * Double(y)
    left += Double(x) * Double(x)
    right += Double(y) * Double(y)
  }
  return left > 0 && right > 0 ? dot / (left.squareRoot() * right.squareRoot()) : 0
}

extension Tensor {
  /// A matrix with each row divided by its length.
  fileprivate func normalised() -> Tensor {
    let columns = shape[1]
    var result = self
    result.withUnsafeMutableBufferPointer { scalars in
      for row in 0..<shape[0] {
        let range = row * columns..<(row + 1) * columns
        let length = scalars[range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length > 0 else { continue }
        for index in range { scalars[index] /= Float(length) }
      }
    }
    return result
  }
}

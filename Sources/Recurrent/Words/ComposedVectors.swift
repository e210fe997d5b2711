import Synchronization
import Tensors

/// The vectors of words that were composed lately, by their spellings.
///
/// A word's vector depends on nothing but its spelling and the parameters, so what is kept is what would
/// be composed again, bit for bit.
final class ComposedVectors: Sendable {
  private struct Content {
    /// Those of the parameters that the vectors were composed with.
    var versions: [UInt64] = []
    var vectors: [[Int32]: [Float]] = [:]
  }
  private let content = Mutex(Content())

  /// The vectors [N, E] of words, of which `compose` makes those that are not there.
  func vectors(
    of spellings: [ArraySlice<Int32>], versions: [UInt64],
    compose: ([ArraySlice<Int32>]) -> Tensor
  ) -> Tensor {
    var found = known(spellings, versions)
    let missing = found.indices.filter { found[$0] == nil }
    if !missing.isEmpty {
      let made = compose(missing.map { spellings[$0] })
      let size = made.shape[1]
      made.withUnsafeBufferPointer { made in
        for (row, word) in missing.enumerated() {
          found[word] = Array(made[row * size..<(row + 1) * size])
        }
      }
      keep(missing.map { (Array(spellings[$0]), found[$0] ?? []) }, versions)
    }
    let size = found.first.flatMap { $0?.count } ?? 0
    return Tensor(shape: [found.count, size], scalars: found.flatMap { $0 ?? [] })
  }

  private func known(_ spellings: [ArraySlice<Int32>], _ versions: [UInt64]) -> [[Float]?] {
    content.withLock { content in
      guard content.versions == versions else { return spellings.map { _ in nil } }
      return spellings.map { content.vectors[Array($0)] }
    }
  }

  private func keep(_ vectors: [(spelling: [Int32], vector: [Float])], _ versions: [UInt64]) {
    content.withLock { content in
      // What does not fit makes room for all: words that come often are soon there again.
      if content.versions != versions
        || content.vectors.count + vectors.count > WordEncoder.cacheLimit
      {
        content = Content(versions: versions)
      }
      for (spelling, vector) in vectors.prefix(WordEncoder.cacheLimit) {
        content.vectors[spelling] = vector
      }
    }
  }
}

import Corpora
import Recurrent
import Tensors

/// A model that has vectors for words.
public protocol WordVectorModel: Sendable {
  /// The words it knows.
  var vocabulary: Vocabulary { get }

  /// The words with their spellings; nil where none is composed.
  var lexicon: Lexicon? { get }

  /// What turns words into vectors.
  var encoder: WordEncoder { get }
}

extension LanguageModel: WordVectorModel {}

extension WordVectorModel {
  /// The features of a word's vector.
  public var vectorSize: Int { encoder.size }

  /// Whether every word has a vector of its own: a model that composes words needs not know them.
  public var hasVectorsForAllWords: Bool { lexicon != nil }

  /// The vectors of words, [E] each, as the model's network sees them; nil for a word that is only looked
  /// up and not in the vocabulary.
  public func vectors(of words: [String]) -> [[Float]?] {
    var lexicon = lexicon
    let ids = words.map { word -> Int32? in
      lexicon?.insert(word) ?? (vocabulary.contains(word) ? vocabulary.id(of: word) : nil)
    }
    let rows = matrix(ids.compactMap(\.self), lexicon).rows
    var next = 0
    return ids.map { id in
      guard id != nil else { return nil }
      next += 1
      return rows[next - 1]
    }
  }

  /// The vectors of the whole vocabulary, [V, E].
  func vocabularyMatrix() -> Tensor { matrix(Array(0..<Int32(vocabulary.count)), lexicon) }

  private func matrix(_ ids: [Int32], _ words: Lexicon?) -> Tensor {
    guard !ids.isEmpty else { return Tensor(zeros: [0, vectorSize]) }
    // In pieces, for characters of many words at once would be many states at once.
    let pieces = stride(from: 0, to: ids.count, by: 4096).map { start -> Variable in
      let piece = Array(ids[start..<min(ids.count, start + 4096)])
      let spelled =
        words.map { words in
          SpelledWords(piece, lookUps: words.lookUp(piece), spelling: words.spelling(of:))
        } ?? SpelledWords(lookUps: piece)
      return encoder(spelled, steps: 1, mode: .prediction)
        .reshaped(to: [piece.count, vectorSize])
    }
    return pieces.count == 1 ? pieces[0].value : Variable.concatenate(pieces).value
  }
}

extension Tensor {
  /// The rows of a matrix.
  fileprivate var rows: [[Float]] {
    let columns = shape[1]
    return withUnsafeBufferPointer { scalars in
      (0..<shape[0]).map { Array(scalars[$0 * columns..<($0 + 1) * columns]) }
    }
  }
}

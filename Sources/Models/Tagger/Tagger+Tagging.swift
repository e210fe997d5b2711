import CKernels
import Corpora
import Recurrent
import Tensors

extension Tagger {
  /// Places T·B of a batch in prediction.
  private static let batchTokens = 2048
  /// Words of a sentence that are read at once; a longer one is read in equal pieces, each by itself, so
  /// that memory stays bounded.
  static let longestSentence = 1000

  /// The label of each word of each sentence.
  ///
  /// A sentence's labels do not depend on the others. Words that did not occur in training are
  /// composed from their characters like all others if words are composed at all; of a word of more
  /// than 64 characters the first and the last 32 are looked at. A sentence of more than 1,000 words is
  /// read in equal pieces of at most as many.
  public func tag(_ sentences: [[String]]) -> [[String]] {
    let names = labels.tokens
    return labelIDs(of: sentences).map { $0.map { names[Int($0)] } }
  }

  /// The numbers of the labels of each word.
  func labelIDs(of sentences: [[String]]) -> [[Int32]] {
    let pieces = sentences.indices.flatMap { sentence in
      let words = sentences[sentence]
      return equalPieces(of: words.count, longest: Self.longestSentence).map { piece in
        (sentence: sentence, words: words[piece])
      }
    }
    let read = sequences(pieces.map(\.words))
    var labelled = [[Int32]](repeating: [], count: pieces.count)
    // There are no sentences without pieces but empty ones.
    let batches = try? LengthBatches(
      lengths: read.lengths, batch: 256, maximumTokens: Self.batchTokens)
    for batch in batches?.sorted ?? [] {
      for (piece, labels) in zip(batch, labelIDs(of: read.batch(batch))) {
        labelled[piece] = labels
      }
    }
    var result = [[Int32]](repeating: [], count: sentences.count)
    for (piece, labels) in zip(pieces, labelled) { result[piece.sentence] += labels }
    return result
  }

  private func labelIDs(of batch: WordBatch) -> [[Int32]] {
    let scores = output(read(batch, mode: .prediction), mode: .prediction).value
    let labels: [Int32]
    if let field {
      labels = field.decode(scores, lengths: batch.lengths, allowing: allowed).labels
    } else if let allowed {
      // A field of zeros: each word's label by itself, as far as it is allowed.
      labels =
        LinearChainCRF(labels: self.labels.count)
        .decode(scores, lengths: batch.lengths, allowing: allowed).labels
    } else {
      let count = self.labels.count
      labels = scores.withUnsafeBufferPointer { scores in
        (0..<batch.steps * batch.count).map {
          Int32(unroll_argmax(count, scores.baseAddress! + $0 * count))
        }
      }
    }
    return (0..<batch.count).map { row in
      (0..<Int(batch.lengths[row])).map { labels[$0 * batch.count + row] }
    }
  }
}

/// How well a tagger labels sentences.
public struct TaggerEvaluation: Sendable, Equatable {
  /// Sentences.
  public var sentences: Int
  /// Words with the right label: those that occurred in training, and the others.
  public var accuracy: LabelAccuracy
  /// Spans found; nil if the labels say nothing about spans.
  public var spans: SpanScores?
}

extension Tagger {
  /// Labels `sentences`, and counts what is right.
  ///
  /// - Parameter refusesUnseen: whether a label that did not occur in training is an error; else no label
  ///   is right there.
  /// - Throws: `CorpusError` that names the line of such a label.
  public func evaluate(
    _ sentences: [LabelledSentence], refusesUnseen: Bool = true
  ) throws(CorpusError) -> TaggerEvaluation {
    // Before the work, so that a wrong file is found out at once.
    var expected: [[Int32]] = []
    for sentence in sentences {
      expected.append(try labelIDs(sentence, refusesUnseen: refusesUnseen))
    }
    let found = labelIDs(of: sentences.map(\.words))
    var accuracy = LabelAccuracy()
    var spans = spanLabels.map { _ in SpanScores() }
    for (index, sentence) in sentences.enumerated() {
      for (place, word) in sentence.words.enumerated() {
        accuracy.add(
          isCorrect: expected[index][place] == found[index][place],
          isKnown: vocabulary.contains(word))
      }
      guard let spanLabels, let right = SpanLabel.meanings(sentence.labels) else { continue }
      spans?.add(expected: right, predicted: found[index].map { spanLabels[Int($0)] })
    }
    return TaggerEvaluation(sentences: sentences.count, accuracy: accuracy, spans: spans)
  }
}

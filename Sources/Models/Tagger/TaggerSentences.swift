import Corpora
import Recurrent
import Tensors

/// Sentences side by side, as a tagger reads them.
struct TaggerBatch {
  /// The words, T·B time-major; any where a sentence has ended.
  var words: SpelledWords
  /// T, the words of the longest sentence.
  var steps: Int
  /// The words of each sentence, [B].
  var lengths: [Int32]

  /// B.
  var count: Int { lengths.count }
}

/// Sentences with their words by number: as they are spelled, and as they are looked up.
struct TaggerSentences {
  private let lexicon: Lexicon
  /// The counts of the words that can be looked up.
  private let counts: [Int]
  /// Of all sentences, one after the other.
  private var words: [Int32] = []
  private var lookUps: [Int32] = []
  /// Sentence i is places `offsets[i] ..< offsets[i + 1]`.
  private var offsets = [0]

  /// `sentences` as `model` reads them.
  init(_ sentences: some Collection<some Collection<String>>, for model: Tagger) {
    var lexicon = model.speller
    for sentence in sentences {
      for word in sentence {
        if model.encoder.composer != nil { words.append(lexicon.insert(word)) }
        lookUps.append(model.lookUp(word))
      }
      offsets.append(lookUps.count)
    }
    self.lexicon = lexicon
    counts = model.lookUps.counts
  }

  /// The number of sentences.
  var count: Int { offsets.count - 1 }
  /// The number of words.
  var wordCount: Int { lookUps.count }
  /// The words of each sentence.
  var lengths: [Int] { (0..<count).map { offsets[$0 + 1] - offsets[$0] } }

  /// Some sentences, not empty, side by side.
  ///
  /// - Parameter dropout: the probability with which a word that occurs only once is looked up as
  ///   `<unk>`, in training.
  func batch(_ sentences: [Int], dropout: Float = 0, mode: Mode = .prediction) -> TaggerBatch {
    let lengths = sentences.map { offsets[$0 + 1] - offsets[$0] }
    precondition(lengths.allSatisfy { $0 > 0 }, "a sentence without words in a batch")
    let steps = lengths.max() ?? 0
    // Beyond the end of a sentence stands a word that is there anyway.
    let places = (0..<steps).flatMap { step in
      sentences.indices.map { row in
        offsets[sentences[row]] + min(step, lengths[row] - 1)
      }
    }
    var rows = places.map { lookUps[$0] }
    if dropout > 0, case .training(let key) = mode {
      let drawn = key.uniform(rows.count)
      for place in rows.indices where counts[Int(rows[place])] == 1 && drawn[place] < dropout {
        rows[place] = 0
      }
    }
    let spelled =
      words.isEmpty
      ? SpelledWords(lookUps: rows)
      : SpelledWords(places.map { words[$0] }, lookUps: rows, spelling: lexicon.spelling(of:))
    return TaggerBatch(words: spelled, steps: steps, lengths: lengths.map(Int32.init))
  }
}

extension Tagger {
  /// The row of `word` in the table; that of `<unk>`, 0, if it has none.
  func lookUp(_ word: String) -> Int32 {
    lookUps.id(of: configuration.lowercases ? word.lowercased() : word) ?? 0
  }

  /// The labels of `sentence` by number.
  ///
  /// - Parameter refusesUnseen: whether a label that did not occur in training is an error; else it is -1.
  /// - Throws: `CorpusError` that names its line.
  func labelIDs(
    _ sentence: LabelledSentence, refusesUnseen: Bool
  ) throws(CorpusError) -> [Int32] {
    var ids: [Int32] = []
    for (index, label) in sentence.labels.enumerated() {
      guard let id = labels.id(of: label) else {
        guard refusesUnseen else {
          ids.append(-1)
          continue
        }
        throw sentence.fault(
          index,
          "the label \(label.debugDescription) does not occur in the training data, expected one of "
            + "its \(labels.count)")
      }
      ids.append(id)
    }
    return ids
  }
}

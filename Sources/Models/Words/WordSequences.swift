import Corpora
import Recurrent
import Tensors

/// Sentences side by side, as a model reads them.
struct WordBatch {
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
struct WordSequences {
  private let lexicon: Lexicon?
  /// The counts of the words that can be looked up.
  private let counts: [Int]
  /// Of all sentences, one after the other.
  private var words: [Int32] = []
  private var lookUps: [Int32] = []
  /// Sentence i is places `offsets[i] ..< offsets[i + 1]`.
  private var offsets = [0]

  /// `sentences` as a model reads them.
  ///
  /// - Parameters:
  ///   - speller: spells words; nil where they are only looked up.
  ///   - table: the words that can be looked up, `<unk>` with the number 0.
  ///   - lowercases: whether they are looked up in lower case.
  init(
    _ sentences: some Collection<some Collection<String>>, speller: Lexicon?,
    table: Vocabulary, lowercases: Bool
  ) {
    var lexicon = speller
    for sentence in sentences {
      for word in sentence {
        if let number = lexicon?.insert(word) { words.append(number) }
        lookUps.append(table.id(of: lowercases ? word.inLowerCase : word) ?? 0)
      }
      offsets.append(lookUps.count)
    }
    self.lexicon = lexicon
    counts = table.counts
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
  func batch(_ sentences: [Int], dropout: Float = 0, mode: Mode = .prediction) -> WordBatch {
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
      lexicon.map { lexicon in
        SpelledWords(places.map { words[$0] }, lookUps: rows, spelling: lexicon.spelling(of:))
      } ?? SpelledWords(lookUps: rows)
    return WordBatch(words: spelled, steps: steps, lengths: lengths.map(Int32.init))
  }
}

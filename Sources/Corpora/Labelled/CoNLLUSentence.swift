/// The ten columns of CoNLL-U (Universal Dependencies, version 2), counted from 1.
public enum CoNLLUColumn: Int, Sendable, CaseIterable {
  /// The word's number in its sentence.
  case id = 1
  /// The word as it is written.
  case form
  /// Its dictionary form.
  case lemma
  /// The universal part of speech.
  case upos
  /// The part of speech of the language or the treebank.
  case xpos
  /// Morphological features.
  case feats
  /// The number of the word that it depends on.
  case head
  /// The relation to that word.
  case deprel
  /// The enhanced dependencies.
  case deps
  /// Everything else.
  case misc

  /// What the format calls it.
  var title: String { "\(self)".uppercased() }
}

/// A word of a CoNLL-U sentence; `_` stands for what is not given.
public struct CoNLLUWord: Sendable, Equatable {
  /// FORM, the word as it is written.
  public var form: String
  /// LEMMA.
  public var lemma: String
  /// UPOS, the universal part of speech.
  public var upos: String
  /// XPOS, the part of speech of the treebank.
  public var xpos: String
  /// FEATS, such as `Number=Sing|Person=3`; `_` for none.
  public var feats: String
  /// HEAD, the number (from 1) of the word that this one depends on, 0 for the root, nil for `_`.
  public var head: Int?
  /// DEPREL, the relation to the head.
  public var deprel: String
  /// DEPS, the enhanced dependencies.
  public var deps: String
  /// MISC.
  public var misc: String
  /// The line of the file that it stands in, from 1.
  public var line: Int
}

/// A sentence of a CoNLL-U file.
public struct CoNLLUSentence: Sendable, Equatable {
  /// A line between the words that is no word: a range of words that are written as one (`3-4`), or an
  /// empty node (`5.1`).
  public struct Interlude: Sendable, Equatable {
    /// How many words stand before it.
    public var wordsBefore: Int
    /// The line as it is.
    public var text: String
  }

  /// The lines before the first word, each with its `#`.
  public var comments: [String]
  /// The words; word i has the number i + 1.
  public var words: [CoNLLUWord]
  /// Ranges and empty nodes, in the order in which they stand.
  public var interludes: [Interlude]

  /// The sentence in CoNLL-U, its empty line included.
  public var text: String {
    var text = ""
    for comment in comments { text += comment + "\n" }
    var interludes = interludes[...]
    for index in 0...words.count {
      while let interlude = interludes.first, interlude.wordsBefore == index {
        text += interlude.text + "\n"
        interludes.removeFirst()
      }
      guard index < words.count else { break }
      let word = words[index]
      text += [
        "\(index + 1)", word.form, word.lemma, word.upos, word.xpos, word.feats,
        word.head.map { "\($0)" } ?? "_", word.deprel, word.deps, word.misc,
      ].joined(separator: "\t")
      text += "\n"
    }
    return text + "\n"
  }
}

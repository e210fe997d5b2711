/// What a text is cut into, to be read or written by an encoder-decoder one unit a step.
///
/// White space is the same for all kinds, that of ``Tokenizer/words``; a line feed is white space too.
/// What kind of it stands in a text is not kept, nor how much of it.
public enum UnitKind: String, Sendable, Codable, CaseIterable {
  /// What stands between white space: text that is tokenised already, or phonemes.
  case tokens
  /// Words, numbers, and punctuation marks and symbols one by one. A unit with white space before it begins
  /// with ``Segmenter/spaceMark``, as does the first one, so that a text can be put together again.
  case words
  /// Unicode scalars, ``Segmenter/spaceMark`` where white space stands between two of them.
  case characters
  /// The pieces that a ``BytePairEncoding`` makes of ``words``.
  case bytePairs = "bpe"
}

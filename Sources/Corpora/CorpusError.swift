/// What can go wrong between a text file and its batches; ``description`` is one line.
public enum CorpusError: Error, Equatable, Sendable {
  /// The file cannot be read: it is missing, a directory, or closed to us.
  case unreadable(path: String, reason: String)
  /// There is nothing in the file.
  case empty(path: String)
  /// A byte that is not UTF-8; `line` counts from 1, `offset` is in bytes from 0.
  case notUTF8(path: String, line: Int, offset: Int)
  /// There are too few tokens for this many streams; `largestBatch` is 0 where no batch fits.
  case tooShort(tokens: Int, batch: Int, largestBatch: Int)
  /// There is no sentence to make a batch of.
  case noSentences
  /// A token that the vocabulary lacks, while the vocabulary has no unknown token; `line` counts
  /// from 1.
  case unknownToken(token: String, line: Int)
  /// A line that is not of the format that its file should have; `line` counts from 1.
  case malformed(path: String, line: Int, detail: String)
  /// A vocabulary that contradicts itself, or cannot be made as asked.
  case invalidVocabulary(detail: String)
  /// Merges of a byte-pair encoding that contradict themselves.
  case invalidMerges(detail: String)
}

extension CorpusError: CustomStringConvertible {
  /// What was found, where, and what was expected.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "cannot read \(path): \(reason)"
    case .empty(let path):
      "\(path) is empty, expected text"
    case .notUTF8(let path, let line, let offset):
      "\(path):\(line): the byte at offset \(offset) is not UTF-8, expected UTF-8 text"
    case .tooShort(let tokens, let batch, let largestBatch):
      "the text has \(tokens) \(tokens == 1 ? "token" : "tokens"), too few for a batch of \(batch); "
        + (largestBatch > 0
          ? "the largest batch that fits is \(largestBatch)" : "at least 2 tokens are needed")
    case .noSentences:
      "the text has no sentences"
    case .unknownToken(let token, let line):
      "line \(line): \(token.debugDescription) is not in the vocabulary, which has no unknown token"
    case .malformed(let path, let line, let detail):
      "\(path):\(line): \(detail)"
    case .invalidVocabulary(let detail):
      "invalid vocabulary: \(detail)"
    case .invalidMerges(let detail):
      "invalid merges: \(detail)"
    }
  }
}

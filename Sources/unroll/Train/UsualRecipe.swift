import Models
import Recurrent

/// What a `train` verb takes where it is not told otherwise, and what its help calls things.
///
/// The groups of flags that several verbs share are generic in it, so that each verb's help names its own
/// defaults. A verb holds its groups side by side, no group within another: in debug builds the parser
/// checks what is in a group four times for each level that it lies below the verb.
protocol UsualRecipe {
  /// What the network reads, step by step: "token", "word".
  static var input: String { get }
  /// What it reads at once: "window", "sentence".
  static var sequence: String { get }

  static var cell: CellKind { get }
  static var hidden: Int { get }
  static var layers: Int { get }

  /// The features of a word's vector; nil for as many as a layer has units.
  static var embedding: Int? { get }
  static var words: WordSource { get }
  static var characterEmbedding: Int { get }
  static var characterHidden: Int { get }

  static var dropout: Double { get }
  /// Where a quick run drops another share.
  static var quickDropout: Double? { get }

  /// Whether it is a decoder, which begins from a source and carries a state: help leaves out what it refuses.
  static var isDecoder: Bool { get }

  static var epochs: Int { get }
  static var schedule: ScheduleKind { get }
}

extension UsualRecipe {
  static var input: String { "word" }
  static var sequence: String { "sentence" }
  static var cell: CellKind { .lstm }
  static var layers: Int { 1 }
  static var embedding: Int? { 100 }
  static var words: WordSource { .lookup }
  static var characterEmbedding: Int { 50 }
  static var characterHidden: Int { 150 }
  static var dropout: Double { 0 }
  static var quickDropout: Double? { nil }
  static var isDecoder: Bool { false }
  static var epochs: Int { 10 }
  static var schedule: ScheduleKind { .constant }
}

/// A recurrent language model's.
enum UsualLanguageModel: UsualRecipe {
  static let input = "token"
  static let sequence = "window"
  static let hidden = 256
  static let layers = 2
  static let embedding: Int? = nil
}

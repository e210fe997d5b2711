@testable import Corpora

/// Texts of what is hard to cut: marks, joiners, emoji, white space of all kinds, the mark of spaces itself.
enum RandomTexts {
  private static let pieces = [
    "a", "B", "é", "e\u{301}", "\u{301}", "\u{301}", "'", "\u{2019}", "-", ".", "?", "7", "²", "Ⅷ",
    " ", "  ", "\n", "\t", "\u{A0}", "\u{202F}", "\u{3000}", "\u{1F}", "\r\n", "\u{2028}",
    "▁", "▁", "▁\u{301}", "👩‍👩‍👧", "🇫🇷", "👍🏽", "中", "ا", "\u{200D}", "\u{200C}", "\u{AD}",
    "ß", "İ", "Σ", "\u{2BC}", "_", "<unk>", "\u{FFFD}", "\u{10FFFF}", "\u{1D49E}", "don't",
    "l\u{2019}eau",
  ]

  static func make(_ count: Int, seed: UInt64) -> [String] {
    var random = SplitMix64(seed: seed, epoch: 0)
    return (0..<count).map { _ in
      (0..<random.below(14)).map { _ in pieces[Int(random.below(UInt64(pieces.count)))] }.joined()
    }
  }

  /// `text` as units are to give it back.
  static func normalised(_ text: String) -> String {
    Tokenizer.words.tokens(of: text).joined(separator: " ")
  }
}

extension String {
  /// Equality of scalars, where `==` takes "é" as one scalar and as two for equal.
  func isIdentical(to other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

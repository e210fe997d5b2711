/// How a sentence is cut into the tokens that ``BLEU`` compares. Scores of different tokenizations are not
/// comparable (Post 2018).
public enum BLEUTokenization: String, Sendable, CaseIterable {
  /// NIST's script `mteval-v13a`, with which results are usually published: marks and symbols of ASCII are
  /// tokens, but not apostrophes, nor hyphens except behind a digit, nor periods and commas between digits.
  case mteval13a = "13a"
  /// NIST's script `mteval-v14`: marks and symbols of all scripts are tokens, but not marks between numbers.
  case international = "intl"
  /// Each Unicode scalar is a token, for scripts without spaces; white space is none.
  case characters = "char"
  /// What is between white space, for text that is in tokens already.
  case none = "none"

  /// The tokens of `sentence`.
  public func tokens(of sentence: String) -> [String] {
    tokens(of: Array(sentence.unicodeScalars)).map {
      var token = String.UnicodeScalarView()
      token.append(contentsOf: $0)
      return String(token)
    }
  }

  func tokens(of sentence: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
    switch self {
    case .mteval13a: Self.mteval13a(sentence.withoutTrailingSpace).words
    case .international: Self.international(sentence.withoutTrailingSpace).words
    case .characters:
      sentence.indices.filter { !sentence[$0].isBetweenWords }.map { sentence[$0...$0] }
    case .none: sentence.words
    }
  }

  private static func mteval13a(_ sentence: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var text = sentence.replacing("<skipped>", with: "")
      .replacing("-\n", with: "").replacing("\n", with: " ")
    if text.contains("&") {
      text = text.replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
        .replacing("&lt;", with: "<").replacing("&gt;", with: ">")
    }
    // The spaces stand in for neighbours that the first and the last scalar lack.
    return ([" "] + text + [" "])
      .spacing(isSeparateMark)
      .spacing(.behind, { !isDigit($0) }, isPeriodOrComma)
      .spacing(.before, isPeriodOrComma, { !isDigit($0) })
      .spacing(.behind, isDigit, { $0 == "-" })
  }

  private static func international(_ sentence: [Unicode.Scalar]) -> [Unicode.Scalar] {
    sentence
      .spacing(.behind, { !isNumber($0) }, isPunctuation)
      .spacing(.before, isPunctuation, { !isNumber($0) })
      .spacing(isSymbol)
  }

  /// Marks and symbols of ASCII, but for apostrophe, comma, hyphen and period.
  private static func isSeparateMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "!"..."&", "("..."+", "/", ":"..."@", "["..."`", "{"..."~": true
    default: false
    }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { "0"..."9" ~= scalar }

  private static func isPeriodOrComma(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "." || scalar == ","
  }

  private static func isNumber(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      true
    default: false
    }
  }

  private static func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: true
    default: false
    }
  }
}

extension String {
  /// This text as one field of one line: white space and control characters are written by their numbers,
  /// as `\u{a}`.
  package var fieldSpelling: String {
    var field = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if scalar.properties.isWhitespace || scalar.value < 0x20 {
        field.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      } else {
        field.append(scalar)
      }
    }
    return String(field)
  }
}

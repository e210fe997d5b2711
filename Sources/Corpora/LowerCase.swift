extension String {
  /// In lower case by the scalar, as Python's `str.lower` and so the scripts that published scores come from
  /// have it. The standard library does the same, but for the sigma that Greek has for the end of a word.
  package var inLowerCase: String {
    guard unicodeScalars.contains("Σ") else { return lowercased() }
    let scalars = Array(unicodeScalars)
    var result = UnicodeScalarView()
    for (place, scalar) in scalars.enumerated() {
      if scalar == "Σ" {
        result.append(scalars.isEndOfWord(place) ? "ς" : "σ")
      } else {
        result += scalar.properties.lowercaseMapping.unicodeScalars
      }
    }
    return String(result)
  }
}

extension [Unicode.Scalar] {
  /// Unicode's condition Final_Sigma: a letter with case is before `place` and none behind it, where marks and
  /// apostrophes do not count.
  fileprivate func isEndOfWord(_ place: Int) -> Bool {
    let before = self[..<place].last { !$0.properties.isCaseIgnorable }
    let after = self[(place + 1)...].first { !$0.properties.isCaseIgnorable }
    return before?.properties.isCased == true && after?.properties.isCased != true
  }
}

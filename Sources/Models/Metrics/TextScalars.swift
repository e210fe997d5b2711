// Tokens are compared scalar by scalar, as the scripts do that published scores come from. Swift's strings
// are equal too where only the composition of their letters differs, which would give other scores.

extension Unicode.Scalar {
  /// Whether it stands between words: white space in Unicode's sense, and the four separators of ASCII,
  /// which Python's `split` takes for space as well.
  var isBetweenWords: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20: true
    case ..<0x80: false
    default: properties.isWhitespace
    }
  }
}

extension [Unicode.Scalar] {
  /// The words between white space.
  var words: [ArraySlice<Unicode.Scalar>] { split(whereSeparator: \.isBetweenWords) }

  /// Without white space at the end.
  var withoutTrailingSpace: [Unicode.Scalar] {
    Array(self[..<((lastIndex { !$0.isBetweenWords } ?? -1) + 1)])
  }

  /// With `new` in place of every `old`, found from left to right.
  func replacing(_ old: String, with new: String) -> [Unicode.Scalar] {
    let (old, new) = (Array(old.unicodeScalars), new.unicodeScalars)
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(count)
    var place = 0
    while place < count {
      if self[place] == old[0], self[place...].starts(with: old) {
        result += new
        place += old.count
      } else {
        result.append(self[place])
        place += 1
      }
    }
    return result
  }

  /// With a space between each two neighbours that fit, and another before or behind them. Pairs are
  /// found from left to right and do not overlap, as a regular expression finds them.
  func spacing(
    _ extra: ExtraSpace, _ first: (Unicode.Scalar) -> Bool, _ second: (Unicode.Scalar) -> Bool
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(count + count / 4)
    var place = 0
    while place < count {
      if place + 1 < count, first(self[place]), second(self[place + 1]) {
        if extra == .before { result.append(" ") }
        result += [self[place], " ", self[place + 1]]
        if extra == .behind { result.append(" ") }
        place += 2
      } else {
        result.append(self[place])
        place += 1
      }
    }
    return result
  }

  /// With spaces around each scalar that fits.
  func spacing(_ scalar: (Unicode.Scalar) -> Bool) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(count + count / 4)
    for each in self {
      if scalar(each) { result += [" ", each, " "] } else { result.append(each) }
    }
    return result
  }
}

/// On which side of a pair the second space goes.
enum ExtraSpace {
  case before
  case behind
}

/// A file of lines, each by itself.
public enum LinesFile {
  /// The lines of the file at `path`. Throws what ``TextFile/read(_:)`` throws.
  public static func read(_ path: String) throws(CorpusError) -> [String] {
    lines(of: try TextFile.read(path)).map { String($0) }
  }
}

extension LinesFile {
  /// A file that is to stand beside another, line by line.
  struct Side {
    var path: String
    var count: Int
    /// What one of its lines is to those of the other.
    var role: String

    fileprivate var counted: String { "\(count) \(count == 1 ? "line" : "lines")" }
  }

  /// What is wrong with two files of different length: the first line of the longer one without a partner.
  static func unequal(_ first: Side, _ second: Side) -> CorpusError {
    let (shorter, longer) = first.count < second.count ? (first, second) : (second, first)
    return .malformed(
      path: longer.path, line: shorter.count + 1,
      detail: "the line has no \(shorter.role), as \(first.path) has \(first.counted) and "
        + "\(second.path) \(second.counted), expected as many")
  }
}

/// The lines of `text` without their ends, LF or CR LF.
func lines(of text: String) -> [Substring] {
  var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
  // What follows the last line feed is no line.
  if lines.last?.isEmpty == true { lines.removeLast() }
  let carriageReturn = UInt8(ascii: "\r")
  return lines.map { Substring($0.last == carriageReturn ? $0.dropLast() : $0) }
}

/// Whether there is no token in `line`, which is UTF-8 as all strings are.
func isBlank(_ line: Substring) -> Bool {
  var line = line
  return line.withUTF8 { line in
    var index = 0
    while index < line.count {
      let space = whiteSpaceLength(line, at: index)
      if space == 0 { return false }
      index += space
    }
    return true
  }
}

/// Where lines and their translations are found.
public enum ParallelFile: Sendable, Equatable {
  /// Two files: line i of `target` is the translation of line i of `source`.
  case pair(source: String, target: String)
  /// One file of lines with source, tab and target, as lists of words and their phonemes are.
  case tabbed(String)
}

extension ParallelFile {
  /// Sources and targets, as many of one as of the other.
  typealias Sides = (sources: [Substring], targets: [Substring])

  func read() throws(CorpusError) -> Sides {
    switch self {
    case .pair(let source, let target):
      try Self.sides(
        sources: TextFile.read(source), of: source, targets: TextFile.read(target), of: target)
    case .tabbed(let path): try Self.sides(tabbed: TextFile.read(path), name: path)
    }
  }

  /// The lines of two texts, which came from what errors are to call `source` and `target`.
  static func sides(
    sources: String, of source: String, targets: String, of target: String
  ) throws(CorpusError) -> Sides {
    let (sources, targets) = (lines(of: sources), lines(of: targets))
    guard sources.count == targets.count else {
      throw LinesFile.unequal(
        .init(path: source, count: sources.count, role: "source"),
        .init(path: target, count: targets.count, role: "translation"))
    }
    return (sources, targets)
  }

  /// The pairs of `text`, which came from what errors are to call `name`.
  static func sides(tabbed text: String, name: String) throws(CorpusError) -> Sides {
    var sides: Sides = ([], [])
    for (index, line) in lines(of: text).enumerated() {
      let columns = columns(of: line)
      guard columns.count == 2 else {
        let found = columns.count == 1 ? "no tab" : "\(columns.count - 1) tabs"
        throw .malformed(
          path: name, line: index + 1,
          detail: "\(found) in \(quoted(line)), expected a source, a tab and a target")
      }
      sides.sources.append(columns[0])
      sides.targets.append(columns[1])
    }
    return sides
  }

  /// What stands between the tabs of `line`.
  static func columns(of line: Substring) -> [Substring] {
    // By bytes: a combining mark behind a tab would make it one character with the tab.
    line.utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
      .map { Substring($0) }
  }
}

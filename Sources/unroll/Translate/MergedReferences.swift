import Corpora

/// A file of sources and references of which lines with the same source are one, and what systems say of it.
struct MergedReferences {
  private let path: String
  private let table: ReferenceSet
  private let merged: ReferenceSet

  init(reading path: String) throws {
    self.path = path
    table = try ReferenceSet(reading: path)
    merged = table.grouped
  }

  /// Of each different source.
  var references: [[String]] { merged.references }

  /// What a system says of each different source: its lines, if it has as many, or one for each line of the table
  /// that is the same wherever the source is.
  ///
  /// - Throws: `Failure` for another number of lines, and for two translations of one source: which of them counts,
  ///   no rule could say.
  func translations(in system: String) throws -> [String] {
    let lines = try LinesFile.read(system)
    if lines.count == merged.count { return lines }
    guard lines.count == table.count else {
      let count = Format.plural(merged.count, "line")
      throw Failure(
        "\(system) has \(Format.plural(lines.count, "line")); expected \(count), "
          + (merged.count < table.count
            ? "one for each different source of \(path), or \(Format.count(table.count)), one for each of "
              + "its lines" : "as \(path) has"))
    }
    // Sources are told apart by their bytes, as merged ones are.
    var places: [[UInt8]: Int] = [:]
    var found: [String] = []
    for (index, source) in table.sources.enumerated() {
      let bytes = Array(source.utf8)
      guard let first = places[bytes] else {
        places[bytes] = index
        found.append(lines[index])
        continue
      }
      guard lines[first].utf8.elementsEqual(lines[index].utf8) else {
        throw Failure(
          "\(system):\(index + 1): the source is that of line \(first + 1) (\(path)), and the translation is "
            + "another; expected the same")
      }
    }
    return found
  }
}

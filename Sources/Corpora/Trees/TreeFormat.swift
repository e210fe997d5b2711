/// How trees are written in a file.
public enum TreeFormat: String, Sendable, Codable, CaseIterable {
  /// ``BracketReader``
  case brackets
  /// ``DependencyTreeReader``
  case conllu
  /// ``JSONTreeReader``
  case json
  /// ``ListOpsReader``
  case listOps = "listops"

  /// The trees of `text`, read from what errors are to call `name`, and taken as `reading` says. Throws
  /// ``TreeError`` or ``CorpusError``.
  public func read(
    _ text: String, name: String, as reading: TreeReading = .trees
  ) throws -> TreeBank {
    switch self {
    case .brackets: try BracketReader.read(text, name: name).taken(reading)
    case .conllu: try DependencyTreeReader.read(text, name: name).taken(reading)
    case .json: try JSONTreeReader.read(text, name: name).taken(reading)
    // Its readings are the published ones, in which brackets are words.
    case .listOps: try ListOpsReader.read(text, name: name, as: reading)
    }
  }

  /// The trees of the file at `path`, at least one. Throws ``TreeError`` or ``CorpusError``.
  public func read(file path: String, as reading: TreeReading = .trees) throws -> TreeBank {
    let bank = try read(TextFile.read(path), name: path, as: reading)
    guard !bank.trees.isEmpty else {
      throw TreeError(file: path, line: 1, fault: "no trees in it, expected at least one")
    }
    return bank
  }
}

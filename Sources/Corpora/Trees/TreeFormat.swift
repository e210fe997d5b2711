/// How trees are written in a file.
public enum TreeFormat: String, Sendable, Codable, CaseIterable {
  /// ``BracketReader``
  case brackets
  /// ``DependencyTreeReader``
  case conllu
  /// ``JSONTreeReader``
  case json

  /// The trees of `text`, read from what errors are to call `name`. Throws ``TreeError`` or ``CorpusError``.
  public func read(_ text: String, name: String) throws -> TreeBank {
    switch self {
    case .brackets: try BracketReader.read(text, name: name)
    case .conllu: try DependencyTreeReader.read(text, name: name)
    case .json: try JSONTreeReader.read(text, name: name)
    }
  }

  /// The trees of the file at `path`, at least one. Throws ``TreeError`` or ``CorpusError``.
  public func read(file path: String) throws -> TreeBank {
    let bank = try read(TextFile.read(path), name: path)
    guard !bank.trees.isEmpty else {
      throw TreeError(file: path, line: 1, fault: "no trees in it, expected at least one")
    }
    return bank
  }
}

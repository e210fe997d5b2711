/// Trees of a file, and where they stand in it.
public struct TreeBank: Sendable, Equatable {
  /// What errors call the file.
  public let name: String
  /// In the order of the file.
  public let trees: [Tree]
  /// The line in which each tree begins, from 1.
  public let lines: [Int]
  /// The file of each tree, where they come from several; else nil.
  private let files: [String]?

  /// The given trees.
  public init(name: String, trees: [Tree], lines: [Int]) {
    precondition(trees.count == lines.count, "\(lines.count) lines for \(trees.count) trees")
    self.name = name
    self.trees = trees
    self.lines = lines
    files = nil
  }

  /// The trees of several files as one bank, at least one of which there is; a tree keeps its line.
  public init(_ banks: [TreeBank]) {
    name = banks.map(\.name).joined(separator: ", ")
    trees = banks.flatMap(\.trees)
    lines = banks.flatMap(\.lines)
    files = banks.flatMap { bank in bank.trees.map { _ in bank.name } }
  }

  /// The same places with other trees.
  private init(_ bank: TreeBank, trees: [Tree]) {
    (name, self.trees, lines, files) = (bank.name, trees, bank.lines, bank.files)
  }

  /// The same trees, each taken as `reading` says.
  public func taken(_ reading: TreeReading) -> TreeBank {
    reading == .trees ? self : TreeBank(self, trees: trees.map { reading($0) })
  }

  /// The error of tree `index`, which lacks a label at its root.
  public func missingLabel(inTree index: Int) -> TreeError {
    error(
      "a tree without a label at its root, expected one: (x …), # label = x, or {\"label\": x, …}",
      inTree: index)
  }

  /// The error of a fault in tree `index`.
  public func error(_ fault: String, inTree index: Int) -> TreeError {
    TreeError(file: files?[index] ?? name, line: lines[index], fault: fault)
  }
}

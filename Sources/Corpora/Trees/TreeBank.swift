/// Trees of a file, and where they stand in it.
public struct TreeBank: Sendable, Equatable {
  /// What errors call the file.
  public let name: String
  /// In the order of the file.
  public let trees: [Tree]
  /// The line in which each tree begins, from 1.
  public let lines: [Int]

  /// The given trees.
  public init(name: String, trees: [Tree], lines: [Int]) {
    precondition(trees.count == lines.count, "\(lines.count) lines for \(trees.count) trees")
    self.name = name
    self.trees = trees
    self.lines = lines
  }

  /// The trees of several files as one bank, at least one of which there is; a tree keeps its line.
  public init(_ banks: [TreeBank]) {
    self.init(
      name: banks.map(\.name).joined(separator: ", "), trees: banks.flatMap(\.trees),
      lines: banks.flatMap(\.lines))
  }

  /// The error of a fault in tree `index`.
  public func error(_ fault: String, inTree index: Int) -> TreeError {
    TreeError(file: name, line: lines[index], fault: fault)
  }
}

import ModelFiles

/// What is wrong with an ARPA file, and in which of its lines, from 1 on.
public struct ARPAError: Error, Sendable, Equatable {
  /// The file.
  public let path: String
  /// The line, from 1 on.
  public let line: Int
  /// What was found and what was expected.
  public let detail: String
}

extension ARPAError: CustomStringConvertible {
  /// One line, without control characters whatever the file holds.
  public var description: String { "\(printable(path)):\(line): \(printable(detail))" }
}

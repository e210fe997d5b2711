/// What is wrong with a file of trees, and where; ``description`` is one line.
public struct TreeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file's path, or "standard input".
  public let file: String
  /// From 1.
  public let line: Int
  /// In Unicode scalars from 1; nil where all of the line is meant.
  public let column: Int?
  /// What was found and what was expected.
  public let fault: String

  /// A fault at a place.
  public init(file: String, line: Int, column: Int? = nil, fault: String) {
    self.file = file
    self.line = line
    self.column = column
    self.fault = fault
  }

  /// `trees.txt:3:14: ")" closes nothing`
  public var description: String {
    let place = column.map { "\(line):\($0)" } ?? "\(line)"
    return "\(file):\(place): \(fault)"
  }
}

/// A place in a text.
struct TextPlace: Equatable {
  var line = 1
  var column = 1

  /// Moves past a byte of UTF-8: columns count scalars.
  mutating func advance(past byte: UInt8) {
    if byte == UInt8(ascii: "\n") {
      line += 1
      column = 1
    } else if byte & 0xC0 != 0x80 {
      column += 1
    }
  }

  func error(_ fault: String, in file: String) -> TreeError {
    TreeError(file: file, line: line, column: column, fault: fault)
  }
}

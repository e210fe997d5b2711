import Corpora
import Foundation

/// Reads the lines of an open file one by one, each as soon as it has arrived.
struct LineReader {
  private let file: Int32
  /// What errors call the file.
  private let name: String
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false
  private var lineNumber = 0

  init(file: Int32, name: String) {
    self.file = file
    self.name = name
  }

  /// The next line without its end (LF or CR LF), nil after the last. The last line may lack its end.
  ///
  /// - Throws: `Failure` if the file cannot be read or the line is not UTF-8.
  mutating func next() throws -> String? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return try line(buffer[start..<end])
      }
      searched = buffer.count
      if isAtEnd {
        guard start < buffer.count else { return nil }
        defer { start = buffer.count }
        return try line(buffer[start...])
      }
      searched -= start
      buffer.removeFirst(start)
      start = 0
      try fill()
    }
  }

  /// Whether the next line has not arrived yet, so that `next()` would wait for it.
  var wouldWait: Bool {
    if isAtEnd || buffer[start...].contains(UInt8(ascii: "\n")) { return false }
    var arrival = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
    return poll(&arrival, 1, 0) == 0
  }

  private mutating func fill() throws {
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = piece.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Failure("cannot read \(name): \(systemErrorText())") }
      isAtEnd = count == 0
      buffer += piece.prefix(count)
      return
    }
  }

  private mutating func line(_ bytes: ArraySlice<UInt8>) throws -> String {
    lineNumber += 1
    // A byte-order mark is none of the text, here as in `TextFile`.
    let hasMark = lineNumber == 1 && bytes.starts(with: [0xEF, 0xBB, 0xBF])
    let bytes = hasMark ? bytes.dropFirst(3) : bytes
    let line = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
    guard let text = String(validating: line, as: UTF8.self) else {
      throw Failure("\(name):\(lineNumber): the line is not UTF-8, expected UTF-8 text")
    }
    return text
  }
}

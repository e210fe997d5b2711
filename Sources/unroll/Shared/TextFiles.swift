import Corpora
import Foundation

/// The files' texts as one, each beginning on a line of its own.
func readTexts(_ paths: [String]) throws -> String {
  try paths.reduce(into: "") { text, path in
    if let last = text.utf8.last, last != UInt8(ascii: "\n") { text += "\n" }
    text += try TextFile.read(path)
  }
}

/// Opens a file whose lines are to be read one by one.
func openForReading(_ path: String) throws -> Int32 {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw Failure("cannot read \(path): \(systemErrorText())") }
  return file
}

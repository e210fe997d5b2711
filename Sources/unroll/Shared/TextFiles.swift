import Corpora

/// The files' texts as one, each beginning on a line of its own.
func readTexts(_ paths: [String]) throws -> String {
  try paths.reduce(into: "") { text, path in
    if let last = text.utf8.last, last != UInt8(ascii: "\n") { text += "\n" }
    text += try TextFile.read(path)
  }
}

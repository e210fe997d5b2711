import Models

/// What `body` gives. A fault that it finds in a text is told with the file that the text is from.
func naming<Result>(_ file: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch ModelError.unusableText(let fault) {
    throw Failure("\(file): \(fault)")
  }
}

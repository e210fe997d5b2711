/// Why a verb could not do its work: one line for standard error, `unroll: MESSAGE`.
struct Failure: Error, CustomStringConvertible {
  /// What was found, where, and what was expected.
  let description: String
  /// The status the process ends with.
  let status: Int32

  /// The work failed: a bad file, a full disk, a diverging loss.
  init(_ description: String) {
    self.description = description
    status = 1
  }

  private init(_ description: String, status: Int32) {
    self.description = description
    self.status = status
  }

  /// What was asked for makes no sense, whether it was asked by a flag or by a configuration file.
  /// The status is that of a wrong flag (`EX_USAGE` of sysexits).
  static func usage(_ description: String) -> Failure { Failure(description, status: 64) }
}

/// Whoever read the results has left (`unroll generate … | head`): time to end, quietly.
struct ReaderLeft: Error {}

/// The text of an error as one line, whatever line breaks a library has put into it.
func oneLine(_ error: any Error) -> String { oneLine(String(describing: error)) }

/// A text as one line.
func oneLine(_ text: String) -> String {
  text.split(whereSeparator: \.isNewline)
    .map { $0.trimmingWhitespace() }.filter { !$0.isEmpty }.joined(separator: " ")
}

extension StringProtocol {
  /// This text without white space at its ends.
  func trimmingWhitespace() -> String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}

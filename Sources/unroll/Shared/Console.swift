import Foundation

/// Where a verb talks to: results go to standard output, everything else to standard error.
struct Console: Sendable {
  /// Writes a piece of the results at once, so that a reader sees it as it comes.
  let writeResult: @Sendable (String) throws -> Void
  /// Writes to whoever is watching. Never fails: nobody may be there.
  let writeMessage: @Sendable (String) -> Void
  /// Columns of the terminal that messages go to; nil if they go to a file or another program.
  let terminalWidth: @Sendable () -> Int?

  /// A line of the results.
  func result(_ line: String) throws { try writeResult(line + "\n") }

  /// A line for whoever is watching.
  func message(_ line: String) { writeMessage(line + "\n") }
}

extension Console {
  /// The process's own streams.
  static let standard = Console(
    writeResult: { text in
      switch writeAll(Array(text.utf8), to: STDOUT_FILENO) {
      case 0: break
      case EPIPE: throw ReaderLeft()
      case let code:
        throw Failure("standard output: cannot write: \(systemErrorText(code))")
      }
    },
    writeMessage: { text in _ = writeAll(Array(text.utf8), to: STDERR_FILENO) },
    terminalWidth: {
      guard isatty(STDERR_FILENO) == 1 else { return nil }
      var size = winsize()
      let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
      return known ? Int(size.ws_col) : 80
    })
}

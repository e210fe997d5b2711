import Foundation
import Synchronization

@testable import unroll

/// A folder that is gone when the test is over.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("unroll-tests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

/// Writes a file and the folders it lies in.
func write(_ text: String, to path: String) throws {
  try write(Array(text.utf8), to: path)
}

func write(_ bytes: [UInt8], to path: String) throws {
  let url = URL(fileURLWithPath: path)
  try FileManager.default.createDirectory(
    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: url)
}

/// The error that `body` throws, as the one line a user would see; nil if it throws none.
func failureLine(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    return oneLine(error)
  }
}

/// Parses and runs a command; gives what it printed.
@discardableResult
func runVerb(_ arguments: [String]) throws -> (results: String, messages: String) {
  let captured = CapturedConsole()
  let command = try Unroll.parseAsRoot(arguments)
  guard let verb = command as? any Verb else { throw Failure("\(command) is no verb") }
  try verb.run(captured.console)
  return (captured.results, captured.messages)
}

/// A console that keeps what is written to it.
final class CapturedConsole: Sendable {
  private let texts = Mutex((results: "", messages: ""))
  private let width: Int?

  init(terminalWidth: Int? = nil) { width = terminalWidth }

  var results: String { texts.withLock { $0.results } }
  var messages: String { texts.withLock { $0.messages } }

  var console: Console {
    Console(
      writeResult: { text in self.texts.withLock { $0.results += text } },
      writeMessage: { text in self.texts.withLock { $0.messages += text } },
      terminalWidth: { self.width })
  }
}

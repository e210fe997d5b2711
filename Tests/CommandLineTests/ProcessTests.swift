import Foundation
import Testing

/// The built tool as a process: exit codes, streams and signals.
@Suite("The tool as a process", .enabled(if: Tool.path != nil))
struct ProcessTests {
  private let text = (0..<60).map { "line \($0 % 7) of a small text\n" }.joined()

  private func train(_ folder: String, _ output: String, epochs: Int) -> [String] {
    [
      "train", "lm", "--train", folder + "/a.txt", "--output", folder + "/" + output, "--hidden",
      "8", "--layers", "1", "--batch", "2", "--bptt", "10", "--epochs", "\(epochs)", "--dropout",
      "0.2", "--threads", "1",
    ]
  }

  @Test("a wrong flag ends with 64, a wrong file with 1, each with one line on standard error")
  func exitCodes() throws {
    for (arguments, status, part) in [
      (["generate", "m.safetensors", "--lenght", "3"], Int32(64), "--length"),
      (["generate"], 64, "<model>"), (["bench", "train", "--shape", "x"], 64, "lm-small"),
      (["inspect", "/nowhere/m.safetensors"], 1, "/nowhere/m.safetensors"),
    ] {
      let done = try Tool.run(arguments)
      #expect(done.status == status, "\(arguments)")
      #expect(done.results.isEmpty)
      #expect(done.messages.hasPrefix("unroll: ") && done.messages.contains(part))
      #expect(done.messages.filter { $0 == "\n" }.count == 1)
    }
    #expect(try Tool.run(["--help"]).status == 0)
  }

  @Test("Ctrl-C saves, says how to go on, and going on gives the very same model")
  func interrupt() throws {
    try withTemporaryFolder { folder in
      try write(text, to: folder + "/a.txt")
      #expect(try Tool.run(train(folder, "whole.safetensors", epochs: 8)).status == 0)

      let stopped = try Tool.run(train(folder, "model.safetensors", epochs: 8)) { messages in
        messages.contains("training") ? SIGINT : nil
      }
      if stopped.status == 0 { return }  // the machine was faster than the signal
      #expect(stopped.status == 130)
      #expect(!FileManager.default.fileExists(atPath: folder + "/model.safetensors"))
      let command = try #require(stopped.messages.split(separator: "\n").last)
      #expect(command.contains(" train lm --train ") && command.hasSuffix(" --resume"))
      let resumed = try Tool.shell(String(command))
      #expect(resumed.status == 0, "\(resumed.messages)")
      #expect(
        FileManager.default.contentsEqual(
          atPath: folder + "/model.safetensors", andPath: folder + "/whole.safetensors"))
    }
  }

  @Test("a reader that leaves ends it quietly, a full disk with one line")
  func outputs() throws {
    try withTemporaryFolder { folder in
      try write(text, to: folder + "/a.txt")
      #expect(try Tool.run(train(folder, "m.safetensors", epochs: 1)).status == 0)
      let generate = "\(Tool.path ?? "") generate \(folder)/m.safetensors --length 20000"
      let left = try Tool.shell("{ \(generate); echo $? >&2; } | head -c 20")
      #expect(left.messages == "0\n")
      #expect(left.results.utf8.count == 20)
      if FileManager.default.fileExists(atPath: "/dev/full") {
        let full = try Tool.shell("\(generate) > /dev/full")
        #expect(full.status == 1)
        #expect(full.messages == "unroll: standard output: cannot write: No space left on device\n")
      }
    }
  }
}

/// Runs the tool that was built along with the tests.
enum Tool {
  private final class Marker {}

  /// Beside the tests' own bundle; nil if it is not there.
  static let path: String? = {
    let places = [
      Bundle(for: Marker.self).bundleURL, Bundle.main.bundleURL, Bundle.main.executableURL,
    ]
    return places.compactMap(\.self).flatMap {
      [
        $0.appendingPathComponent("unroll"),
        $0.deletingLastPathComponent().appendingPathComponent("unroll"),
      ]
    }.map(\.path).first {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder)
        && !isFolder.boolValue && FileManager.default.isExecutableFile(atPath: $0)
    }
  }()

  struct Done {
    var status: Int32
    var results: String
    var messages: String
  }

  /// - Parameter signalAfter: looks at what was written to standard error so far; the first signal
  ///   that it gives is sent.
  static func run(
    _ arguments: [String], signalAfter: (String) -> Int32? = { _ in nil }
  ) throws -> Done {
    try run(path ?? "", arguments, signalAfter)
  }

  static func shell(_ command: String) throws -> Done {
    try run("/bin/sh", ["-c", command]) { _ in nil }
  }

  private static func run(
    _ tool: String, _ arguments: [String], _ signalAfter: (String) -> Int32?
  ) throws -> Done {
    try withTemporaryFolder { folder in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: tool)
      process.arguments = arguments
      process.standardInput = FileHandle.nullDevice
      // Files, not pipes: nothing to fill up while nobody reads.
      let paths = [folder + "/out", folder + "/err"]
      for path in paths { try write("", to: path) }
      process.standardOutput = FileHandle(forWritingAtPath: paths[0])
      process.standardError = FileHandle(forWritingAtPath: paths[1])
      try process.run()
      while process.isRunning {
        let messages = try String(contentsOfFile: paths[1], encoding: .utf8)
        if let number = signalAfter(messages) {
          kill(process.processIdentifier, number)
          break
        }
        usleep(5000)
      }
      process.waitUntilExit()
      return Done(
        status: process.terminationReason == .exit ? process.terminationStatus : -1,
        results: try String(contentsOfFile: paths[0], encoding: .utf8),
        messages: try String(contentsOfFile: paths[1], encoding: .utf8))
    }
  }
}

import Foundation
import Testing

@testable import Corpora

@Suite("Reading text")
struct TextFileTests {
  @discardableResult
  private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws
    -> Result
  {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("CorporaTests-\(UUID().uuidString).txt")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
  }

  @Test("text comes back as it is, but for a byte-order mark and the CR of CR LF")
  func normalisation() throws {
    let bytes = [0xEF, 0xBB, 0xBF] + Array("a\r\nb\r\r\n\u{FEFF}\ré🙂\r".utf8)
    #expect(try withFile(bytes, TextFile.read) == "a\nb\r\n\u{FEFF}\ré🙂\r")
    #expect(try TextFile.decode(Array("x".utf8), name: "standard input") == "x")
  }

  @Test(
    "a file that is missing, a directory, empty or only a byte-order mark is an error of its own")
  func unreadable() throws {
    let folder = FileManager.default.temporaryDirectory.path
    #expect(throws: CorpusError.unreadable(path: folder + "/none.txt", reason: "no such file")) {
      try TextFile.read(folder + "/none.txt")
    }
    #expect(
      throws: CorpusError.unreadable(
        path: folder, reason: "it is a directory, expected a file")
    ) { try TextFile.read(folder) }
    for bytes in [[], [0xEF, 0xBB, 0xBF]] as [[UInt8]] {
      try withFile(bytes) { path in
        #expect(throws: CorpusError.empty(path: path)) { try TextFile.read(path) }
      }
    }
  }

  @Test("a byte that is not UTF-8 is named by file, line and offset")
  func notUTF8() throws {
    try withFile(Array("ab\nc".utf8) + [0xFF] + Array("d\n".utf8)) { path in
      let error = #expect(throws: CorpusError.self) { try TextFile.read(path) }
      #expect(error == .notUTF8(path: path, line: 2, offset: 4))
      #expect(
        error?.description
          == "\(path):2: the byte at offset 4 is not UTF-8, expected UTF-8 text")
    }
  }

  @Test(
    "validation agrees with the standard library on every sequence of up to three bytes of note")
  func validation() {
    let notable: [UInt8] = [
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
      0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ]
    var disagreements = 0
    func check(_ bytes: [UInt8]) {
      let ours = bytes.withUnsafeBufferPointer(firstInvalidUTF8) == nil
      if ours != (String(validating: bytes, as: UTF8.self) != nil) { disagreements += 1 }
    }
    for first in notable {
      check([first])
      for second in notable {
        check([first, second])
        for third in notable {
          check([first, second, third])
          if first >= 0xF0 { for fourth in notable { check([first, second, third, fourth]) } }
        }
      }
    }
    #expect(disagreements == 0)
  }
}

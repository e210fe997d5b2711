import Foundation
import Testing

@testable import unroll

@Suite("Gathering text")
struct TextGathererTests {
  /// Lines that can be told apart.
  private func lines(_ name: String, _ count: Int) -> String {
    (0..<count).map { "\(name), line \($0), of some length or other\n" }.joined()
  }

  @Test("text is found, everything else is left alone")
  func selection() throws {
    try withTemporaryFolder { folder in
      try write(lines("b", 200), to: folder + "/b.txt")
      try write(lines("a", 200), to: folder + "/deep/er/a.swift")
      try write(lines("hidden", 9), to: folder + "/.hidden/x.txt")
      try write(lines("hidden", 9), to: folder + "/.dot.txt")
      try write(lines("built", 9), to: folder + "/.build-x/x.txt")
      try write(lines("built", 9), to: folder + "/build/x.txt")
      try write(lines("own", 9), to: folder + "/unroll-demo/report.html")
      try write(lines("data", 9), to: folder + "/results.json")
      try write(lines("data", 9), to: folder + "/table.CSV")
      try write([0x50, 0x4B, 0, 1, 2], to: folder + "/binary.zip")
      try write([0xFF, 0xFE, 0x41], to: folder + "/latin1.txt")
      try write(String(repeating: "x", count: 1_000_001), to: folder + "/huge.txt")
      try write("", to: folder + "/empty.txt")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/loop", withDestinationPath: folder)
      let text = try TextGatherer().gather(folder)
      #expect(text.files == ["b.txt", "deep/er/a.swift"])
      let all = Set((text.training + text.heldOut).split(separator: "\n"))
      #expect(all == Set((lines("a", 200) + lines("b", 200)).split(separator: "\n")))
    }
  }

  @Test("about a twelfth is held out, in blocks from all over, and no line is in both parts")
  func heldOut() throws {
    try withTemporaryFolder { folder in
      for name in ["a", "b", "c", "d"] { try write(lines(name, 1000), to: folder + "/\(name).txt") }
      let text = try TextGatherer().gather(folder)
      let total = text.training.count + text.heldOut.count
      #expect(abs(Double(text.heldOut.count) / Double(total) - 1.0 / 12) < 0.03)
      let training = Set(text.training.split(separator: "\n"))
      let heldOut = Set(text.heldOut.split(separator: "\n"))
      #expect(training.isDisjoint(with: heldOut))
      #expect(training.count + heldOut.count == 4000)
      for name in ["a", "b", "c", "d"] { #expect(heldOut.contains { $0.hasPrefix(name) }) }
    }
  }

  @Test("the same folder gives the same text wherever it lies, and no more than asked for")
  func determinism() throws {
    let texts = try (0..<2).map { _ in
      try withTemporaryFolder { folder in
        for name in ["a", "b", "c", "d"] {
          try write(lines(name, 300), to: folder + "/\(name).txt")
        }
        return try TextGatherer(limit: 30_000).gather(folder)
      }
    }
    #expect(texts[0].files == texts[1].files)
    #expect(texts[0].training == texts[1].training)
    #expect(texts[0].characters == 30_000)
  }

  @Test("line ends and byte order marks are made plain")
  func lineEnds() throws {
    try withTemporaryFolder { folder in
      try write(
        "\u{FEFF}" + String(repeating: "one\r\ntwo\r\n", count: 700), to: folder + "/dos.txt")
      let text = try TextGatherer().gather(folder)
      #expect(text.training.hasPrefix("one\ntwo\n"))
      #expect(!text.training.unicodeScalars.contains("\r"))
    }
  }

  @Test("a text without line ends is cut nevertheless")
  func oneLine() throws {
    try withTemporaryFolder { folder in
      try write(String(repeating: "word ", count: 20_000), to: folder + "/line.txt")
      let text = try TextGatherer().gather(folder + "/line.txt")
      #expect(text.heldOut.count > 2000)
      #expect(text.training.count + text.heldOut.count == 100_000)
    }
  }

  @Test("too little text, and none, are refused")
  func tooLittle() throws {
    try withTemporaryFolder { folder in
      try write("a few words", to: folder + "/a.txt")
      #expect(
        failureLine { _ = try TextGatherer().gather(folder) }
          == "\(folder): 11 characters of text in 1 file; expected at least 5,000 to learn from")
      #expect(
        failureLine { _ = try TextGatherer().gather(folder + "/none") }
          == "\(folder)/none: no such file or folder; expected text to learn from")
    }
  }
}

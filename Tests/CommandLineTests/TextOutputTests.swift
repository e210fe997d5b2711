import Foundation
import Testing

@testable import unroll

@Suite("What is printed")
struct TextOutputTests {
  @Test("JSON keeps the order of its members and reads back as what it was")
  func json() throws {
    let value = JSON.members([
      "z": 1, "a": .number(0.1), "none": nil, "text": "a \"b\"\\\n\t\u{1}é😀\u{2028}",
      "list": .array([.null, true, .number(.infinity), .number(.nan), .number(1e-7)]),
    ])
    #expect(value.text.hasPrefix("{\"z\":1,\"a\":0.1,\"text\":"))
    #expect(!value.text.contains("\n"))
    let read = try #require(
      try JSONSerialization.jsonObject(with: Data(value.text.utf8)) as? [String: Any])
    #expect(read["text"] as? String == "a \"b\"\\\n\t\u{1}é😀\u{2028}")
    let list = try #require(read["list"] as? [Any])
    #expect(list[2] is NSNull && list[3] is NSNull)
    #expect(list[4] as? Double == 1e-7)
    #expect(read["none"] == nil)
  }

  @Test("a shell reads a quoted command as the same arguments")
  func quoting() throws {
    let arguments = ["unroll", "a b", "it's", "", "$HOME", "x=1", "naïve", "a\nb", "*"]
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "printf '%s|' " + shellCommand(arguments)]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(output == arguments.map { $0 + "|" }.joined())
    #expect(shellCommand(["unroll", "--hidden", "3"]) == "unroll --hidden 3")
  }

  @Test("numbers are written for people")
  func numbers() {
    #expect(Format.number(1234.5) == "1234" || Format.number(1234.5) == "1235")
    #expect(Format.number(12.345) == "12.35" || Format.number(12.345) == "12.34")
    #expect(Format.number(0.5) == "0.5000")
    #expect(Format.number(.nan) == "not a number")
    #expect(Format.number(0) == "0.0000" && Format.number(0.001) == "0.0010")
    #expect(Format.number(-1.2345e-5) == "-1.234e-05" || Format.number(-1.2345e-5) == "-1.235e-05")
    #expect(Format.number(1e6) == "1000000" && Format.number(5e300) == "5.000e+300")
    #expect(Format.plural(1, "layer") == "1 layer" && Format.plural(0, "layer") == "0 layers")
    #expect(Format.plural(2000, "step") == "2,000 steps")
    #expect(Format.count(0) == "0")
    #expect(Format.count(999) == "999")
    #expect(Format.count(1000) == "1,000")
    #expect(Format.count(-1_234_567) == "-1,234,567")
    #expect(Format.short(999.6) == "1.00k")
    #expect(Format.short(12_345) == "12.3k")
    #expect(Format.short(2_500_000) == "2.50M")
    #expect(Format.duration(59.2) == "1:00")
    #expect(Format.duration(3_725) == "1:02:05")
    #expect(Format.duration(.infinity) == "?")
  }
}

@Suite("Reasons")
struct ReasonTests {
  @Test("an error of Foundation's is told in words, not by its number")
  func words() throws {
    try withTemporaryFolder { folder in
      try write("text", to: folder + "/file")
      var found: (any Error)?
      do {
        try FileManager.default.createDirectory(
          atPath: folder + "/file/below", withIntermediateDirectories: true)
      } catch { found = error }
      let error = try #require(found)
      #expect(!systemReason(error).contains("NSCocoaErrorDomain"))
      #expect(systemReason(error, at: folder) == "it is a directory")
    }
  }
}

@Suite("Progress")
struct ProgressTests {
  private let line = ProgressLine(
    epoch: 3, epochs: 13, step: 420, steps: 1000, loss: 4.25, tokensPerSecond: 12_345,
    secondsLeft: 192)

  @Test("a wide terminal shows everything")
  func wide() {
    #expect(
      line.live(width: 120)
        == "[============>                 ] 42%  loss 4.250  perplexity 70.11  12.3k tokens/s"
        + "  3:12 left  epoch 3/13")
  }

  @Test("no width is ever overrun, and what is left still says how far it is")
  func narrow() {
    for width in 0...200 {
      let text = line.live(width: width)
      #expect(text.count <= max(0, width - 1))
      if width >= 20 { #expect(text.contains("42%")) }
    }
    #expect(line.live(width: 30) == "[====>      ] 42%  loss 4.250")
  }

  @Test("a terminal of the usual width has room for a bar")
  func usual() {
    #expect(
      line.live(width: 80)
        == "[======>         ] 42%  loss 4.250  perplexity 70.11  12.3k tokens/s  3:12 left")
  }

  @Test("the ends of the bar are whole")
  func ends() {
    var line = line
    line.step = 0
    #expect(line.live(width: 120).hasPrefix("[>                             ] 0%"))
    line.step = 1000
    #expect(line.live(width: 120).hasPrefix("[==============================] 100%"))
    line.steps = 0
    #expect(line.live(width: 120).contains("0%"))
  }

  @Test("a file gets a plain line at most every ten seconds")
  func plain() {
    let captured = CapturedConsole()
    var bar = ProgressBar(captured.console)
    for tenth in 0...140 { bar.show(line, now: 100 + Double(tenth) / 10) }
    let lines = captured.messages.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(
      lines[0]
        == "epoch 3/13  step 420/1,000  loss 4.250  perplexity 70.11  12.3k tokens/s  3:12 left")
  }

  @Test("a terminal's line is rewritten in place, and a message clears it first")
  func live() {
    let captured = CapturedConsole(terminalWidth: 80)
    var bar = ProgressBar(captured.console)
    bar.show(line, now: 1)
    bar.show(line, now: 1.05)
    bar.say("saved")
    #expect(captured.messages == "\r\(line.live(width: 80))\u{1B}[K\r\u{1B}[Ksaved\n")
  }
}

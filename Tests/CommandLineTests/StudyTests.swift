import Foundation
import Learning
import Synchronization
import Testing

@testable import unroll

/// A study whose findings are known.
private struct CountingStudy: Study {
  static let name = "counting"
  static let cellExample = "a/1"

  struct Cell: StudyCell {
    var letter: String
    var number: Int
    var id: String { "\(letter)/\(number)" }
  }

  struct Finding: Codable, Equatable {
    var value: Int
  }

  /// How often a cell was measured.
  final class Count: Sendable {
    let measured = Mutex<[String]>([])
  }

  struct Broken: Error {}

  let count = Count()
  var numbers = 4
  var settings = ["base": "10"]
  /// Measuring this cell throws.
  var broken: String?
  /// Measuring this cell interrupts.
  var interrupting: String?

  var chains: [[Cell]] {
    ["a", "b", "c"].map { letter in (1...numbers).map { Cell(letter: letter, number: $0) } }
  }

  /// After a finding of 13 there is no use in more.
  func isWorthTrying(_ cell: Cell, after earlier: [(cell: Cell, finding: Finding)]) -> Bool {
    !earlier.contains { $0.finding.value == 13 }
  }

  func measure(_ cell: Cell, _ watch: StudyWatch) throws -> Finding? {
    if cell.id == broken { throw Broken() }
    if cell.id == interrupting { watch.interrupt.raise() }
    if watch.interrupt.isRaised { return nil }
    count.measured.withLock { $0.append(cell.id) }
    watch.tell("busy")
    return Finding(value: (cell.letter == "b" ? 10 : 20) + cell.number)
  }

  func line(_ finding: Finding) -> String { "found \(finding.value)" }

  func table(_ findings: StudyFindings<Self>) -> String {
    TextTable(
      columns: ["cell", "value"],
      rows: cells.map { cell in
        [cell.id, findings[cell].map { "\($0.value)" } ?? "-"]
      }
    ).text
  }

  func page(_ findings: StudyFindings<Self>) -> ReportPage {
    ReportPage(title: "Counting", summary: "\(findings.byID.count)", sections: [])
  }
}

@Suite("Studies")
struct StudyTests {
  private func run(
    _ study: CountingStudy, _ folder: String, jobs: Int = 1, _ captured: CapturedConsole? = nil
  ) throws -> Int {
    let console = captured ?? CapturedConsole()
    return try StudyRunner(
      study, folder: folder, jobs: jobs, interrupt: InterruptFlag(), console.console
    ).run()
  }

  private func results(_ folder: String) throws -> String {
    try String(contentsOfFile: folder + "/results.json", encoding: .utf8)
  }

  @Test("the file of results is the same however many measurements go side by side")
  func jobs() throws {
    try withTemporaryFolder { one in
      try withTemporaryFolder { many in
        let study = CountingStudy()
        #expect(try run(study, one) == 12)
        #expect(try run(study, many, jobs: 3) == 12)
        #expect(try results(one) == results(many))
        // b/4 is not tried after b/3 has found 13.
        let text = try results(one)
        #expect(text.contains("\"b/3\"") && !text.contains("\"b/4\""))
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        #expect(object is [String: Any])
        #expect(
          try String(contentsOfFile: one + "/report.html", encoding: .utf8).contains("<p>11</p>"))
      }
    }
  }

  @Test("a stopped study goes on where it was, and ends with the very same results")
  func resumed() throws {
    try withTemporaryFolder { whole in
      try withTemporaryFolder { folder in
        _ = try run(CountingStudy(), whole)
        var study = CountingStudy()
        study.interrupting = "b/2"
        #expect(try run(study, folder) < 12)
        #expect(study.count.measured.withLock { $0 } == ["a/1", "a/2", "a/3", "a/4", "b/1"])
        study = CountingStudy()
        let console = CapturedConsole()
        #expect(try run(study, folder, console) == 12)
        #expect(study.count.measured.withLock { $0.first } == "b/2")
        #expect(console.messages.contains("5 of 12 are there already"))
        #expect(console.messages.contains("[12/12] c/4: found 24"))
        #expect(try results(folder) == results(whole))
      }
    }
  }

  @Test("a larger study adds to a folder, a smaller one leaves what is there")
  func grown() throws {
    try withTemporaryFolder { folder in
      var study = CountingStudy()
      study.numbers = 2
      #expect(try run(study, folder) == 6)
      study = CountingStudy()
      #expect(try run(study, folder) == 12)
      #expect(study.count.measured.withLock { $0.count } == 5)
      let large = try results(folder)
      study.numbers = 1
      #expect(try run(study, folder) == 3)
      #expect(try results(folder).count == large.count)
    }
  }

  @Test("a folder of another study, of other settings or of something else is refused untouched")
  func refused() throws {
    try withTemporaryFolder { folder in
      _ = try run(CountingStudy(), folder)
      let before = try results(folder)
      var study = CountingStudy()
      study.settings = ["base": "20", "more": "yes"]
      #expect(
        failureLine { _ = try run(study, folder) }
          == "\(folder)/results.json was made with base 10, not 20, more unset, not yes; "
          + "choose another --output")
      #expect(try results(folder) == before)
      for (text, part) in [
        ("{}", "not a file of results"), ("", "not a file of results"),
        (before.replacing("counting", with: "other"), "is of the study other, not counting"),
        (before.replacing("\"value\"", with: "\"values\""), "cannot be read"),
        (
          before.replacing("\"value\":12}", with: "\"value\":true}"),
          "holds a finding of b/2 that cannot be read"
        ),
        (before.replacing("\"format\":1", with: "\"format\":2"), "has format 2, expected 1"),
      ] {
        try write(text, to: folder + "/results.json")
        #expect(failureLine { _ = try run(CountingStudy(), folder) }?.contains(part) == true)
        #expect(try results(folder) == text)
      }
    }
  }

  @Test("a folder that another run is writing to is refused, and is free when that run is over")
  func locked() throws {
    try withTemporaryFolder { folder in
      let first = try StudyRunner(
        CountingStudy(), folder: folder, jobs: 2, interrupt: InterruptFlag(),
        CapturedConsole().console)
      #expect(
        failureLine { _ = try run(CountingStudy(), folder) }
          == "another run is writing to \(folder); wait for its end or choose another --output")
      #expect(try first.run() == 12)
      #expect(try run(CountingStudy(), folder) == 12)
    }
  }

  @Test("a folder in which results or report cannot be written is refused before the work")
  func unwritable() throws {
    for name in ["results.json", "report.html"] {
      try withTemporaryFolder { folder in
        try FileManager.default.createDirectory(
          atPath: folder + "/" + name, withIntermediateDirectories: true)
        let study = CountingStudy()
        let line = failureLine { _ = try run(study, folder) }
        #expect(line?.hasSuffix("\(folder)/\(name): it is a directory") == true, "\(line ?? "")")
        #expect(study.count.measured.withLock { $0.isEmpty })
      }
    }
  }

  @Test("a measurement that fails ends the study, and what was found before is kept")
  func failure() throws {
    try withTemporaryFolder { folder in
      var study = CountingStudy()
      study.broken = "a/3"
      #expect(throws: CountingStudy.Broken.self) { try run(study, folder) }
      let text = try results(folder)
      #expect(text.contains("\"a/2\""))
    }
  }

  @Test("a finding that is no number is kept, and there again when the file is opened")
  func noNumbers() throws {
    try withTemporaryFolder { folder in
      func store() throws -> StudyStore<WordTraining.Outcome> {
        try StudyStore(folder: folder, study: "words", settings: [:], order: ["a", "b", "c"])
      }
      func outcome(_ validation: Double, _ test: Double) -> WordTraining.Outcome {
        WordTraining.Outcome(
          validation: [validation], test: test, parameters: 1, tokensPerSecond: 2,
          hasDiverged: !test.isFinite)
      }
      let found = ["a": outcome(3, 4), "b": outcome(.infinity, .infinity)]
      var first = try store()
      for (cell, finding) in found.sorted(by: { $0.key < $1.key }) {
        try first.keep(finding, of: cell)
      }
      #expect(try store().findings == found)
      try first.keep(outcome(-Double.infinity, Double.nan), of: "c")
      let last = try #require(try store().findings["c"])
      #expect(last.validation == [-Double.infinity] && last.test.isNaN)
      #expect(try results(folder).contains(#""test":"inf""#))
    }
  }

  @Test("a pattern finds its parts in their order")
  func patterns() {
    let id = "adding/LSTM/T=100/seed 1"
    for pattern in ["adding", "lstm", "adding*T=100", "*seed 1", "", "adding/LSTM/T=100/seed 1"] {
      #expect(CellPattern(patterns: ["nothing", pattern]).matches(id))
    }
    for pattern in ["GRU", "LSTM*adding", "T=1000"] {
      #expect(!CellPattern(patterns: [pattern]).matches(id))
    }
    #expect(CellPattern(patterns: []).matches(id))
  }

  @Test("a spread is told with its ends, unless all numbers are one")
  func spread() {
    func text(_ values: [Double]) -> String? { Spread(values)?.text { "\($0)" } }
    #expect(text([1, 4, 1]) == "2.0 (1.0 to 4.0)")
    #expect(text([3, 3]) == "3.0" && text([]) == nil)
  }

  @Test("columns of a table are as wide as they need to be")
  func textTable() {
    let table = TextTable(columns: ["a", "bb"], rows: [["long", "1"], ["x", "222"]])
    #expect(table.text == "a      bb\nlong    1\nx     222\n")
  }
}

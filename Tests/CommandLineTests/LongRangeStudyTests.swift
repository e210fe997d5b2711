import Corpora
import Foundation
import Models
import Testing

@testable import unroll

@Suite("The long-range study")
struct LongRangeStudyTests {
  private func study(_ patterns: [String] = [], seeds: Int = 2) -> LongRangeStudy {
    LongRangeStudy(
      grid: .quick, seeds: seeds, pattern: CellPattern(patterns: patterns), minutes: nil)
  }

  private func finding(_ ending: LongRangeRun.Ending, sequences: Int = 4000) -> LongRangeRun.Result
  {
    LongRangeRun.Result(
      ending: ending, sequences: sequences, wrong: ending == .solved ? 0.005 : 0.7, loss: 0.1,
      seconds: 1, parameters: 100, checks: [])
  }

  @Test("every cell has a name of its own, chains go from short to long")
  func cells() {
    let study = study()
    #expect(Set(study.cells.map(\.id)).count == study.cells.count)
    #expect(study.cells.contains { $0.id == LongRangeStudy.cellExample })
    for chain in study.chains {
      #expect(chain.map(\.span) == chain.map(\.span).sorted())
      #expect(Set(chain.map(\.method)).count == 1 && Set(chain.map(\.problem)).count == 1)
    }
    #expect(self.study(["LSTM/T=50"]).cells.count == 8)
    #expect(Set(LongRangeMethods.all.map(\.color)).count == LongRangeMethods.all.count)
  }

  @Test("a length is not tried after two that were solved with no seed")
  func givenUp() {
    let study = study()
    func earlier(_ endings: [Int: LongRangeRun.Ending]) -> [(
      LongRangeStudy.Cell, LongRangeRun.Result
    )] {
      endings.map { span, ending in
        (.init(problem: .adding, method: "RNN", span: span, seed: 1), finding(ending))
      }
    }
    let cell = LongRangeStudy.Cell(problem: .adding, method: "RNN", span: 100, seed: 1)
    #expect(study.isWorthTrying(cell, after: []))
    #expect(study.isWorthTrying(cell, after: earlier([50: .unsolved])))
    #expect(!study.isWorthTrying(cell, after: earlier([20: .unsolved, 50: .diverged])))
    #expect(study.isWorthTrying(cell, after: earlier([20: .unsolved, 50: .solved])))
    #expect(study.isWorthTrying(cell, after: earlier([20: .solved, 50: .unsolved])))
    #expect(
      !study.isWorthTrying(cell, after: earlier([10: .solved, 20: .unsolved, 50: .outOfTime])))
    // Seeds of its own length do not count.
    #expect(study.isWorthTrying(cell, after: earlier([50: .unsolved, 100: .unsolved])))
  }

  @Test("table and page tell how many seeds have solved what, and after how many sequences")
  func told() {
    let study = study(["adding"])
    var byID: [String: LongRangeRun.Result] = [:]
    for cell in study.cells where cell.method == "LSTM" && cell.span < 100 {
      let isSolved = cell.span == 20 || cell.seed == 1
      byID[cell.id] = finding(isSolved ? .solved : .unsolved, sequences: 2000 * cell.seed)
    }
    let findings = StudyFindings<LongRangeStudy>(byID: byID)
    let table = study.table(findings)
    #expect(table.hasPrefix("adding\n") && !table.contains("copy-memory"))
    let row = table.split(separator: "\n").first { $0.hasPrefix("LSTM ") }
    #expect(row?.split(separator: " ") == ["LSTM", "3.00k", "2/2", "2.00k", "1/2", "-"])

    let html = study.page(findings).html
    #expect(markupFault(in: html) == nil)
    #expect(html.contains("LSTM, 50: 35.25\u{A0}%; solved after 2,000, not solved"))
    #expect(html.contains("LSTM: 3,000 at 20 (2,000 to 4,000); 2/2 seeds"))
    #expect(html.contains("LSTM, 100: not measured"))
    for needle in ["<script", "https:", "src="] { #expect(!html.contains(needle)) }
  }

  @Test("a run of some measurements leaves those of earlier runs on the page")
  func narrower() {
    var byID: [String: LongRangeRun.Result] = [:]
    for cell in study(["adding/GRU/T=20", "temporal-order/GRU/T=50"]).cells {
      byID[cell.id] = finding(.solved)
    }
    #expect(byID.count == 4)
    let findings = StudyFindings<LongRangeStudy>(byID: byID)
    let asked = study(["adding"])
    let html = asked.page(findings).html
    #expect(markupFault(in: html) == nil)
    #expect(html.contains("<h2>Adding</h2>") && html.contains("<h2>Temporal order</h2>"))
    #expect(html.contains("<span class=\"value\">4</span>") && html.contains("T = 50"))
    #expect(!html.contains("<h2>Copy memory</h2>"))
    #expect(!asked.table(findings).contains("temporal-order"))
  }

  @Test("the page tells all that a method's training depends on, as the run has it")
  func methodTable() {
    let html = study().page(StudyFindings(byID: [:])).html
    // A quick run is too short for batches of 2000.
    #expect(html.contains("batches of 300") && !html.contains("batches of 2000"))
    for part in [
      "Ω times 4", "replaced by 0.1 times the weights", "curvature of 300 sequences",
      "Adding: Hessian-free", "deviation of 0.3", "deviation of 0.001",
      "Temporal order, Copy memory, Random permutation: Hessian-free",
    ] { #expect(html.contains(part), "\(part)") }
    let full = LongRangeStudy(
      grid: .full, seeds: 1, pattern: CellPattern(patterns: []), minutes: nil)
    #expect(full.page(StudyFindings(byID: [:])).html.contains("batches of 2000"))
  }

  @Test("losses of copy memory are told beside that of a net without memory")
  func copyLosses() {
    let study = study(["copy-memory/GRU/T=20"])
    var byID: [String: LongRangeRun.Result] = [:]
    for (cell, share) in zip(study.cells, [0.5, 1.5]) {
      var found = finding(.unsolved)
      found.loss = share * 10 * 2.0794415416798357 / 40
      byID[cell.id] = found
    }
    let findings = StudyFindings<LongRangeStudy>(byID: byID)
    let row = study.table(findings).split(separator: "\n").last { $0.hasPrefix("GRU ") }
    #expect(row?.split(separator: " ") == ["GRU", "1.000", "-", "-"])
    let html = study.page(findings).html
    #expect(markupFault(in: html) == nil)
    #expect(html.contains("Copy memory: loss beside that of a net without memory"))
    #expect(html.contains("Copy memory: symbols that are wrong, by method and length"))
    #expect(!self.study(["adding"]).table(findings).contains("ln 8"))
  }

  @Test("a page without findings is a page")
  func empty() {
    let html = study().page(StudyFindings(byID: [:])).html
    #expect(markupFault(in: html) == nil)
  }

  @Test("the verb measures, tells and goes on; other settings are refused")
  func verb() throws {
    try withTemporaryFolder { folder in
      let flags = [
        "--quick", "--only", "random-permutation/GRU/T=20", "--seeds", "1", "--output",
        folder + "/study", "--threads", "2",
      ]
      func run(_ more: [String]) throws -> CapturedConsole {
        let captured = CapturedConsole()
        let verb = try LongRangeVerb.parse(flags + more)
        try verb.run(captured.console)
        return captured
      }
      let first = try run(["--sequences", "1000"])
      #expect(first.results.contains("random-permutation\n"))
      #expect(first.messages.contains("[1/1] random-permutation/GRU/T=20/seed 1: "))
      #expect(FileManager.default.fileExists(atPath: folder + "/study/report.html"))
      let second = try run(["--sequences", "1000", "--json"])
      #expect(second.results.hasPrefix("{\"cell\":\"random-permutation/GRU/T=20/seed 1\""))
      #expect(!second.messages.contains("[1/1]"))
      #expect(
        failureLine { _ = try run(["--sequences", "2000"]) }?.contains("sequences 1000, not 2000")
          == true)
    }
  }

  @Test("a pattern without measurements is refused, and so are no seeds")
  func mistakes() throws {
    try withTemporaryFolder { folder in
      func refusal(_ flags: String...) -> String? {
        failureLine {
          let verb = try LongRangeVerb.parse(["--quick", "--output", folder + "/study"] + flags)
          try verb.run(CapturedConsole().console)
        }
      }
      #expect(refusal("--only", "nothing")?.contains("matches no measurement") == true)
      #expect(refusal("--seeds", "0") == "--seeds is 0; expected an integer from 1 to 1000")
    }
  }
}

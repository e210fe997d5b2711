import Corpora
import Learning
import Models

/// How far back recurrent nets can be trained to look: methods by length, for each long-range problem,
/// after Hochreiter & Schmidhuber (1997), Martens & Sutskever (2011) and Pascanu et al. (2013).
///
/// A chain is a problem and a method, from the shortest length to the longest. Where two lengths in a
/// row were not solved with any seed, longer ones are not tried.
struct LongRangeStudy: Study {
  static let name = "long-range"
  static let cellExample = "adding/LSTM/T=100/seed 1"

  /// The lengths and how long to train.
  struct Grid: Sendable {
    var name: String
    var spans: [Int]
    var limits: LongRangeTask.Limits
    /// Unless told otherwise.
    var seeds: Int

    static let full = Grid(
      name: "full", spans: [50, 100, 150, 200, 300, 400, 500, 750, 1000],
      limits: .init(sequences: 1_000_000), seeds: 3)
    static let quick = Grid(
      name: "quick", spans: [20, 50, 100],
      limits: .init(sequences: 20_000, checkInterval: 1000, checked: 200, tested: 1000), seeds: 2)
  }

  struct Cell: StudyCell, Equatable {
    var problem: LongRangeKind
    var method: String
    var span: Int
    var seed: Int

    var id: String { "\(problem.rawValue)/\(method)/T=\(span)/seed \(seed)" }
  }

  typealias Finding = LongRangeRun.Result

  let grid: Grid
  let seeds: Int
  let pattern: CellPattern
  /// A run is given up after so long.
  let minutes: Double?

  var settings: [String: String] {
    var hash = StableHash()
    for entry in LongRangeMethods.all {
      hash.add("\(entry.share)")
      for kind in LongRangeKind.allCases { hash.add("\(entry.method(kind, 100))") }
    }
    return [
      "grid": grid.name, "sequences": "\(grid.limits.sequences)",
      "minutes a run": minutes.map { "\($0)" } ?? "no limit", "methods": hash.hexadecimal,
    ]
  }

  var chains: [[Cell]] {
    let all = LongRangeKind.allCases.flatMap { problem in
      LongRangeMethods.all.map { entry in
        grid.spans.flatMap { span in
          (1...seeds).map { Cell(problem: problem, method: entry.name, span: span, seed: $0) }
        }.filter { pattern.matches($0.id) }
      }
    }
    return all.filter { !$0.isEmpty }
  }

  func isWorthTrying(_ cell: Cell, after earlier: [(cell: Cell, finding: Finding)]) -> Bool {
    let shorter = Set(earlier.map(\.cell.span)).filter { $0 < cell.span }.sorted().suffix(2)
    let solved = earlier.contains { shorter.contains($0.cell.span) && $0.finding.ending == .solved }
    return shorter.count < 2 || solved
  }

  func measure(_ cell: Cell, _ watch: StudyWatch) throws -> Finding? {
    guard let entry = LongRangeMethods.named(cell.method) else { return nil }
    let run = LongRangeRun(
      cell.problem.problem(span: cell.span), method(entry, cell.problem, span: cell.span),
      limits: limits(entry), seed: UInt64(cell.seed), secondsLimit: minutes.map { $0 * 60 })
    var result = try run(interrupt: watch.interrupt) { check in
      watch.tell(
        "\(Format.count(check.sequences)) sequences, \(ChartAxis.percent(check.wrong)) wrong")
    }
    result?.checks.thin(to: 30)
    return result
  }

  /// A method as it is run: in batches that leave a short run some steps.
  func method(
    _ entry: LongRangeMethods.Entry, _ problem: LongRangeKind, span: Int
  ) -> LongRangeMethod {
    var method = entry.method(problem, span)
    method.batch = min(method.batch, max(1, limits(entry).sequences / 20))
    return method
  }

  /// What a method is given.
  func limits(_ entry: LongRangeMethods.Entry) -> LongRangeTask.Limits {
    var limits = grid.limits
    limits.sequences = Int(Double(limits.sequences) * entry.share)
    return limits
  }

  func line(_ finding: Finding) -> String {
    let outcome =
      switch finding.ending {
      case .solved: "solved after \(Format.count(finding.sequences)) sequences"
      case .unsolved: "not solved with \(Format.count(finding.sequences)) sequences"
      case .diverged: "diverged after \(Format.count(finding.sequences)) sequences"
      case .outOfTime: "not solved in time, \(Format.count(finding.sequences)) sequences"
      }
    return "\(outcome), \(ChartAxis.percent(finding.wrong)) wrong, "
      + Format.duration(finding.seconds)
  }

  func table(_ findings: StudyFindings<Self>) -> String {
    let columns = ["sequences until solved"] + grid.spans.map { "T=\($0)" }
    return problems.map { problem in
      let rows = LongRangeMethods.all.map { entry in
        [entry.name]
          + grid.spans.map { LongRangeSummary(findings, self, problem, entry, $0).text }
      }
      return "\(problem.rawValue)\n" + TextTable(columns: columns, rows: rows).text
        + (problem == .copyMemory ? "\n" + copyLossTable(findings) : "")
    }.joined(separator: "\n")
  }

  private func copyLossTable(_ findings: StudyFindings<Self>) -> String {
    TextTable(
      columns: ["copy-memory, loss as a multiple of 10·ln 8/(T + 20)"]
        + grid.spans.map { "T=\($0)" },
      rows: copyLosses(findings).map { row in
        [row.method] + row.losses.map { $0.map { Format.number($0.mean) } ?? "-" }
      }
    ).text
  }

  /// The losses of copy memory as multiples of what a net without memory has, by method and length;
  /// nil where there is none.
  func copyLosses(_ findings: StudyFindings<Self>) -> [(method: String, losses: [Spread?])] {
    LongRangeMethods.all.map { entry in
      let losses = grid.spans.map { span in
        let baseline = CopyMemoryProblem(span: span).lossWithoutMemory
        return Spread(
          LongRangeSummary(findings, self, .copyMemory, entry, span).findings
            .compactMap { $0.loss.map { $0 / baseline } })
      }
      return (entry.name, losses)
    }
  }

  /// The problems that have cells.
  private var problems: [LongRangeKind] {
    let asked = Set(cells.map(\.problem))
    return LongRangeKind.allCases.filter(asked.contains)
  }

  /// All cells of the grid, asked for or not.
  var gridCells: [Cell] {
    LongRangeStudy(
      grid: grid, seeds: seeds, pattern: CellPattern(patterns: []), minutes: minutes
    ).cells
  }
}

/// What the seeds of one problem, method and length found together.
struct LongRangeSummary {
  /// The findings, one a seed.
  let findings: [LongRangeRun.Result]

  init(
    _ findings: StudyFindings<LongRangeStudy>, _ study: LongRangeStudy, _ problem: LongRangeKind,
    _ entry: LongRangeMethods.Entry, _ span: Int
  ) {
    self.findings = (1...study.seeds).compactMap { seed in
      findings[.init(problem: problem, method: entry.name, span: span, seed: seed)]
    }
  }

  var solved: [LongRangeRun.Result] { findings.filter { $0.ending == .solved } }

  /// Mean, least and greatest number of sequences of the runs that solved it; nil if none did.
  var sequences: Spread? { Spread(solved.map { Double($0.sequences) }) }

  /// Mean, least and greatest share of wrong sequences over all runs.
  var wrong: Spread? { Spread(findings.map(\.wrong)) }

  /// "2/3"
  var share: String { "\(solved.count)/\(findings.count)" }

  /// "16.0k 3/3": the mean number of sequences, and how many seeds have solved it; "-" if it was not
  /// tried.
  var text: String {
    if findings.isEmpty { return "-" }
    return sequences.map { "\(Format.short($0.mean)) \(share)" } ?? share
  }
}

import Corpora
import Models

extension LongRangeStudy {
  func page(_ findings: StudyFindings<Self>) -> ReportPage {
    ReportPage(
      title: "How far back can a recurrent net learn to look?",
      summary:
        "Methods of training on problems whose answer lies T steps back. A run is solved when at most "
        + "1 % of held-out sequences (of copy memory: of their symbols) are wrong, and given up after "
        + "\(Format.count(grid.limits.sequences)) sequences, or the share of that which "
        + "the table of methods says.",
      sections: [.figures(tiles(findings))]
        + LongRangeKind.allCases.flatMap { sections($0, findings) }
        + [.table(methodTable), conditions])
  }

  private func tiles(_ findings: StudyFindings<Self>) -> [ReportPage.Figure] {
    // Of earlier runs too: they are in the same folder, and on the same page.
    let cells = gridCells
    let found = cells.compactMap { findings[$0] }
    let solved = found.count { $0.ending == .solved }
    let longest = cells.filter { findings[$0]?.ending == .solved }.max { $0.span < $1.span }
    return [
      .init(
        name: "Runs", value: Format.count(found.count),
        note: "\(Format.count(cells.count)) in the grid, \(Format.plural(seeds, "seed")) each"),
      .init(
        name: "Solved", value: Format.count(solved),
        note: "\(Format.count(found.count - solved)) were not"),
      .init(
        name: "Longest solved", value: longest.map { "T = \(Format.count($0.span))" } ?? "none",
        note: longest.map { "\($0.problem.title), \($0.method)" } ?? ""),
      .init(
        name: "Work", value: Format.duration(found.map(\.seconds).reduce(0, +)),
        note: "of one thread, hours:minutes:seconds"),
    ]
  }

  private func sections(
    _ problem: LongRangeKind, _ findings: StudyFindings<Self>
  ) -> [ReportPage.Section] {
    func summary(_ entry: LongRangeMethods.Entry, _ span: Int) -> LongRangeSummary {
      LongRangeSummary(findings, self, problem, entry, span)
    }
    let entries = LongRangeMethods.all.filter { entry in
      grid.spans.contains { !summary(entry, $0).findings.isEmpty }
    }
    guard !entries.isEmpty else { return [] }
    let map = HeatMap(
      title: "\(problem.title): \(problem.judged) that are wrong, by method and length",
      rows: entries.map(\.name), rowsLabel: "method", columns: grid.spans.map(Format.count),
      columnsLabel: "T, steps",
      cells: entries.map { entry in grid.spans.map { Self.cell(summary(entry, $0)) } },
      scale: ChartAxis(
        "\(problem.judged) wrong, mean over seeds", low: 0, high: 1, text: ChartAxis.percent))
    var sections: [ReportPage.Section] = [
      .drawing(
        title: problem.title,
        text: problem.about
          + " In each cell the seeds that solved it. A dashed cell was not measured: it was not asked "
          + "for or not reached yet, or two shorter lengths were not solved with any seed.",
        svg: map.svg)
    ]
    let lines = entries.map { entry in
      LineChart.Line(
        name: entry.name,
        points: grid.spans.compactMap { span in
          let summary = summary(entry, span)
          return summary.sequences.map { spread in
            LineChart.Point(
              x: Double(span), y: spread.mean, low: spread.low, high: spread.high,
              note: "\(summary.share) seeds")
          }
        }, style: .number(entry.color))
    }.filter { !$0.points.isEmpty }
    if !lines.isEmpty {
      let chart = LineChart(
        title: "\(problem.title): sequences until solved, by length",
        x: ChartAxis("T, steps", .logarithmic, ticks: grid.spans.map(Double.init)),
        y: ChartAxis("sequences until solved", .logarithmic), lines: lines, height: 320)
      sections.append(
        .drawing(
          title: "\(problem.title): how much training it takes",
          text: "Mean, least and greatest over the seeds that solved it.", svg: chart.svg))
    }
    if problem == .copyMemory { sections.append(.table(copyLossTable(findings))) }
    return sections
  }

  private func copyLossTable(_ findings: StudyFindings<Self>) -> ReportPage.Table {
    ReportPage.Table(
      title: "Copy memory: loss beside that of a net without memory",
      columns: ["Method"] + grid.spans.map { "T = \(Format.count($0))" }, firstNumber: 1,
      rows: copyLosses(findings).filter { $0.losses.contains { $0 != nil } }.map { row in
        [row.method] + row.losses.map { $0.map { Format.number($0.mean) } ?? "" }
      },
      text:
        "As a multiple of 10·ln 8/(T + 20) nats a step, mean over seeds: 1 says that nothing is "
        + "remembered, 0 that all is.")
  }

  private static func cell(_ summary: LongRangeSummary) -> HeatMap.Cell {
    guard let wrong = summary.wrong else { return HeatMap.Cell(value: nil) }
    let endings = summary.findings.map { finding in
      switch finding.ending {
      case .solved: "solved after \(Format.count(finding.sequences))"
      case .unsolved: "not solved"
      case .diverged: "diverged"
      case .outOfTime: "out of time"
      }
    }
    return HeatMap.Cell(
      value: wrong.mean, text: summary.share, note: endings.joined(separator: ", "))
  }

  private var methodTable: ReportPage.Table {
    ReportPage.Table(
      title: "Methods", columns: ["Method", "What it is", "Training"], firstNumber: 3,
      rows: LongRangeMethods.all.map { entry in
        let share = entry.share == 1 ? "" : "; \(ChartAxis.percent(entry.share)) of the sequences"
        return [entry.name, entry.about, training(entry) + share]
      },
      text:
        "One layer of \(LongRangeMethods.all[0].method(.adding, 100).hiddenSize) units and a linear "
        + "read-out. Rates were chosen at short lengths and do not change with T.")
  }

  /// How a method trains, told once for all problems on which it does the same.
  private func training(_ entry: LongRangeMethods.Entry) -> String {
    var groups: [(problems: [String], text: String)] = []
    for problem in LongRangeKind.allCases {
      let text = method(entry, problem, span: 100).trainingSummary
      if let index = groups.firstIndex(where: { $0.text == text }) {
        groups[index].problems.append(problem.title)
      } else {
        groups.append((problems: [problem.title], text: text))
      }
    }
    if groups.count == 1 { return groups[0].text }
    return groups.map { "\($0.problems.joined(separator: ", ")): \($0.text)" }
      .joined(separator: "; ")
  }

  private var conditions: ReportPage.Section {
    let limits = grid.limits
    return .text(
      title: "How it was measured",
      paragraphs: [
        "Seeds 1 to \(seeds); a seed decides the sequences and the start. Every training sequence is "
          + "new. Every \(Format.count(limits.checkInterval)) sequences \(Format.count(limits.checked)) "
          + "held-out ones are judged; when at most 1 % are wrong, a test on "
          + "\(Format.count(limits.tested)) decides whether the problem is solved."
          + (minutes.map {
            " A run was given up after \(ChartAxis.plain($0)) minutes, too, on one thread."
          } ?? ""),
        "S. Hochreiter, J. Schmidhuber: Long short-term memory, 1997. J. Martens, I. Sutskever: "
          + "Learning recurrent neural networks with Hessian-free optimization, 2011. R. Pascanu, T. "
          + "Mikolov, Y. Bengio: On the difficulty of training recurrent neural networks, 2013. Q. Le, "
          + "N. Jaitly, G. Hinton: A simple way to initialize recurrent networks of rectified linear "
          + "units, 2015. M. Arjovsky, A. Shah, Y. Bengio: Unitary evolution recurrent neural networks, "
          + "2016. C. Tallec, Y. Ollivier: Can recurrent neural networks warp time?, 2018.",
      ])
  }
}

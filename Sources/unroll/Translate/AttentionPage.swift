import Models

/// A page that shows what each unit of some translations attended to.
struct AttentionPage {
  /// A line and its best translation.
  struct Shown {
    var source: [String]
    var target: [String]
    var text: String
    var hypothesis: Hypothesis
  }

  /// The most lines that a page shows.
  static let limit = 100

  private(set) var shown: [Shown] = []
  /// Lines in all.
  private(set) var count = 0
  let models: [String]

  init(models: [String]) { self.models = models }

  mutating func add(_ source: [String], _ target: [String], _ translation: Translation) {
    count += 1
    guard shown.count < Self.limit else { return }
    shown.append(
      Shown(
        source: source + ["</s>"], target: target + ["</s>"], text: translation.text,
        hypothesis: translation.hypothesis))
  }

  var html: String {
    let left =
      count > shown.count ? "; the first \(shown.count) of \(Format.count(count)) lines" : ""
    return ReportPage(
      title: "What translations attended to",
      summary:
        "Rows are the units that were written, columns those that were read; a deeper cell is a "
        + "greater weight (\(models.joined(separator: ", "))\(left)).",
      sections: shown.map { line in
        .drawing(title: line.text, svg: map(line).svg)
      }
    ).html
  }

  private func map(_ line: Shown) -> HeatMap {
    HeatMap(
      title: "Weights of the source's units for each unit of: \(line.text)", rows: line.target,
      rowsLabel: "written", columns: line.source, columnsLabel: "read",
      cells: zip(line.hypothesis.attention, line.hypothesis.tokenLogProbabilities).map {
        weights, logProbability in
        weights.map {
          HeatMap.Cell(
            value: Double($0), note: "p = \(Format.number(exp(Double(logProbability))))")
        }
      }, scale: ChartAxis("weight", low: 0, high: 1, ticks: [0, 0.25, 0.5, 0.75, 1]))
  }
}

import ModelFiles
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

  private var shown: [Shown] = []
  private var isWritten = false
  let models: [String]
  /// Where the page goes.
  let path: String

  init(models: [String], path: String) { (self.models, self.path) = (models, path) }

  /// Adds a line and its translation, as long as there is room, and writes the page once it is full: more lines may
  /// come for hours.
  mutating func add(
    _ source: [String], _ target: [String], _ translation: Translation, _ console: Console
  ) throws {
    guard shown.count < Self.limit else { return }
    shown.append(
      Shown(
        source: source + ["</s>"], target: target + ["</s>"], text: translation.text,
        hypothesis: translation.hypothesis))
    if shown.count == Self.limit { try write(console) }
  }

  /// Writes the page, unless that was done when it was full.
  mutating func write(_ console: Console) throws {
    guard !isWritten else { return }
    try AtomicFile.write(html, to: path)
    isWritten = true
    console.message("\(path): what \(Format.plural(shown.count, "translation")) attended to")
  }

  private var html: String {
    let left = shown.count == Self.limit ? "; the first \(shown.count) lines" : ""
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

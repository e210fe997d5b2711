/// A page about a trained model.
struct RunReport {
  typealias Figure = ReportPage.Figure
  typealias Sample = ReportPage.Sample
  typealias Table = ReportPage.Table

  var title: String
  /// A sentence or two below the title.
  var summary: String
  var figures: [Figure]
  var chart: LossChart
  var comparison: Table
  var samples: [Sample]
  var tables: [Table]
  /// Commands to try next.
  var commands: [String]

  /// The page.
  var html: String {
    ReportPage(
      title: title, summary: summary,
      sections: [
        .figures(figures), .drawing(title: "Learning curve", svg: chart.svg), .table(comparison),
        .samples(title: "Samples", samples),
      ] + tables.map { .table($0) } + [.commands(title: "Try next", commands)]
    ).html
  }
}

import Testing

@testable import unroll

@Suite("The report")
struct ReportTests {
  private func report(_ text: String) -> RunReport {
    RunReport(
      title: text, summary: text, figures: [.init(name: text, value: text, note: text)],
      chart: LossChart(
        training: (0..<1000).map { .init(step: Double($0), loss: 3 / (1 + Double($0) / 100)) },
        heldOut: [.init(step: 500, loss: 1.5), .init(step: 1000, loss: 1.2)],
        baselines: [.init(name: text, loss: 2.5), .init(name: "trigram", loss: 2.49)], unit: text),
      comparison: .init(title: text, columns: [text, "n"], firstNumber: 1, rows: [[text, "1"]]),
      samples: [.init(title: text, text: text)],
      tables: [.init(title: text, columns: [text], firstNumber: 1, rows: [[text]])],
      commands: [text])
  }

  @Test("hostile text comes out as text, and the page is well formed")
  func escaping() {
    let hostile = "</pre><script>alert('x')</script> & \"quotes\" <b \u{0}\u{1B}[31m é 😀"
    let html = report(hostile).html
    #expect(markupFault(in: html) == nil)
    #expect(!html.contains("<script"))
    #expect(!html.unicodeScalars.contains("\u{0}") && !html.unicodeScalars.contains("\u{1B}"))
    #expect(html.contains("&lt;/pre&gt;&lt;script&gt;alert(&#39;x&#39;)"))
    #expect(html.contains("é 😀"))
  }

  @Test(
    "the check of well-formedness finds faults",
    arguments: [
      "<p>", "<p></b>", "</p>", "a & b", "<p class=\"x>y</p>", "a > b", "<p <b></b></p>",
    ])
  func checkFindsFaults(html: String) {
    #expect(markupFault(in: html) != nil)
  }

  @Test("the page needs nothing else: no script, no link, no address but the drawing's name space")
  func selfContained() {
    let html = report("x").html.replacing("http://www.w3.org/2000/svg", with: "")
    for needle in ["<script", "<link", "http:", "https:", "url(", "@import", "src="] {
      #expect(!html.contains(needle))
    }
    #expect(html.contains("prefers-color-scheme: dark"))
  }

  @Test("axes are named with their units, and labels do not touch")
  func chart() {
    let svg = report("nats a character").chart.svg
    #expect(svg.contains(">training steps<"))
    #expect(svg.contains(">loss, nats a character<"))
    let places = svg.split(separator: "\n").filter { $0.contains("class=\"label") }
      .compactMap { line in
        line.firstRange(of: " y=\"").flatMap {
          Double(line[$0.upperBound...].prefix { $0 != "\"" })
        }
      }.sorted()
    #expect(places.count == 4)
    for (above, below) in zip(places, places.dropFirst()) { #expect(below - above >= 16.9) }
    #expect(places.allSatisfy { (0...340).contains($0) })
  }

  @Test("a run without a single figure still has a drawing", arguments: [0, 1])
  func emptyChart(points: Int) {
    let chart = LossChart(
      training: (0..<points).map { _ in .init(step: 1, loss: .nan) },
      heldOut: (0..<points).map { _ in .init(step: 0, loss: 2) }, baselines: [], unit: "nats")
    #expect(markupFault(in: chart.svg) == nil)
    #expect(!chart.svg.contains("nan"))
  }

  @Test("ticks are round and lie on the axis")
  func ticks() {
    let scale = ChartScale(low: 0.93, high: 3.61, start: 300, end: 0)
    #expect(scale.ticks(6).map { ($0 * 10).rounded() / 10 } == [1, 1.5, 2, 2.5, 3, 3.5])
    #expect(scale(0.93) == 300 && scale(3.61) == 0)
    #expect(ChartScale(low: 0, high: 1000, start: 0, end: 1).ticks(5).count == 6)
  }
}

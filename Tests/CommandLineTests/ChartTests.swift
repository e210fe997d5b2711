import Testing

@testable import unroll

@Suite("Charts")
struct ChartTests {
  private func chart(_ text: String, _ kind: ChartAxis.Kind = .linear) -> LineChart {
    LineChart(
      title: text, x: ChartAxis("T, steps"), y: ChartAxis("wrong, %", kind),
      lines: [
        .init(
          name: text,
          points: [
            .init(x: 50, y: 1, low: 0.5, high: 2, note: text),
            .init(x: 100, y: 10, low: 9, high: 12),
          ], style: .number(0)),
        .init(name: "other", points: [.init(x: 50, y: 10)], style: .number(1)),
      ], levels: [.init(name: text, y: 3)])
  }

  @Test("hostile names come out as text, and the drawing is well formed")
  func escaping() {
    let hostile = "<script>'&\"</svg>"
    let map = HeatMap(
      title: hostile, rows: [hostile], rowsLabel: hostile, columns: [hostile],
      columnsLabel: hostile, cells: [[.init(value: 1, text: "<", note: hostile)]],
      scale: ChartAxis(hostile))
    for svg in [chart(hostile).svg, map.svg] {
      #expect(markupFault(in: svg) == nil)
      #expect(!svg.contains("<script"))
    }
  }

  @Test("points tell their values and their spread, axes their units")
  func tooltips() {
    let svg = chart("LSTM").svg
    #expect(svg.contains("<title>LSTM: 1 at 50 (0.5 to 2); LSTM</title>"))
    #expect(svg.contains(">T, steps<") && svg.contains(">wrong, %<"))
    #expect(svg.contains("class=\"band series-0\""))
    #expect(svg.contains("class=\"label series-1\""))
  }

  @Test("what has no place on a chart is left out, and an empty chart still has its axes")
  func missingValues() {
    var chart = chart("x", .logarithmic)
    chart.lines[0].points += [
      .init(x: 150, y: 0), .init(x: 200, y: .nan), .init(x: .infinity, y: 1),
      .init(x: 250, y: 5, low: 0, high: .infinity),
    ]
    #expect(markupFault(in: chart.svg) == nil)
    for word in ["nan", "inf"] { #expect(!chart.svg.contains(word)) }
    #expect(chart.svg.split(separator: "<title>x: ").count == 4)
    chart.lines = []
    chart.levels = []
    #expect(chart.svg.contains(">T, steps<"))
    #expect(!chart.svg.contains("nan"))
  }

  @Test("equal ratios are equal distances on a logarithmic axis, whose marks are powers of ten")
  func logarithmic() {
    let scale = ChartScale(logarithmicLow: 1e-5, high: 10, start: 0, end: 600)
    #expect(abs(scale(1e-3) - 200) < 1e-9 && abs(scale(1) - 500) < 1e-9)
    #expect(scale(0) == 0)
    #expect(
      scale.ticks(6).map { ChartAxis.plain($0) } == [
        "10⁻⁵", "10⁻⁴", "0.001", "0.01", "0.1", "1", "10",
      ])
    let short = ChartScale(logarithmicLow: 50, high: 1000, start: 0, end: 1)
    #expect(short.ticks(6).map { ChartAxis.plain($0) } == ["50", "100", "200", "500", "1,000"])
    let long = ChartScale(logarithmicLow: 1e-30, high: 1, start: 0, end: 1)
    #expect((4...8).contains(long.ticks(6).count))
  }

  @Test(
    "numbers on axes are short and exact",
    arguments: [
      (0.0, "0"), (0.25, "0.25"), (-3, "-3"), (1000, "1,000"), (1e-5, "10⁻⁵"), (2e-12, "2·10⁻¹²"),
      (5e7, "5·10⁷"),
    ])
  func numbers(value: Double, text: String) {
    #expect(ChartAxis.plain(value) == text)
  }

  @Test("a heat map colours the least and the greatest value with the ends of its scale")
  func heatMap() {
    let map = HeatMap(
      title: "map", rows: ["a", "b"], rowsLabel: "row", columns: ["1", "2"], columnsLabel: "column",
      cells: [
        [.init(value: 1e-4), .init(value: 1, text: "1")], [.init(value: 1e-2), .init(value: nil)],
      ], scale: ChartAxis("norm", .logarithmic))
    let svg = map.svg
    #expect(markupFault(in: svg) == nil)
    func style(_ told: String) -> Substring? {
      svg.split(separator: "\n").first { $0.contains("<title>\(told)") }?
        .split(separator: "\"").dropFirst().first
    }
    #expect(style("a, 1: ") == "level-0")
    #expect(style("a, 2: 1<") == "level-15")
    #expect(style("b, 1: 0.01<").map { ["level-7", "level-8"].contains($0) } == true)
    #expect(style("b, 2: not measured") == "missing")
    #expect(svg.contains("class=\"in-cell on-high\""))
  }

  @Test("a long heat map names as many columns as there is room for")
  func longHeatMap() {
    let map = HeatMap(
      title: "map", rows: ["layer 1"], rowsLabel: "layer", columns: (0..<400).map(String.init),
      columnsLabel: "t, steps", cells: [(0..<400).map { .init(value: Double($0)) }],
      scale: ChartAxis("norm"))
    let names = map.svg.split(separator: "\n").filter { $0.contains("text-anchor=\"middle\"") }
    #expect((8...40).contains(names.count))
  }

  @Test("every series and level has a colour for light pages and one for dark pages")
  func colours() {
    let parts = ReportStyle.css.split(separator: "@media (prefers-color-scheme: dark)")
    #expect(parts.count == 2)
    for (light, dark) in SeriesStyle.colors + HeatMap.colors {
      #expect(parts[0].contains(light) && parts[1].contains(dark))
    }
    #expect(SeriesStyle.number(10) == SeriesStyle.number(0))
  }
}

/// The style of the report pages and of the drawings in them.
enum ReportStyle {
  /// The style sheet. Colours are named once for light pages and once for dark ones.
  static let css = """
    :root {
      --page: #ffffff; --ink: #1c2024; --quiet: #60646c; --line: #d9dce1; --tile: #f5f6f8;
      --training: #7a8699; --held-out: #0b62c4; --baseline: #b4540a;
      \(variables(SeriesStyle.colors.map(\.light), "series"))
      \(variables(HeatMap.colors.map(\.light), "level"))
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #14171a; --ink: #e8eaed; --quiet: #a0a6b0; --line: #363b42; --tile: #1e2226;
        --training: #8f9bb0; --held-out: #6cb0ff; --baseline: #f0a35e;
        \(variables(SeriesStyle.colors.map(\.dark), "series"))
        \(variables(HeatMap.colors.map(\.dark), "level"))
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 52rem; background: var(--page);
      color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif;
    }
    h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem; }
    h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
    h3 { font-size: .95rem; font-weight: 600; margin: 1.25rem 0 .4rem; color: var(--quiet); }
    header p { margin: 0; color: var(--quiet); }
    section p { margin: 0 0 .9rem; }
    .figures {
      display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem;
      margin-top: 1.75rem;
    }
    .figure {
      display: flex; flex-direction: column; background: var(--tile); border-radius: .5rem;
      padding: .8rem 1rem;
    }
    .figure .name, .figure .note { font-size: .82rem; color: var(--quiet); }
    .figure .value { font-size: 1.6rem; font-weight: 600; line-height: 1.35; }
    figure { margin: 0; }
    .pictures {
      display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .75rem;
    }
    .picture { background: var(--tile); border-radius: .5rem; padding: .8rem 1rem; }
    .picture img {
      display: block; width: 100%; height: 8rem; object-fit: contain; background: #ffffff;
      border-radius: .35rem;
    }
    .picture p { margin: .5rem 0 0; font-size: .92rem; line-height: 1.35; overflow-wrap: anywhere; }
    .picture .name { font-size: .78rem; color: var(--quiet); }
    svg { width: 100%; height: auto; display: block; }
    svg text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--quiet); }
    svg .grid { stroke: var(--line); stroke-width: 1; }
    svg .axis { stroke: var(--quiet); stroke-width: 1; }
    svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
    svg .curve.training { stroke-width: 1.5; }
    svg .band { stroke: none; fill-opacity: .16; }
    svg .mark .reach { fill-opacity: 0; stroke: none; }
    svg .baseline { stroke: var(--baseline); stroke-width: 1.5; stroke-dasharray: 6 4; fill: none; }
    svg text.label { font-weight: 600; stroke: none; }
    svg text.label.baseline { fill: var(--baseline); }
    svg .missing { fill: none; stroke: var(--line); stroke-dasharray: 3 3; }
    svg text.in-cell { font-size: 11px; font-variant-numeric: tabular-nums; }
    svg text.on-low { fill: var(--ink); }
    svg text.on-high { fill: var(--page); }
    \(seriesRules)
    \((0..<HeatMap.levelCount).map { "svg .level-\($0) { fill: var(--level-\($0)); }" }
      .joined(separator: "\n"))
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: .92rem; }
    th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
    th { font-weight: 600; color: var(--quiet); }
    .number { text-align: right; font-variant-numeric: tabular-nums; }
    pre {
      margin: 0; padding: .9rem 1rem; background: var(--tile); border-radius: .5rem;
      font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
      white-space: pre-wrap; overflow-wrap: anywhere;
    }
    """

  /// `--series-0: …; --series-1: …;`
  private static func variables(_ colors: [String], _ name: String) -> String {
    colors.enumerated().map { "--\(name)-\($0): \($1);" }.joined(separator: " ")
  }

  /// Lines, bands, marks and labels in the colour of their series.
  private static var seriesRules: String {
    let names = SeriesStyle.colors.indices.map { "series-\($0)" } + ["training", "held-out"]
    return names.map { name in
      """
      svg .curve.\(name) { stroke: var(--\(name)); }
      svg .band.\(name), svg .mark.\(name), svg text.label.\(name) { fill: var(--\(name)); }
      """
    }.joined(separator: "\n")
  }
}

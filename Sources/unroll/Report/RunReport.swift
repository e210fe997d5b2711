import Foundation

/// A page about a trained model: one HTML file that needs nothing else, no script and no network,
/// light or dark as its reader's system is.
struct RunReport {
  struct Figure {
    var name: String
    var value: String
    /// A remark below the value, such as what it compares with.
    var note: String
  }

  struct Sample {
    var title: String
    var text: String
  }

  struct Table {
    var title: String
    var columns: [String]
    /// Columns from this one on hold numbers.
    var firstNumber: Int
    var rows: [[String]]
  }

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
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8"/>
    <meta name="viewport" content="width=device-width, initial-scale=1"/>
    <meta name="color-scheme" content="light dark"/>
    <title>\(escaped(title))</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    <header>
    <h1>\(escaped(title))</h1>
    <p>\(escaped(summary))</p>
    </header>
    <section class="figures">
    \(figures.map(Self.tile).joined(separator: "\n"))
    </section>
    <section>
    <h2>Learning curve</h2>
    <figure>
    \(chart.svg)
    </figure>
    </section>
    \(Self.section(comparison))
    <section>
    <h2>Samples</h2>
    \(samples.map(Self.sample).joined(separator: "\n"))
    </section>
    \(tables.map(Self.section).joined(separator: "\n"))
    <section>
    <h2>Try next</h2>
    <pre class="commands">\(escaped(commands.joined(separator: "\n")))</pre>
    </section>
    </body>
    </html>

    """
  }

  private static func tile(_ figure: Figure) -> String {
    """
    <div class="figure"><span class="name">\(escaped(figure.name))</span>\
    <span class="value">\(escaped(figure.value))</span>\
    <span class="note">\(escaped(figure.note))</span></div>
    """
  }

  private static func sample(_ sample: Sample) -> String {
    """
    <h3>\(escaped(sample.title))</h3>
    <pre>\(escaped(sample.text))</pre>
    """
  }

  private static func section(_ table: Table) -> String {
    func cells(_ row: [String], _ tag: String) -> String {
      row.enumerated().map { index, text in
        let style = index >= table.firstNumber ? " class=\"number\"" : ""
        return "<\(tag)\(style)>\(escaped(text))</\(tag)>"
      }.joined()
    }
    return """
      <section>
      <h2>\(escaped(table.title))</h2>
      <div class="scroll"><table>
      <thead><tr>\(cells(table.columns, "th"))</tr></thead>
      <tbody>
      \(table.rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n"))
      </tbody>
      </table></div>
      </section>
      """
  }

  private static let style = """
    :root {
      --page: #ffffff; --ink: #1c2024; --quiet: #60646c; --line: #d9dce1; --tile: #f5f6f8;
      --training: #7a8699; --held-out: #0b62c4; --baseline: #b4540a;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #14171a; --ink: #e8eaed; --quiet: #a0a6b0; --line: #363b42; --tile: #1e2226;
        --training: #8f9bb0; --held-out: #6cb0ff; --baseline: #f0a35e;
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
    svg { width: 100%; height: auto; display: block; }
    svg text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--quiet); }
    svg .grid { stroke: var(--line); stroke-width: 1; }
    svg .axis { stroke: var(--quiet); stroke-width: 1; }
    svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
    svg .curve.training { stroke: var(--training); stroke-width: 1.5; }
    svg .curve.held-out { stroke: var(--held-out); }
    svg circle.held-out { fill: var(--held-out); }
    svg .baseline { stroke: var(--baseline); stroke-width: 1.5; stroke-dasharray: 6 4; fill: none; }
    svg text.label { font-weight: 600; stroke: none; }
    svg text.label.training { fill: var(--training); }
    svg text.label.held-out { fill: var(--held-out); }
    svg text.label.baseline { fill: var(--baseline); }
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
}

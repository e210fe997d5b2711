import Foundation

/// A page of results: one HTML file that needs nothing else, no script and no network, light or dark
/// as its reader's system is.
struct ReportPage {
  /// A number worth a tile of its own.
  struct Figure {
    var name: String
    var value: String
    /// A remark below the value, such as what it compares with.
    var note: String
  }

  struct Table {
    var title: String
    var columns: [String]
    /// Columns from this one on hold numbers.
    var firstNumber: Int
    var rows: [[String]]
    /// Sentences above it.
    var text: String = ""
  }

  /// A text that a model has written, or a command.
  struct Sample {
    var title: String
    var text: String
  }

  /// A picture and what was said of it.
  struct Picture {
    var name: String
    /// What an image's `src` has: the picture itself, as a data URI.
    var source: String
    /// Captions, each with what tells it from the others.
    var lines: [(label: String, text: String)]
  }

  /// A part of the page below its heading.
  enum Section {
    case figures([Figure])
    /// A drawing (SVG) under a heading, with sentences above it.
    case drawing(title: String, text: String = "", svg: String)
    case table(Table)
    case samples(title: String, [Sample])
    case pictures(title: String, [Picture])
    case text(title: String, paragraphs: [String])
    /// Commands, each a line to paste.
    case commands(title: String, [String])
  }

  var title: String
  /// A sentence or two below the title.
  var summary: String
  var sections: [Section]

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
    \(ReportStyle.css)
    </style>
    </head>
    <body>
    <header>
    <h1>\(escaped(title))</h1>
    <p>\(escaped(summary))</p>
    </header>
    \(sections.map(\.html).joined(separator: "\n"))
    </body>
    </html>

    """
  }
}

extension ReportPage.Section {
  fileprivate var html: String {
    switch self {
    case .figures(let figures):
      """
      <section class="figures">
      \(figures.map(\.html).joined(separator: "\n"))
      </section>
      """
    case .drawing(let title, let text, let svg):
      Self.section(title, text, "<figure>\n\(svg)\n</figure>")
    case .table(let table): Self.section(table.title, table.text, table.html)
    case .samples(let title, let samples):
      Self.section(
        title, "",
        samples.map { "<h3>\(escaped($0.title))</h3>\n<pre>\(escaped($0.text))</pre>" }
          .joined(separator: "\n"))
    case .pictures(let title, let pictures):
      Self.section(
        title, "",
        "<div class=\"pictures\">\n\(pictures.map(\.html).joined(separator: "\n"))\n</div>")
    case .text(let title, let paragraphs):
      Self.section(
        title, "", paragraphs.map { "<p>\(escaped($0))</p>" }.joined(separator: "\n"))
    case .commands(let title, let commands):
      Self.section(
        title, "", "<pre class=\"commands\">\(escaped(commands.joined(separator: "\n")))</pre>")
    }
  }

  private static func section(_ title: String, _ text: String, _ content: String) -> String {
    """
    <section>
    <h2>\(escaped(title))</h2>
    \(text.isEmpty ? "" : "<p>\(escaped(text))</p>\n")\(content)
    </section>
    """
  }
}

extension ReportPage.Figure {
  fileprivate var html: String {
    """
    <div class="figure"><span class="name">\(escaped(name))</span>\
    <span class="value">\(escaped(value))</span>\
    <span class="note">\(escaped(note))</span></div>
    """
  }
}

extension ReportPage.Picture {
  fileprivate var html: String {
    let captions = lines.map { label, text in
      "<p><span class=\"name\">\(escaped(label))</span> \(escaped(text))</p>"
    }.joined()
    return """
      <figure class="picture"><img src="\(escaped(source))" alt="\(escaped(lines.first?.text ?? ""))"/>\
      <figcaption>\(captions)<p class="name">\(escaped(name))</p></figcaption></figure>
      """
  }
}

extension ReportPage.Table {
  fileprivate var html: String {
    """
    <div class="scroll"><table>
    <thead><tr>\(cells(columns, "th"))</tr></thead>
    <tbody>
    \(rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n"))
    </tbody>
    </table></div>
    """
  }

  private func cells(_ row: [String], _ tag: String) -> String {
    row.enumerated().map { index, text in
      let style = index >= firstNumber ? " class=\"number\"" : ""
      return "<\(tag)\(style)>\(escaped(text))</\(tag)>"
    }.joined()
  }
}

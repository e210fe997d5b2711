import Foundation

/// A table of numbers as coloured cells (SVG), such as layer by time or method by length.
///
/// The colours run from that of the page to that of the ink, so that a deeper cell is a greater value
/// on light pages and a brighter one on dark pages. A cell tells its value when it is pointed at.
struct HeatMap {
  struct Cell: Equatable {
    /// nil where nothing was measured.
    var value: Double?
    /// Written into the cell, where there is room.
    var text: String? = nil
    /// Told when the cell is pointed at, beside its row and column.
    var note: String? = nil
  }

  /// What is drawn, for those who do not see it.
  var title: String
  /// The names of the rows from the top, and what they are.
  var rows: [String]
  var rowsLabel: String
  /// The names of the columns, and what they are.
  var columns: [String]
  var columnsLabel: String
  /// [row][column].
  var cells: [[Cell]]
  /// The meaning of the colours.
  var scale: ChartAxis

  private static let width = 760.0
  /// Levels of colour.
  static let levelCount = 16

  /// The drawing.
  var svg: String {
    precondition(
      cells.count == rows.count && cells.allSatisfy { $0.count == columns.count },
      "\(cells.count) rows of cells for \(rows.count) by \(columns.count) names")
    let nameWidth = Double(rows.map(\.count).max() ?? 0) * 6.8
    let left = min(max(nameWidth + 40, 60), 260)
    let (right, top) = (Self.width - 12, 10.0)
    let cellWidth = (right - left) / Double(max(columns.count, 1))
    let cellHeight = min(34, max(14, 300 / Double(max(rows.count, 1))))
    let bottom = top + cellHeight * Double(rows.count)
    let colors = scale.scale(cells.joined().compactMap(\.value), start: 0, end: 1)

    var parts: [String] = []
    for (row, name) in rows.enumerated() {
      let y = top + cellHeight * Double(row)
      parts.append(svgText(left - 8, y + cellHeight / 2 + 4, name, anchor: "end"))
      for column in columns.indices {
        let x = left + cellWidth * Double(column)
        parts += cell(row, column, x, y, width: cellWidth, height: cellHeight, colors)
      }
    }
    parts += columnNames(left: left, bottom: bottom, cellWidth: cellWidth)
    parts.append(svgTextUpwards(14, (top + bottom) / 2, rowsLabel))
    parts.append(svgText((left + right) / 2, bottom + 40, columnsLabel, anchor: "middle"))
    parts += legend(colors, left: left, top: bottom + 58, width: min(320, right - left))
    return svgDrawing(width: Self.width, height: bottom + 112, title: title, parts)
  }

  private func cell(
    _ row: Int, _ column: Int, _ x: Double, _ y: Double, width: Double, height: Double,
    _ colors: ChartScale
  ) -> [String] {
    let cell = cells[row][column]
    // Narrow cells overlap by a little, so that a long sequence is one band without seams.
    let gap = width >= 12 ? 1.5 : -0.5
    let value = cell.value.flatMap { $0.isFinite ? $0 : nil }
    let level = value.map { Self.level(colors.share($0)) }
    var told = "\(rows[row]), \(columns[column]): "
    told += cell.value.map { scale.text($0) } ?? "not measured"
    if let note = cell.note { told += "; \(note)" }
    let style = level.map { "level-\($0)" } ?? "missing"
    var parts = [
      "<rect class=\"\(style)\" x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" "
        + "width=\"\(coordinate(max(width - gap, 0.5)))\" height=\"\(coordinate(height - 1.5))\">"
        + "<title>\(escaped(told))</title></rect>"
    ]
    if let text = cell.text, Double(text.count) * 6.6 + 4 <= width {
      let side = (level ?? 0) < Self.levelCount / 2 ? "on-low" : "on-high"
      parts.append(
        svgText(
          x + (width - gap) / 2, y + height / 2 + 3.5, text, anchor: "middle",
          class: "in-cell \(side)"))
    }
    return parts
  }

  /// As many names as do not touch.
  private func columnNames(left: Double, bottom: Double, cellWidth: Double) -> [String] {
    let room = Double(columns.map(\.count).max() ?? 1) * 6.8 + 10
    let every = max(1, Int((room / cellWidth).rounded(.up)))
    return columns.indices.filter { $0 % every == 0 }.map { column in
      svgText(
        left + cellWidth * (Double(column) + 0.5), bottom + 18, columns[column], anchor: "middle")
    }
  }

  private func legend(
    _ colors: ChartScale, left: Double, top: Double, width: Double
  ) -> [String] {
    let step = width / Double(Self.levelCount)
    var parts = (0..<Self.levelCount).map { level in
      "<rect class=\"level-\(level)\" x=\"\(coordinate(left + step * Double(level)))\" "
        + "y=\"\(coordinate(top))\" width=\"\(coordinate(step + 0.3))\" height=\"10\"/>"
    }
    for tick in scale.ticks ?? colors.ticks(4) {
      let x = left + width * min(max(colors.share(tick), 0), 1)
      parts.append("<path class=\"axis\" d=\"M\(coordinate(x)) \(coordinate(top + 10))v4\"/>")
      parts.append(svgText(x, top + 27, scale.text(tick), anchor: "middle"))
    }
    parts.append(svgText(left + width + 14, top + 9, scale.label, anchor: "start"))
    return parts
  }

  private static func level(_ share: Double) -> Int {
    min(max(Int(share * Double(levelCount)), 0), levelCount - 1)
  }

  /// The colours of the levels, on light and on dark pages.
  static let colors: [(light: String, dark: String)] = (0..<levelCount).map { level in
    let share = Double(level) / Double(levelCount - 1)
    return (
      light: mixed([(0xEE, 0xF3, 0xFB), (0x4F, 0x8F, 0xDC), (0x08, 0x2B, 0x60)], share),
      dark: mixed([(0x1F, 0x28, 0x35), (0x2C, 0x6E, 0xBB), (0xD6, 0xEA, 0xFF)], share)
    )
  }

  /// The colour at a share of the way through three.
  private static func mixed(_ stops: [(Double, Double, Double)], _ share: Double) -> String {
    let place = min(share, 1 - 1e-9) * Double(stops.count - 1)
    let (a, b, t) = (stops[Int(place)], stops[Int(place) + 1], place - floor(place))
    let parts = [(a.0, b.0), (a.1, b.1), (a.2, b.2)].map { Int(($0 + ($1 - $0) * t).rounded()) }
    return "#" + parts.map { String(format: "%02x", $0) }.joined()
  }
}

import Foundation

/// Lines over two axes, as a drawing (SVG) that takes its colours from the page around it.
///
/// Each line may have a band of spread around it. Its name stands at its right end beside its mark;
/// points tell their values when they are pointed at.
struct LineChart {
  struct Point: Equatable {
    var x: Double
    var y: Double
    /// The spread around y, such as the least and the greatest over seeds.
    var low: Double? = nil
    var high: Double? = nil
    /// What is told about the point beside its values.
    var note: String? = nil
  }

  struct Line {
    var name: String
    /// What stands at the right end; the name if nil.
    var label: String? = nil
    var points: [Point]
    /// The colour and the mark, from 0; see ``SeriesStyle``.
    var style: SeriesStyle
    var hasMarks = true
  }

  /// A horizontal line to compare with.
  struct Level {
    var name: String
    var label: String? = nil
    var y: Double
  }

  /// What is drawn, for those who do not see it.
  var title: String
  var x: ChartAxis
  var y: ChartAxis
  var lines: [Line]
  var levels: [Level] = []
  var height = 380.0

  private static let width = 760.0
  private static let labelHeight = 17.0

  /// The drawing.
  var svg: String {
    let (top, bottom) = (16.0, height - 54)
    let right = Self.width - labelWidth
    let lines = drawnLines
    let points = lines.flatMap(\.points)
    let heights = points.flatMap { [$0.y, $0.low, $0.high].compactMap(\.self) } + levels.map(\.y)
    let yScale = y.scale(heights, start: bottom, end: top, margin: 0.06)
    // Room for the numbers of the vertical axis and for its name beside them.
    let digits = (y.ticks ?? yScale.ticks(6)).map { y.text($0).count }.max() ?? 0
    let left = max(62, Double(digits) * 7 + 36)
    let xScale = x.scale(points.map(\.x), start: left, end: right)

    var parts = axes(xScale, yScale, top: top, bottom: bottom)
    parts += levels.map { level in
      "<path class=\"baseline\" d=\"M\(coordinate(left)) \(coordinate(yScale(level.y)))"
        + "H\(coordinate(right))\"><title>\(escaped(level.label ?? level.name))</title></path>"
    }
    parts += lines.map { band($0, xScale, yScale) }
    parts += lines.map { curve($0, xScale, yScale) }
    parts += lines.flatMap { marks($0, xScale, yScale) }
    parts += labels(lines, yScale, right: right, top: top, bottom: bottom)
    return svgDrawing(width: Self.width, height: height, title: title, parts)
  }

  /// The lines without points that have no place, such as NaN or a zero on a logarithmic axis.
  private var drawnLines: [Line] {
    func isDrawn(_ value: Double, _ axis: ChartAxis) -> Bool {
      value.isFinite && (axis.kind == .linear || value > 0)
    }
    return lines.map { line in
      var line = line
      line.points.removeAll { !isDrawn($0.x, x) || !isDrawn($0.y, y) }
      for index in line.points.indices {
        let point = line.points[index]
        if let low = point.low, !low.isFinite { line.points[index].low = nil }
        if let high = point.high, !isDrawn(high, y) { line.points[index].high = nil }
      }
      return line
    }
  }

  private var labelWidth: Double {
    let texts = lines.map { $0.label ?? $0.name } + levels.map { $0.label ?? $0.name }
    let longest = texts.map(\.count).max() ?? 0
    return min(max(148, Double(longest) * 7 + 40), 280)
  }

  private func axes(
    _ x: ChartScale, _ y: ChartScale, top: Double, bottom: Double
  ) -> [String] {
    let (left, right) = (coordinate(x.start), coordinate(x.end))
    var parts: [String] = []
    for tick in self.y.ticks ?? y.ticks(6) {
      parts.append("<path class=\"grid\" d=\"M\(left) \(coordinate(y(tick)))H\(right)\"/>")
      parts.append(svgText(x.start - 8, y(tick) + 4, self.y.text(tick), anchor: "end"))
    }
    parts.append("<path class=\"axis\" d=\"M\(left) \(coordinate(bottom))H\(right)\"/>")
    for tick in self.x.ticks ?? x.ticks(6) {
      let place = coordinate(x(tick))
      parts.append("<path class=\"axis\" d=\"M\(place) \(coordinate(bottom))v5\"/>")
      parts.append(svgText(x(tick), bottom + 20, self.x.text(tick), anchor: "middle"))
    }
    parts.append(svgText((x.start + x.end) / 2, height - 12, self.x.label, anchor: "middle"))
    parts.append(svgTextUpwards(14, (top + bottom) / 2, self.y.label))
    return parts
  }

  private func band(_ line: Line, _ x: ChartScale, _ y: ChartScale) -> String {
    let points = line.points.filter { $0.low != nil && $0.high != nil }
    guard points.count > 1 else { return "" }
    func height(_ value: Double) -> String {
      coordinate(y(min(max(value, y.low), y.high)))
    }
    let above = points.map { "\(coordinate(x($0.x))) \(height($0.high ?? $0.y))" }
    let below = points.reversed().map { "\(coordinate(x($0.x))) \(height($0.low ?? $0.y))" }
    return "<path class=\"band \(line.style.name)\" "
      + "d=\"M\((above + below).joined(separator: "L"))Z\"/>"
  }

  private func curve(_ line: Line, _ x: ChartScale, _ y: ChartScale) -> String {
    guard line.points.count > 1 else { return "" }
    let path = line.points.map { "\(coordinate(x($0.x))) \(coordinate(y($0.y)))" }
    return "<path class=\"curve \(line.style.name)\" d=\"M\(path.joined(separator: "L"))\">"
      + "<title>\(escaped(line.name))</title></path>"
  }

  private func marks(_ line: Line, _ x: ChartScale, _ y: ChartScale) -> [String] {
    guard line.hasMarks || line.points.count == 1 else { return [] }
    return line.points.map { point in
      let (px, py) = (x(point.x), y(point.y))
      var told = "\(line.name): \(self.y.text(point.y)) at \(self.x.text(point.x))"
      if let low = point.low, let high = point.high, low < high {
        told += " (\(self.y.text(low)) to \(self.y.text(high)))"
      }
      if let note = point.note { told += "; \(note)" }
      return "<g class=\"mark \(line.style.name)\"><title>\(escaped(told))</title>"
        + line.style.mark(px, py)
        + "<circle class=\"reach\" cx=\"\(coordinate(px))\" cy=\"\(coordinate(py))\" r=\"10\"/></g>"
    }
  }

  /// Names at the right end of the lines, pushed apart where they would touch.
  private func labels(
    _ lines: [Line], _ y: ChartScale, right: Double, top: Double, bottom: Double
  ) -> [String] {
    var labels: [(text: String, place: Double, style: SeriesStyle?)] = levels.map {
      ($0.label ?? $0.name, y($0.y), nil)
    }
    labels += lines.compactMap { line in
      line.points.last.map { (line.label ?? line.name, y($0.y), line.style) }
    }
    labels.sort { $0.place < $1.place }
    var lowest = top - Self.labelHeight
    var places = labels.map { label in
      lowest = max(label.place, lowest + Self.labelHeight)
      return lowest
    }
    // What was pushed below the axis is pushed back up.
    var highest = bottom + Self.labelHeight
    for index in places.indices.reversed() {
      places[index] = min(places[index], highest - Self.labelHeight)
      highest = places[index]
    }
    return zip(labels, places).flatMap { label, place in
      guard let style = label.style else {
        return [
          svgText(right + 12, place + 4, label.text, anchor: "start", class: "label baseline")
        ]
      }
      return [
        "<g class=\"mark \(style.name)\">\(style.mark(right + 16, place))</g>",
        svgText(
          right + 26, place + 4, label.text, anchor: "start", class: "label \(style.name)"),
      ]
    }
  }
}

import Foundation

/// Named points in a plane, such as sentences in the space of an encoder (SVG). Both axes have one scale.
struct ScatterPlot {
  struct Point: Equatable {
    var name: String
    var x: Double
    var y: Double
    /// Points of a group have one colour.
    var group: Int
  }

  var title: String
  var xLabel: String
  var yLabel: String
  var points: [Point]

  private static let width = 760.0

  /// The drawing.
  var svg: String {
    let (left, right, top) = (60.0, Self.width - 20, 16.0)
    let xs = ChartAxis(xLabel).scale(points.map(\.x), start: left, end: right, margin: 0.12)
    let low = points.map(\.y).min() ?? 0
    let high = points.map(\.y).max() ?? 1
    let unit = (right - left) / max(xs.high - xs.low, 1e-12)
    // High enough for its names, and no higher than a screen.
    let height = min(max((high - low) * unit, 200), 560)
    let bottom = top + height + 32
    let ys = ChartAxis(yLabel).scale(points.map(\.y), start: bottom - 16, end: top + 16)
    var parts = [
      "<path class=\"axis\" d=\"M\(coordinate(left)) \(coordinate(top))V\(coordinate(bottom))"
        + "H\(coordinate(right))\"/>"
    ]
    parts.append(svgText((left + right) / 2, bottom + 26, xLabel, anchor: "middle"))
    parts.append(svgTextUpwards(left - 30, (top + bottom) / 2, yLabel))
    for point in points {
      let style = SeriesStyle.number(point.group)
      let (x, y) = (xs(point.x), ys(point.y))
      // Names are written to the side on which there is more room.
      let isRight = x > (left + right) / 2
      parts.append(
        "<g class=\"mark \(style.name)\"><circle cx=\"\(coordinate(x))\" cy=\"\(coordinate(y))\" r=\"4\">"
          + "<title>\(escaped(point.name))</title></circle></g>")
      parts.append(
        svgText(
          isRight ? x - 8 : x + 8, y + 4, point.name, anchor: isRight ? "end" : "start",
          class: "label \(style.name)"))
    }
    return svgDrawing(width: Self.width, height: bottom + 40, title: title, parts)
  }
}

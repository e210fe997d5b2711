import Foundation

/// A loss curve as a drawing (SVG) that takes its colours from the page around it: the loss of the
/// training windows, that of held-out text, and baselines to compare with.
struct LossChart {
  struct Point: Equatable {
    var step: Double
    var loss: Double
  }

  struct Baseline: Equatable {
    var name: String
    var loss: Double
  }

  var training: [Point]
  var heldOut: [Point]
  var baselines: [Baseline]
  /// The unit of the losses, such as "nats a character".
  var unit: String

  private static let width = 760.0
  private static let height = 380.0
  private static let plot = (left: 62.0, right: 612.0, top: 16.0, bottom: 326.0)

  /// The drawing.
  var svg: String {
    let training = Self.thinned(training.filter(\.loss.isFinite))
    let heldOut = heldOut.filter(\.loss.isFinite)
    let steps = (training + heldOut).map(\.step)
    let x = ChartScale(
      low: 0, high: steps.max() ?? 1, start: Self.plot.left, end: Self.plot.right)
    let losses = (training + heldOut).map(\.loss) + baselines.map(\.loss)
    let (low, high) = (losses.min() ?? 0, losses.max() ?? 1)
    let margin = max((high - low) * 0.06, 0.01)
    let y = ChartScale(
      low: max(0, low - margin), high: high + margin, start: Self.plot.bottom, end: Self.plot.top)

    var parts = axes(x, y)
    parts += baselines.map { baseline in
      let height = coordinate(y(baseline.loss))
      return "<path class=\"baseline\" d=\"M\(coordinate(x.start)) \(height)"
        + "H\(coordinate(x.end))\"/>"
    }
    parts.append(curve(training, x, y, class: "training"))
    parts.append(curve(heldOut, x, y, class: "held-out"))
    parts += heldOut.map { point in
      "<circle class=\"held-out\" cx=\"\(coordinate(x(point.step)))\" "
        + "cy=\"\(coordinate(y(point.loss)))\" r=\"3.5\"/>"
    }
    parts += labels(training, heldOut, y)
    let title = "Loss against training steps, in \(unit)"
    return """
      <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
      aria-label="\(escaped(title))" xmlns="http://www.w3.org/2000/svg">
      \(parts.filter { !$0.isEmpty }.joined(separator: "\n"))
      </svg>
      """
  }

  private func axes(_ x: ChartScale, _ y: ChartScale) -> [String] {
    let (left, right) = (coordinate(Self.plot.left), coordinate(Self.plot.right))
    let bottom = coordinate(Self.plot.bottom)
    var parts: [String] = []
    for tick in y.ticks(6) {
      let height = coordinate(y(tick))
      parts.append("<path class=\"grid\" d=\"M\(left) \(height)H\(right)\"/>")
      parts.append(
        text(Self.plot.left - 8, y(tick) + 4, coordinate(tick), anchor: "end"))
    }
    parts.append("<path class=\"axis\" d=\"M\(left) \(bottom)H\(right)\"/>")
    for tick in x.ticks(6) {
      let place = coordinate(x(tick))
      parts.append("<path class=\"axis\" d=\"M\(place) \(bottom)v5\"/>")
      parts.append(
        text(x(tick), Self.plot.bottom + 20, Format.count(Int(tick)), anchor: "middle"))
    }
    let middle = (Self.plot.left + Self.plot.right) / 2
    parts.append(text(middle, Self.height - 12, "training steps", anchor: "middle"))
    let center = coordinate((Self.plot.top + Self.plot.bottom) / 2)
    parts.append(
      "<text x=\"16\" y=\"\(center)\" text-anchor=\"middle\" "
        + "transform=\"rotate(-90 16 \(center))\">\(escaped("loss, " + unit))</text>")
    return parts
  }

  private func curve(_ points: [Point], _ x: ChartScale, _ y: ChartScale, class name: String)
    -> String
  {
    guard points.count > 1 else { return "" }
    let path = points.map { "\(coordinate(x($0.step))) \(coordinate(y($0.loss)))" }
    return "<path class=\"curve \(name)\" d=\"M\(path.joined(separator: "L"))\"/>"
  }

  /// Names at the right end of the lines, pushed apart where they would touch.
  private func labels(_ training: [Point], _ heldOut: [Point], _ y: ChartScale) -> [String] {
    var labels: [(name: String, loss: Double, style: String)] = baselines.map {
      ($0.name, $0.loss, "baseline")
    }
    if let last = training.last { labels.append(("training", last.loss, "training")) }
    if let last = heldOut.last { labels.append(("held out", last.loss, "held-out")) }
    labels.sort { $0.loss > $1.loss }
    var lowest = Self.plot.top - 17
    var places = labels.map { label in
      lowest = max(y(label.loss), lowest + 17)
      return lowest
    }
    // What was pushed below the axis is pushed back up.
    var highest = Self.plot.bottom + 17
    for index in places.indices.reversed() {
      places[index] = min(places[index], highest - 17)
      highest = places[index]
    }
    return zip(labels, places).map { label, place in
      text(
        Self.plot.right + 10, place + 4, "\(label.name) \(Format.number(label.loss))",
        anchor: "start", class: "label \(label.style)")
    }
  }

  private func text(
    _ x: Double, _ y: Double, _ text: String, anchor: String, class name: String? = nil
  ) -> String {
    let style = name.map { " class=\"\($0)\"" } ?? ""
    return "<text x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" text-anchor=\"\(anchor)\"\(style)>"
      + "\(escaped(text))</text>"
  }

  /// At most 300 points, each the mean of its neighbours: the noise of single windows hides the
  /// curve.
  private static func thinned(_ points: [Point]) -> [Point] {
    let group = (points.count + 299) / 300
    guard group > 1 else { return points }
    return stride(from: 0, to: points.count, by: group).map { start in
      let part = points[start..<min(start + group, points.count)]
      let count = Double(part.count)
      return Point(
        step: part.map(\.step).reduce(0, +) / count, loss: part.map(\.loss).reduce(0, +) / count)
    }
  }
}

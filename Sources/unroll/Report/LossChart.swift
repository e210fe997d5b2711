/// A loss curve: the loss of the training windows, that of held-out text, and baselines to compare
/// with.
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

  /// The drawing.
  var svg: String {
    let training = Self.thinned(training.filter(\.loss.isFinite))
    let heldOut = heldOut.filter(\.loss.isFinite)
    let losses = (training + heldOut).map(\.loss) + baselines.map(\.loss)
    let (low, high) = (losses.min() ?? 0, losses.max() ?? 1)
    let margin = max((high - low) * 0.06, 0.01)
    return LineChart(
      title: "Loss against training steps, in \(unit)",
      x: ChartAxis("training steps", low: 0),
      y: ChartAxis(
        "loss, " + unit, low: max(0, low - margin), high: high + margin, text: coordinate),
      lines: [
        line("training", training, .training, hasMarks: false),
        line("held out", heldOut, .heldOut, hasMarks: true),
      ],
      levels: baselines.map { baseline in
        LineChart.Level(
          name: baseline.name, label: "\(baseline.name) \(Format.number(baseline.loss))",
          y: baseline.loss)
      }
    ).svg
  }

  private func line(
    _ name: String, _ points: [Point], _ style: SeriesStyle, hasMarks: Bool
  ) -> LineChart.Line {
    LineChart.Line(
      name: name, label: points.last.map { "\(name) \(Format.number($0.loss))" },
      points: points.map { LineChart.Point(x: $0.step, y: $0.loss) }, style: style,
      hasMarks: hasMarks)
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

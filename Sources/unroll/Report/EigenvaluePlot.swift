import Learning
import Tensors

/// The eigenvalues of one parameter's matrices in the complex plane, with the unit circle (SVG).
///
/// What lies inside of the circle fades from step to step in a linear network, what lies outside grows.
struct EigenvaluePlot {
  var parameter: String
  /// Matrices with eigenvalues.
  var matrices: [RecurrentSpectrum.Matrix]

  private static let width = 760.0
  private static let height = 420.0

  /// The drawing.
  var svg: String {
    let reach = 1.08 * max(1.15, matrices.compactMap(\.spectralRadius).max() ?? 1)
    let (middle, side) = ((x: 300.0, y: 196.0), 180.0)
    // One scale for both axes: a circle is to be round.
    let x = ChartScale(low: -reach, high: reach, start: middle.x - side, end: middle.x + side)
    let y = ChartScale(low: -reach, high: reach, start: middle.y + side, end: middle.y - side)

    var parts = [
      "<path class=\"grid\" d=\"M\(coordinate(x.start)) \(coordinate(y(0)))H\(coordinate(x.end))"
        + "M\(coordinate(x(0))) \(coordinate(y.start))V\(coordinate(y.end))\"/>"
    ]
    for tick in x.ticks(5) {
      parts.append(svgText(x(tick), y.start + 18, ChartAxis.plain(tick), anchor: "middle"))
      parts.append(svgText(x.start - 8, y(tick) + 4, ChartAxis.plain(tick), anchor: "end"))
    }
    parts.append(svgText(middle.x, Self.height - 8, "real part", anchor: "middle"))
    parts.append(svgTextUpwards(x.start - 48, middle.y, "imaginary part"))
    for (index, matrix) in matrices.enumerated() {
      let style = SeriesStyle.number(index)
      // A line of no length with round ends is a dot.
      let dots = matrix.eigenvalues.map {
        "M\(coordinate(x($0.real))) \(coordinate(y($0.imaginary)))h0"
      }
      let name = matrix.block.isEmpty ? "eigenvalues" : matrix.block
      parts.append(
        "<path class=\"curve \(style.name)\" style=\"stroke-width:4;stroke-linecap:round\" "
          + "d=\"\(dots.joined())\"><title>\(escaped(name))</title></path>")
      let place = y.end + 14 + 20 * Double(index)
      let label = "\(name), radius \(Format.number(matrix.spectralRadius ?? 0))"
      parts.append("<g class=\"mark \(style.name)\">\(dot(x.end + 24, place - 4))</g>")
      parts.append(
        svgText(x.end + 36, place, label, anchor: "start", class: "label \(style.name)"))
    }
    // Over the dots, which lie around it.
    parts.append(
      "<circle class=\"baseline\" cx=\"\(coordinate(x(0)))\" cy=\"\(coordinate(y(0)))\" "
        + "r=\"\(coordinate(x(1) - x(0)))\"><title>magnitude 1</title></circle>")
    return svgDrawing(
      width: Self.width, height: Self.height, title: "Eigenvalues of \(parameter)", parts)
  }

  private func dot(_ x: Double, _ y: Double) -> String {
    "<circle cx=\"\(coordinate(x))\" cy=\"\(coordinate(y))\" r=\"4\"/>"
  }
}

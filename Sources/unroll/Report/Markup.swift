import Foundation

/// Text made safe for HTML and XML, inside elements and inside quoted attributes. Control characters
/// that neither may hold become their pictures (␀, ␁, …).
func escaped(_ text: String) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result.append(contentsOf: "&amp;".unicodeScalars)
    case "<": result.append(contentsOf: "&lt;".unicodeScalars)
    case ">": result.append(contentsOf: "&gt;".unicodeScalars)
    case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
    case "'": result.append(contentsOf: "&#39;".unicodeScalars)
    case "\t", "\n": result.append(scalar)
    case "\0"..<" ": result.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
    case "\u{7F}"..<"\u{A0}", "\u{FFFE}", "\u{FFFF}": result.append("\u{FFFD}")
    default: result.append(scalar)
    }
  }
  return String(result)
}

/// A coordinate of a drawing, to a hundredth.
func coordinate(_ value: Double) -> String {
  let text = String(format: "%.2f", value)
  return text.hasSuffix(".00") ? String(text.dropLast(3)) : text
}

/// A text of a drawing.
///
/// - Parameter anchor: what of it lies at x: "start", "middle" or "end".
func svgText(
  _ x: Double, _ y: Double, _ text: String, anchor: String, class name: String? = nil
) -> String {
  let style = name.map { " class=\"\($0)\"" } ?? ""
  return "<text x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" text-anchor=\"\(anchor)\"\(style)>"
    + "\(escaped(text))</text>"
}

/// The text of a vertical axis, read from below, with its middle at a place.
func svgTextUpwards(_ x: Double, _ y: Double, _ text: String) -> String {
  "<text x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" text-anchor=\"middle\" "
    + "transform=\"rotate(-90 \(coordinate(x)) \(coordinate(y)))\">\(escaped(text))</text>"
}

/// A drawing of the given size that takes its colours from the page around it.
func svgDrawing(width: Double, height: Double, title: String, _ parts: [String]) -> String {
  """
  <svg viewBox="0 0 \(coordinate(width)) \(coordinate(height))" role="img" \
  aria-label="\(escaped(title))" xmlns="http://www.w3.org/2000/svg">
  \(parts.filter { !$0.isEmpty }.joined(separator: "\n"))
  </svg>
  """
}

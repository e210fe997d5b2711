import Foundation

/// What an axis of a chart means.
struct ChartAxis {
  enum Kind { case linear, logarithmic }

  /// The quantity and its unit, such as "loss, nats a character".
  var label: String
  var kind: Kind
  /// The ends; what is nil is chosen to hold all values.
  var low: Double?
  var high: Double?
  /// The values to mark; nil for round ones.
  var ticks: [Double]?
  /// How a value is written at its mark.
  var text: (Double) -> String

  init(
    _ label: String, _ kind: Kind = .linear, low: Double? = nil, high: Double? = nil,
    ticks: [Double]? = nil, text: @escaping (Double) -> String = ChartAxis.plain
  ) {
    self.label = label
    self.kind = kind
    self.low = low
    self.high = high
    self.ticks = ticks
    self.text = text
  }

  /// The scale of this axis for the given values, which lie between pixels `start` and `end`.
  ///
  /// - Parameter margin: the share of the values' range that is left free at the ends that were not
  ///   given.
  func scale(_ values: [Double], start: Double, end: Double, margin: Double = 0) -> ChartScale {
    let finite = values.filter { $0.isFinite && (kind == .linear || $0 > 0) }
    switch kind {
    case .linear:
      let (least, most) = (finite.min() ?? 0, finite.max() ?? 1)
      let room = margin > 0 ? max((most - least) * margin, 0.01 * abs(most), 1e-9) : 0
      return ChartScale(
        low: low ?? least - room, high: high ?? most + room, start: start, end: end)
    case .logarithmic:
      let (least, most) = (finite.min() ?? 0.1, finite.max() ?? 1)
      let room = max(pow(most / least, margin), 1 + margin)
      return ChartScale(
        logarithmicLow: low ?? least / room, high: high ?? most * room, start: start, end: end)
    }
  }

  /// 1,000, 0.25, 10⁻⁵
  static func plain(_ value: Double) -> String {
    let size = abs(value)
    if size != 0, size < 1e-3 || size >= 1e7 {
      let exponent = Int(floor(log10(size) + 1e-9))
      let factor = value / pow(10, Double(exponent))
      let power = "10" + superscript(exponent)
      return abs(factor - 1) < 1e-6 ? power : "\(coordinate(factor))·\(power)"
    }
    if size >= 1000 { return Format.count(Int(value.rounded())) }
    var text = String(format: "%.4f", value)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text == "-0" ? "0" : text
  }

  /// 0 %, 50 %, in one piece: a table does not break it.
  static func percent(_ value: Double) -> String {
    plain((value * 1e4).rounded() / 100) + "\u{A0}%"
  }

  private static func superscript(_ exponent: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    return (exponent < 0 ? "⁻" : "")
      + String(String(exponent.magnitude).compactMap { $0.wholeNumberValue.map { digits[$0] } })
  }
}

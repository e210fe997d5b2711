import Foundation

/// Numbers as people read them.
enum Format {
  /// Four significant digits or so: 1234, 123.4, 12.34, 1.234, 0.1234, 1.234e-05.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "not a number" : "infinite" }
    let size = abs(value)
    if size != 0, size < 1e-3 || size >= 1e7 { return String(format: "%.3e", value) }
    let digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4
    return String(format: "%.\(digits)f", value)
  }

  /// 12.34 %
  static func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }

  /// 12.34 %, or "none" where there is nothing to have a share of.
  static func percent(_ share: Double?) -> String { share.map { percent($0) } ?? "none" }

  /// 1,234,567
  static func count(_ value: Int) -> String {
    var digits = Array(String(value.magnitude))
    var place = digits.count - 3
    while place > 0 {
      digits.insert(",", at: place)
      place -= 3
    }
    return (value < 0 ? "-" : "") + String(digits)
  }

  /// 1 layer, 2 layers, 1,000 layers
  static func plural(_ number: Int, _ noun: String) -> String {
    "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  /// 950, 12.3k, 4.56M
  static func short(_ value: Double) -> String {
    switch abs(value) {
    case 999_500...: String(format: "%.2fM", value / 1e6)
    case 9_995...: String(format: "%.1fk", value / 1e3)
    case 999.5...: String(format: "%.2fk", value / 1e3)
    default: String(format: "%.0f", value)
    }
  }

  /// 0:07, 12:34, 3:02:01
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    let whole = Int(seconds.rounded(.up))
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    return hours > 0
      ? String(format: "%d:%02d:%02d", hours, minutes, rest)
      : String(format: "%d:%02d", minutes, rest)
  }

  /// 1.2 kB, 3.4 MB
  static func bytes(_ count: Int) -> String {
    switch count {
    case 1_000_000...: String(format: "%.1f MB", Double(count) / 1e6)
    case 1_000...: String(format: "%.1f kB", Double(count) / 1e3)
    default: "\(count) bytes"
    }
  }
}

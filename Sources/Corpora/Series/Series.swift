/// A sequence of real-valued vectors, T steps of D features.
public struct Series: Sendable, Equatable {
  /// D, the features of a step.
  public var width: Int
  /// The values, step after step, [T, D].
  public var values: [Float]

  /// A series of whole steps.
  public init(width: Int, values: [Float]) {
    precondition(
      width > 0 && values.count % width == 0, "\(values.count) values in steps of \(width)")
    self.width = width
    self.values = values
  }

  /// T.
  public var steps: Int { values.count / width }

  /// Steps `range`.
  public subscript(_ range: Range<Int>) -> Series {
    Series(
      width: width, values: Array(values[range.lowerBound * width..<range.upperBound * width]))
  }
}

/// What is wrong with a number of a series, in words.
struct NumberFault: Error {
  let detail: String
}

/// The finite number that `field` spells, white space around it apart.
func finiteNumber(_ field: Substring) throws(NumberFault) -> Float {
  // There are millions of fields, nearly all of them numbers and no more: what else one may be is asked
  // only of one that is not.
  if let number = Float(field), number.isFinite { return number }
  let text = String(field).trimmed
  let number = Float(text)
  if let number, number.isFinite { return number }
  guard !["", "?", "nan", "na", "null"].contains(text.lowercased()) else {
    throw NumberFault(detail: "is missing (\(quoted(text))), expected a number")
  }
  let expected = number == nil ? "a number" : "a finite number"
  throw NumberFault(detail: "is \(quoted(text)), expected \(expected)")
}

extension String {
  /// Without spaces and tabs at both ends.
  var trimmed: String {
    let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    guard let first = utf8.firstIndex(where: { !isSpace($0) }),
      let last = utf8.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(self[first...last])
  }
}

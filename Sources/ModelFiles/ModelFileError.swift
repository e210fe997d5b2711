/// What can go wrong with a model file. Every case carries the path; ``description`` is one line
/// that says what was found, where, and what was expected.
public enum ModelFileError: Error, Equatable, Sendable {
  /// The file cannot be opened or read: it is missing, a directory, unreadable, or shrank
  /// meanwhile.
  case unreadable(path: String, reason: String)
  /// The bytes do not form a safetensors file.
  case malformed(path: String, detail: String)
  /// The header describes a tensor in a way that cannot be true of this file.
  case malformedTensor(path: String, tensor: String, detail: String)
  /// No tensor has this name.
  case missingTensor(path: String, tensor: String)
  /// The tensor is there, with elements that cannot be read as asked.
  case unexpectedType(path: String, tensor: String, found: ElementType, expected: String)
  /// A scalar is NaN or infinite where only numbers are of use; `index` counts in row-major order.
  case notFinite(path: String, tensor: String, index: Int, value: Float)
  /// The bytes do not form an array in NumPy's format that can be used.
  case malformedArray(path: String, detail: String)
  /// The file cannot be written. What was at the path before is still whole.
  case unwritable(path: String, reason: String)
}

extension ModelFileError: CustomStringConvertible {
  /// One line, without control characters whatever the file holds.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "cannot read \(printable(path)): \(printable(reason))"
    case .malformed(let path, let detail):
      "\(printable(path)) is not a valid safetensors file: \(printable(detail))"
    case .malformedTensor(let path, let tensor, let detail):
      "\(printable(path)): tensor \"\(printable(tensor))\": \(printable(detail))"
    case .missingTensor(let path, let tensor):
      "\(printable(path)) has no tensor \"\(printable(tensor))\""
    case .unexpectedType(let path, let tensor, let found, let expected):
      "\(printable(path)): tensor \"\(printable(tensor))\" holds \(found.rawValue), expected \(expected)"
    case .notFinite(let path, let tensor, let index, let value):
      "\(printable(path)): tensor \"\(printable(tensor))\" holds \(value) at index \(index), "
        + "expected finite numbers"
    case .malformedArray(let path, let detail):
      "\(printable(path)) is not a usable NumPy array: \(printable(detail))"
    case .unwritable(let path, let reason):
      "cannot write \(printable(path)): \(printable(reason))"
    }
  }
}

/// `text` with control characters and line separators escaped and its middle left out where it is
/// long: names come from files that nobody has vetted, and a message is one line on somebody's
/// terminal.
package func printable(_ text: String) -> String {
  var result = String.UnicodeScalarView()
  let scalars = text.unicodeScalars
  let limit = 240
  let count = scalars.count
  for (index, scalar) in scalars.enumerated() {
    if count > limit, index >= limit / 2, index < count - limit / 2 {
      if index == limit / 2 { result.append("…") }
      continue
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      result.append(contentsOf: scalar.escaped(asASCII: true).unicodeScalars)
    default:
      result.append(scalar)
    }
  }
  return String(result)
}

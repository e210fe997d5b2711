/// One entry of a file's table of tensors.
public struct TensorRecord: Equatable, Sendable {
  /// The name, as in a PyTorch state dict.
  public let name: String
  /// The type of the scalars.
  public let elementType: ElementType
  /// Sizes along the axes, outermost first; empty for a single scalar.
  public let shape: [Int]
  /// Where the scalars lie, in bytes from the start of the file; row-major, little-endian.
  public let bytes: Range<Int>

  /// Number of scalars.
  public var count: Int { bytes.count / elementType.byteCount }
}

/// The bytes that `shape` scalars of `elementType` take, or nil where that is no number of bytes: a
/// negative size, or a product that does not fit an `Int`.
func byteCount(shape: [Int], elementType: ElementType) -> Int? {
  var count = elementType.byteCount
  for size in shape {
    guard size >= 0 else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow else { return nil }
    count = product
  }
  return count
}

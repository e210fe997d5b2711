/// The type of a tensor's scalars, spelled as in the file's header.
public enum ElementType: String, Sendable, CaseIterable {
  /// IEEE 754 double precision.
  case float64 = "F64"
  /// IEEE 754 single precision.
  case float32 = "F32"
  /// IEEE 754 half precision.
  case float16 = "F16"
  /// The upper half of a single-precision number.
  case bfloat16 = "BF16"
  /// Signed, 8 bytes.
  case int64 = "I64"
  /// Signed, 4 bytes.
  case int32 = "I32"
  /// Signed, 2 bytes.
  case int16 = "I16"
  /// Signed, 1 byte.
  case int8 = "I8"
  /// Unsigned, 1 byte.
  case uint8 = "U8"
  /// One byte, 0 or 1.
  case bool = "BOOL"

  /// Bytes a scalar takes.
  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Whether the scalars are floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    default: false
    }
  }
}

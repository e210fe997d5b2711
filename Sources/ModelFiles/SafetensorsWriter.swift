/// A tensor to be written: its name, shape and type, and a way to borrow its scalars when their
/// turn comes.
public struct TensorSource {
  /// The name, as in a PyTorch state dict.
  public let name: String
  /// Sizes along the axes, outermost first.
  public let shape: [Int]
  /// The type of the scalars in the file.
  public let elementType: ElementType

  let lend: ((UnsafeRawBufferPointer) -> Void) -> Void

  /// A tensor of single-precision numbers lent without a copy: `withFloats` calls its argument
  /// once, with all scalars in row-major order.
  public init(
    name: String, shape: [Int],
    withFloats: @escaping (_ receive: (UnsafeBufferPointer<Float>) -> Void) -> Void
  ) {
    self.name = name
    self.shape = shape
    elementType = .float32
    lend = { receive in withFloats { receive(UnsafeRawBufferPointer($0)) } }
  }

  /// A tensor of single-precision numbers in row-major order.
  public init(name: String, shape: [Int], floats: [Float]) {
    self.init(name: name, shape: shape) { receive in floats.withUnsafeBufferPointer(receive) }
  }

  /// A tensor of half-precision numbers, given by their bits in row-major order.
  public init(name: String, shape: [Int], halves: @escaping () -> [UInt16]) {
    self.name = name
    self.shape = shape
    elementType = .float16
    lend = { receive in halves().withUnsafeBytes(receive) }
  }

  /// A tensor of 64-bit whole numbers in row-major order.
  public init(name: String, shape: [Int], int64s: [Int64]) {
    self.name = name
    self.shape = shape
    elementType = .int64
    lend = { receive in int64s.withUnsafeBytes(receive) }
  }
}

/// Writes safetensors files, atomically (see ``AtomicFile``) and always with the same bytes for the
/// same contents.
public enum SafetensorsWriter {
  /// Writes `tensors` and `metadata` to `path`.
  ///
  /// Tensors of wider scalars come first, otherwise the given order is kept; the header is padded
  /// with spaces to a multiple of 8 bytes, so every scalar is aligned in the file. Only the header
  /// is built in memory. Two tensors of one name, or one named `__metadata__`, throw; scalars that
  /// do not match their shape are a precondition failure.
  public static func write(
    to path: String, tensors: [TensorSource], metadata: [String: String] = [:]
  ) throws(ModelFileError) {
    let ordered = tensors.enumerated().sorted {
      (-$0.element.elementType.byteCount, $0.offset) < (
        -$1.element.elementType.byteCount, $1.offset
      )
    }.map(\.element)
    let header = try header(ordered, metadata: metadata, path: path)
    try AtomicFile.write(to: path) { (writer) throws(ModelFileError) in
      try header.withUnsafeBufferPointer { (bytes) throws(ModelFileError) in
        try writer.write(UnsafeRawBufferPointer(bytes))
      }
      for tensor in ordered {
        var failure: ModelFileError?
        var calls = 0
        tensor.lend { bytes in
          calls += 1
          precondition(
            bytes.count == byteCount(shape: tensor.shape, elementType: tensor.elementType),
            "tensor \"\(tensor.name)\": \(bytes.count) bytes lent for shape \(tensor.shape) of "
              + tensor.elementType.rawValue)
          do throws(ModelFileError) { try writer.write(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        precondition(calls == 1, "tensor \"\(tensor.name)\" was lent \(calls) times, expected once")
      }
    }
  }

  /// The 8 bytes of the length and the JSON, padded.
  private static func header(
    _ tensors: [TensorSource], metadata: [String: String], path: String
  ) throws(ModelFileError) -> [UInt8] {
    var names: Set<String> = []
    var entries: [String] = []
    if !metadata.isEmpty {
      // Sorted by scalars and not by `String.<`, whose order belongs to the Unicode version.
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { "\(quoted($0.key)):\(quoted($0.value))" }
      entries.append(
        "\(quoted(SafetensorsHeader.metadataKey)):{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for tensor in tensors {
      guard tensor.name != SafetensorsHeader.metadataKey, names.insert(tensor.name).inserted else {
        throw .unwritable(path: path, reason: "a second tensor is named \"\(tensor.name)\"")
      }
      guard let size = byteCount(shape: tensor.shape, elementType: tensor.elementType) else {
        preconditionFailure("tensor \"\(tensor.name)\" has no valid shape: \(tensor.shape)")
      }
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.elementType.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(offset + size)]}")
      offset += size
    }
    var json = Array("{\(entries.joined(separator: ","))}".utf8)
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
    guard json.count <= SafetensorsHeader.longest else {
      throw .unwritable(
        path: path,
        reason: "names and metadata take \(json.count) bytes, the format allows "
          + "\(SafetensorsHeader.longest)")
    }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
  }

  /// `text` as a JSON string.
  private static func quoted(_ text: String) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "\"")]
    bytes.reserveCapacity(text.utf8.count + 2)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        bytes.append(contentsOf: "\\u00\(digits.count == 1 ? "0" : "")\(digits)".utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
    return String(decoding: bytes, as: UTF8.self)
  }
}

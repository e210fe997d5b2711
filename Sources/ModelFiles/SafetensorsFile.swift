#if _endian(big)
  #error("model files are little-endian and their scalars are read in place")
#endif

/// A safetensors file, open for reading.
///
/// Opening checks the whole header (see ``SafetensorsHeader``), so every tensor that can be asked
/// for lies within the file. Scalars are read on demand. An open file is unaffected when the path
/// is written anew by ``SafetensorsWriter``.
public struct SafetensorsFile: Sendable {
  /// Where the file was.
  public let path: String
  /// The tensors, in the order of their bytes.
  public let records: [TensorRecord]
  /// The strings stored beside the tensors.
  public let metadata: [String: String]

  private let file: FileBytes
  private let indices: [String: Int]

  /// Opens the file at `path` and checks its header.
  public init(path: String) throws(ModelFileError) {
    try self.init(path: path, mappingThreshold: FileBytes.mappingThreshold)
  }

  init(path: String, mappingThreshold: Int) throws(ModelFileError) {
    let file = try FileBytes(path: path, mappingThreshold: mappingThreshold)
    let header = try SafetensorsHeader(parsing: file.bytes, path: path)
    self.path = path
    self.file = file
    records = header.records
    metadata = header.metadata
    indices = Dictionary(
      uniqueKeysWithValues: header.records.enumerated().map { ($1.name, $0) })
  }

  /// Size of the file in bytes.
  public var byteCount: Int { file.bytes.count }

  /// The tensors' names, in the order of their bytes.
  public var names: [String] { records.map(\.name) }

  /// Whether there is a tensor of this name.
  public func contains(_ name: String) -> Bool { indices[name] != nil }

  /// Type, shape and place of a tensor.
  public func record(_ name: String) throws(ModelFileError) -> TensorRecord {
    guard let index = indices[name] else { throw .missingTensor(path: path, tensor: name) }
    return records[index]
  }

  /// The scalars of a floating-point tensor, row-major, as single-precision numbers (F64 is
  /// rounded).
  ///
  /// With `requireFinite`, NaN or infinity anywhere throws
  /// ``ModelFileError/notFinite(path:tensor:index:value:)``.
  public func floats(
    _ name: String, requireFinite: Bool = false
  ) throws(ModelFileError) -> (shape: [Int], scalars: [Float]) {
    let record = try record(name)
    let scalars = try convertedFloats(record)
    if requireFinite { try scalars.withUnsafeBufferPointer(checkFinite(record)) }
    return (record.shape, scalars)
  }

  /// Calls `body` with the scalars of a floating-point tensor: in place, without a copy, where the
  /// file holds F32 at a multiple of 4 bytes (all files of ``SafetensorsWriter`` do), and converted
  /// otherwise. The pointer must not escape.
  public func withFloats<Result>(
    _ name: String, requireFinite: Bool = false,
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    let record = try record(name)
    let bytes = bytes(record)
    if record.elementType == .float32,
      Int(bitPattern: bytes.baseAddress) % MemoryLayout<Float>.alignment == 0
    {
      let scalars = bytes.assumingMemoryBound(to: Float.self)
      if requireFinite { try checkFinite(record)(scalars) }
      return try body(scalars)
    }
    let scalars = try convertedFloats(record)
    return try scalars.withUnsafeBufferPointer {
      if requireFinite { try checkFinite(record)($0) }
      return try body($0)
    }
  }

  /// The scalars of an integer or boolean tensor, row-major, widened to 64 bits.
  public func int64s(_ name: String) throws(ModelFileError) -> (shape: [Int], scalars: [Int64]) {
    let record = try record(name)
    let bytes = bytes(record)
    let scalars: [Int64]
    switch record.elementType {
    case .int64: scalars = load(bytes, as: Int64.self) { $0 }
    case .int32: scalars = load(bytes, as: Int32.self) { Int64($0) }
    case .int16: scalars = load(bytes, as: Int16.self) { Int64($0) }
    case .int8: scalars = load(bytes, as: Int8.self) { Int64($0) }
    case .uint8, .bool: scalars = load(bytes, as: UInt8.self) { Int64($0) }
    case .float64, .float32, .float16, .bfloat16:
      throw .unexpectedType(
        path: path, tensor: name, found: record.elementType, expected: "whole numbers")
    }
    return (record.shape, scalars)
  }

  private func bytes(_ record: TensorRecord) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file.bytes[record.bytes])
  }

  private func convertedFloats(_ record: TensorRecord) throws(ModelFileError) -> [Float] {
    let bytes = bytes(record)
    switch record.elementType {
    case .float32: return load(bytes, as: Float.self) { $0 }
    case .float64: return load(bytes, as: Double.self) { Float($0) }
    case .float16: return load(bytes, as: UInt16.self, HalfPrecision.value(of:))
    case .bfloat16: return load(bytes, as: UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .int64, .int32, .int16, .int8, .uint8, .bool:
      throw .unexpectedType(
        path: path, tensor: record.name, found: record.elementType,
        expected: "floating-point numbers")
    }
  }

  private func load<Stored: BitwiseCopyable, Scalar>(
    _ bytes: UnsafeRawBufferPointer, as type: Stored.Type, _ convert: (Stored) -> Scalar
  ) -> [Scalar] {
    let size = MemoryLayout<Stored>.size
    return [Scalar](unsafeUninitializedCapacity: bytes.count / size) { scalars, count in
      while count < scalars.count, (count + 1) * size <= bytes.count {
        let stored = bytes.loadUnaligned(fromByteOffset: count * size, as: type)
        scalars.initializeElement(at: count, to: convert(stored))
        count += 1
      }
    }
  }

  private func checkFinite(
    _ record: TensorRecord
  ) -> (UnsafeBufferPointer<Float>) throws(ModelFileError) -> Void {
    { (scalars) throws(ModelFileError) in
      guard let index = scalars.firstIndex(where: { !$0.isFinite }) else { return }
      throw .notFinite(
        path: path, tensor: record.name, index: index, value: scalars[index])
    }
  }
}

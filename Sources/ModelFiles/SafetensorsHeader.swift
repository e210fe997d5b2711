/// The checked table of contents of a safetensors file.
///
/// Layout: 8 bytes N, little-endian; N bytes of JSON, an object of `name: {dtype, shape,
/// data_offsets: [begin, end]}` and optionally `__metadata__: {string: string}`; then the scalars.
/// Offsets count from the end of the JSON. Here it is checked that the tensors lie one after
/// another, each as long as its shape says, from the first byte after the header to the last of the
/// file: nothing overlaps, nothing is left over.
struct SafetensorsHeader {
  /// Tensors in the order of their bytes.
  let records: [TensorRecord]
  let metadata: [String: String]

  /// No honest header comes near this (it is also the limit of the format's own library).
  static let longest = 100_000_000

  static let metadataKey = "__metadata__"

  init(parsing file: UnsafeRawBufferPointer, path: String) throws(ModelFileError) {
    func malformed(_ detail: String) -> ModelFileError { .malformed(path: path, detail: detail) }

    guard file.count >= 8 else {
      throw malformed("it is \(file.count) bytes long, expected 8 or more")
    }
    let declared = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard declared <= UInt64(Self.longest) else {
      throw malformed("its header claims \(declared) bytes, the limit is \(Self.longest)")
    }
    let length = Int(declared)
    guard length <= file.count - 8 else {
      throw malformed("its header claims \(length) bytes, but \(file.count - 8) follow")
    }
    let text = UnsafeRawBufferPointer(rebasing: file[8..<(8 + length)])
    guard text.first == UInt8(ascii: "{") else {
      throw malformed("its header does not start with '{'")
    }
    guard String(validating: text, as: UTF8.self) != nil else {
      throw malformed("its header is not UTF-8")
    }
    let json: HeaderJSON
    do {
      json = try HeaderJSON(parsing: text)
    } catch {
      throw malformed("its header is not valid JSON: \(error.detail) at byte \(8 + error.offset)")
    }
    guard case .object(let members) = json else { throw malformed("its header is no JSON object") }

    var metadata: [String: String] = [:]
    var records: [TensorRecord] = []
    for member in members {
      if member.name == Self.metadataKey {
        metadata = try Self.metadata(member.value, path: path)
      } else {
        records.append(
          try Self.record(member, dataStart: 8 + length, fileEnd: file.count, path: path))
      }
    }

    records.sort {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    var end = 8 + length
    for record in records {
      guard record.bytes.lowerBound == end else {
        let fault = record.bytes.lowerBound < end ? "overlap the tensor before" : "leave a hole"
        throw .malformedTensor(
          path: path, tensor: record.name,
          detail: "its bytes \(record.bytes) \(fault), expected to start at \(end)")
      }
      end = record.bytes.upperBound
    }
    guard end == file.count else {
      throw malformed("\(file.count - end) bytes after the last tensor belong to none")
    }
    self.records = records
    self.metadata = metadata
  }

  private static func metadata(
    _ value: HeaderJSON, path: String
  ) throws(ModelFileError) -> [String: String] {
    guard case .object(let members) = value else {
      throw .malformed(path: path, detail: "\(metadataKey) is no JSON object")
    }
    var metadata: [String: String] = [:]
    for member in members {
      guard case .string(let text) = member.value else {
        throw .malformed(
          path: path, detail: "\(metadataKey): the value of \"\(member.name)\" is no string")
      }
      metadata[member.name] = text
    }
    return metadata
  }

  private static func record(
    _ member: HeaderJSON.Member, dataStart: Int, fileEnd: Int, path: String
  ) throws(ModelFileError) -> TensorRecord {
    func malformed(_ detail: String) -> ModelFileError {
      .malformedTensor(path: path, tensor: member.name, detail: detail)
    }
    guard case .object(let fields) = member.value else {
      throw malformed("its entry is no JSON object")
    }
    func field(_ name: String) throws(ModelFileError) -> HeaderJSON {
      guard let field = fields.first(where: { $0.name == name }) else {
        throw malformed("its entry has no \"\(name)\"")
      }
      return field.value
    }
    func integers(_ name: String) throws(ModelFileError) -> [Int] {
      guard case .array(let elements) = try field(name) else {
        throw malformed("\"\(name)\" is no array")
      }
      var integers: [Int] = []
      for element in elements {
        guard case .integer(let integer) = element, integer >= 0 else {
          throw malformed("\"\(name)\" holds something that is no whole number from 0 up")
        }
        integers.append(integer)
      }
      return integers
    }

    guard case .string(let typeName) = try field("dtype") else {
      throw malformed("\"dtype\" is no string")
    }
    guard let elementType = ElementType(rawValue: typeName) else {
      let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
      throw malformed("unknown dtype \"\(typeName)\", expected one of \(known)")
    }
    let shape = try integers("shape")
    guard let expected = byteCount(shape: shape, elementType: elementType) else {
      throw malformed("shape \(shape) of \(typeName) is too large for any file")
    }
    let offsets = try integers("data_offsets")
    guard offsets.count == 2 else {
      throw malformed("\"data_offsets\" has \(offsets.count) numbers, expected 2")
    }
    guard offsets[0] <= offsets[1], offsets[1] <= fileEnd - dataStart else {
      throw malformed(
        "data_offsets \(offsets) do not lie within the \(fileEnd - dataStart) bytes of data")
    }
    guard offsets[1] - offsets[0] == expected else {
      throw malformed(
        "data_offsets \(offsets) span \(offsets[1] - offsets[0]) bytes, "
          + "shape \(shape) of \(typeName) takes \(expected)")
    }
    return TensorRecord(
      name: member.name, elementType: elementType, shape: shape,
      bytes: (dataStart + offsets[0])..<(dataStart + offsets[1]))
  }
}

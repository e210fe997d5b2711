/// An array in NumPy's file format (NEP 1: `numpy.save`), read whole: how features from elsewhere come in.
///
/// ```
/// \x93NUMPY  major  minor  length of the header  header  elements
/// {'descr': '<f4', 'fortran_order': False, 'shape': (1495, 512), }
/// ```
/// Versions 1 to 3; elements are halves, floats or doubles of either byte order, in C order. Doubles are rounded.
public struct NPYFile: Sendable {
  /// The extent of each axis; none for a single number.
  public let shape: [Int]
  /// The elements in row-major order.
  public let scalars: [Float]

  /// Reads the file at `path`.
  ///
  /// - Parameter requireFinite: whether NaN and infinity are errors.
  /// - Throws: ``ModelFileError/unreadable(path:reason:)``, ``ModelFileError/malformedArray(path:detail:)``.
  public init(path: String, requireFinite: Bool = true) throws(ModelFileError) {
    let file = try FileBytes(path: path)
    defer { withExtendedLifetime(file) {} }
    do throws(Fault) {
      let header = try Header(file.bytes)
      shape = header.shape
      scalars = try header.scalars(of: file.bytes)
    } catch {
      throw .malformedArray(path: path, detail: error.detail)
    }
    if requireFinite, let index = scalars.firstIndex(where: { !$0.isFinite }) {
      throw .malformedArray(
        path: path, detail: "it holds \(scalars[index]) at index \(index), expected finite numbers")
    }
  }

  /// Whether the file at `path` begins as this format does.
  public static func isNPY(_ path: String) -> Bool {
    guard let file = try? FileBytes(path: path) else { return false }
    return file.bytes.starts(with: Header.magic)
  }

  /// What is wrong, in words.
  fileprivate struct Fault: Error {
    let detail: String
    init(_ detail: String) { self.detail = detail }
  }
}

/// What stands before the elements.
private struct Header {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// A longer header is none that anybody wrote.
  private static let longest = 1 << 16

  let shape: [Int]
  private let count: Int
  private let size: Int
  private let isBigEndian: Bool
  /// Where the elements begin.
  private let start: Int

  init(_ bytes: UnsafeRawBufferPointer) throws(NPYFile.Fault) {
    guard bytes.starts(with: Self.magic) else {
      throw .init("it does not begin with \\x93NUMPY")
    }
    guard bytes.count >= 10 else { throw .init("it ends within its heading") }
    let major = bytes[6]
    guard (1...3).contains(major) else {
      throw .init("it is of version \(major), expected 1 to 3")
    }
    let width = major == 1 ? 2 : 4
    guard bytes.count >= 8 + width else { throw .init("it ends within its heading") }
    let length = (0..<width).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    start = 8 + width + length
    guard length <= Self.longest else {
      throw .init("a header of \(length) bytes, expected at most \(Self.longest)")
    }
    guard start <= bytes.count else {
      throw .init("a header of \(length) bytes is longer than what there is")
    }
    var reader = LiteralReader(Array(bytes[8 + width..<start]))
    let members = try reader.dictionary()
    guard case .text(let type)? = members["descr"] else {
      throw .init("its header has no type, 'descr', that is a text: it is no plain array")
    }
    guard case .truth(let isFortran)? = members["fortran_order"] else {
      throw .init("its header has no 'fortran_order'")
    }
    guard case .numbers(let extents)? = members["shape"] else {
      throw .init("its header has no 'shape'")
    }
    guard !isFortran || extents.count < 2 else {
      throw .init("its elements are in Fortran's order, expected C's: numpy.ascontiguousarray")
    }
    guard let found = ["f2": 2, "f4": 4, "f8": 8][type.dropFirst()],
      let order = type.first, "<>=|".contains(order)
    else {
      throw .init("its elements are of type '\(type)', expected <f2, <f4 or <f8 (numpy.float32)")
    }
    isBigEndian = order == ">"
    size = found
    var product = 1
    for extent in extents {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard !overflow, next <= Int.max / 8 else {
        throw .init("a shape of \(extents) is too large")
      }
      product = next
    }
    (shape, count) = (extents, product)
    guard bytes.count - start == count * size else {
      throw .init(
        "it has \(bytes.count - start) bytes of elements, expected \(count * size) for the shape "
          + "\(extents) of '\(type)'")
    }
  }

  func scalars(of bytes: UnsafeRawBufferPointer) throws(NPYFile.Fault) -> [Float] {
    func word<Word: FixedWidthInteger>(_ index: Int, _: Word.Type) -> Word {
      let word = bytes.loadUnaligned(fromByteOffset: start + index * size, as: Word.self)
      return isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word)
    }
    return (0..<count).map { index in
      switch size {
      case 2: HalfPrecision.value(of: word(index, UInt16.self))
      case 4: Float(bitPattern: word(index, UInt32.self))
      default: Float(Double(bitPattern: word(index, UInt64.self)))
      }
    }
  }
}

/// Reads the literal of a Python dictionary with texts, truths and tuples of numbers in it.
private struct LiteralReader {
  enum Value {
    case text(String)
    case truth(Bool)
    case numbers([Int])
  }

  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func dictionary() throws(NPYFile.Fault) -> [String: Value] {
    var members: [String: Value] = [:]
    try expect("{")
    while !take("}") {
      let key = try text()
      try expect(":")
      guard members.updateValue(try value(), forKey: key) == nil else {
        throw .init("its header has '\(key)' twice")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard place == bytes.count else { throw unexpected("the end of the header") }
    return members
  }

  private mutating func value() throws(NPYFile.Fault) -> Value {
    skipSpace()
    if take("(") {
      var numbers: [Int] = []
      while !take(")") {
        numbers.append(try number())
        if !take(",") {
          try expect(")")
          break
        }
      }
      return .numbers(numbers)
    }
    for (word, truth) in [("True", true), ("False", false)]
    where bytes[place...].starts(with: word.utf8) {
      place += word.utf8.count
      return .truth(truth)
    }
    return .text(try text())
  }

  private mutating func number() throws(NPYFile.Fault) -> Int {
    skipSpace()
    let start = place
    while place < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) {
      place += 1
    }
    guard let number = Int(String(decoding: bytes[start..<place], as: UTF8.self)) else {
      throw unexpected("a number")
    }
    return number
  }

  private mutating func text() throws(NPYFile.Fault) -> String {
    skipSpace()
    guard place < bytes.count,
      bytes[place] == UInt8(ascii: "'") || bytes[place] == UInt8(ascii: "\"")
    else { throw unexpected("a text") }
    guard let end = bytes[(place + 1)...].firstIndex(of: bytes[place]) else {
      throw .init("its header has a text without an end")
    }
    defer { place = end + 1 }
    return String(decoding: bytes[place + 1..<end], as: UTF8.self)
  }

  private mutating func skipSpace() {
    while place < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[place]) { place += 1 }
  }

  private mutating func take(_ mark: Character) -> Bool {
    skipSpace()
    guard place < bytes.count, bytes[place] == mark.asciiValue else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ mark: Character) throws(NPYFile.Fault) {
    guard take(mark) else { throw unexpected("'\(mark)'") }
  }

  private func unexpected(_ expected: String) -> NPYFile.Fault {
    .init("at byte \(place) of its header: expected \(expected)")
  }
}

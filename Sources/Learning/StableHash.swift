/// A 64-bit hash that is the same on every machine and in every run: for checksums and for naming
/// data in ``TrainingPlan/identity``. Not for secrets.
///
/// Each word goes through a bijection of the state (the finaliser of MurmurHash3, Appleby 2011), so
/// one changed word always changes the result.
public struct StableHash: Sendable {
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The hash of nothing.
  public init() {}

  /// Adds one word.
  public mutating func add(_ word: UInt64) {
    var z = state ^ word
    z = (z ^ z >> 33) &* 0xFF51_AFD7_ED55_8CCD
    z = (z ^ z >> 33) &* 0xC4CE_B9FE_1A85_EC53
    state = (z ^ z >> 33) &+ 0x9E37_79B9_7F4A_7C15
  }

  /// Adds the length and the bytes.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    add(UInt64(bytes.count))
    let wholeWords = bytes.count & ~7
    for offset in stride(from: 0, to: wholeWords, by: 8) {
      add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
    var rest: UInt64 = 0
    for offset in wholeWords..<bytes.count {
      rest |= UInt64(bytes[offset]) << UInt64(8 * (offset - wholeWords))
    }
    if wholeWords < bytes.count { add(rest) }
  }

  /// Adds a text.
  public mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// Adds numbers, as token ids.
  public mutating func add(_ numbers: [Int32]) { numbers.withUnsafeBytes { add($0) } }

  /// The hash of all that was added, 16 hexadecimal digits.
  public var hexadecimal: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

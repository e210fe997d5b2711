/// Strings of bytes, numbered in the order of their first insertion.
///
/// A hash table with open addressing over one flat buffer: a slice of a text is looked up where it
/// lies, without becoming a `String`. Equality is that of bytes, so "é" as one scalar and as two
/// are different tokens, which `String` would take for equal.
struct ByteStringTable: Sendable {
  /// All strings, one after the other.
  private var bytes: [UInt8] = []
  /// String `i` lies in `bytes[ends[i]..<ends[i + 1]]`.
  private var ends: [Int] = [0]
  /// Numbers of strings, -1 where free; a power of two of them, at most half full.
  private var slots: [Int32] = .init(repeating: -1, count: 64)

  var count: Int { ends.count - 1 }

  var indices: Range<Int> { 0..<count }

  /// The bytes of string `number`.
  subscript(number: Int) -> ArraySlice<UInt8> { bytes[ends[number]..<ends[number + 1]] }

  /// The number of `string`, or nil if it was never inserted.
  func number(of string: UnsafeBufferPointer<UInt8>) -> Int32? {
    let number = slots[slot(of: string)]
    return number < 0 ? nil : number
  }

  /// The number of `string`, which is inserted if it is new.
  mutating func insert(_ string: UnsafeBufferPointer<UInt8>) -> Int32 {
    let found = slot(of: string)
    if slots[found] >= 0 { return slots[found] }
    let number = Int32(count)
    slots[found] = number
    bytes.append(contentsOf: string)
    ends.append(bytes.count)
    if 2 * count > slots.count { grow() }
    return number
  }

  /// The slot that holds `string`, or the free one where it belongs.
  private func slot(of string: UnsafeBufferPointer<UInt8>) -> Int {
    let mask = slots.count - 1
    var slot = Self.hash(string) & mask
    while slots[slot] >= 0, !equals(Int(slots[slot]), string) { slot = (slot + 1) & mask }
    return slot
  }

  private func equals(_ number: Int, _ string: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = ends[number]
    guard ends[number + 1] - start == string.count else { return false }
    for offset in 0..<string.count where bytes[start + offset] != string[offset] { return false }
    return true
  }

  private mutating func grow() {
    slots = .init(repeating: -1, count: 2 * slots.count)
    let mask = slots.count - 1
    bytes.withUnsafeBufferPointer { bytes in
      for number in 0..<count {
        let string = UnsafeBufferPointer(rebasing: bytes[ends[number]..<ends[number + 1]])
        var slot = Self.hash(string) & mask
        while slots[slot] >= 0 { slot = (slot + 1) & mask }
        slots[slot] = Int32(number)
      }
    }
  }

  /// FNV-1a with a final mix, since only low bits are used. Nothing depends on the order of slots,
  /// so a text made to collide could slow this down and nothing else.
  private static func hash(_ string: UnsafeBufferPointer<UInt8>) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in string { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(truncatingIfNeeded: hash ^ (hash >> 32))
  }
}

/// The n-grams of one length of 2 or more, numbered in the order of their insertion.
///
/// An n-gram is its prefix (a number among those one token shorter; of a single token, the token) and
/// its last token, packed into one 64-bit key of a hash table with open addressing. So an n-gram
/// costs 16 to 24 bytes whatever its length.
struct NGramLevel: Sendable {
  /// Prefix and last token of each n-gram.
  private var keys: [UInt64] = []
  /// Numbers of n-grams, -1 where free; a power of two of them, at most half full.
  private var slots: [Int32] = .init(repeating: -1, count: 256)

  var count: Int { keys.count }

  /// The number of the prefix of n-gram `number`.
  func prefix(_ number: Int) -> Int32 { Int32(truncatingIfNeeded: keys[number] >> 32) }

  /// The last token of n-gram `number`.
  func token(_ number: Int) -> Int32 { Int32(truncatingIfNeeded: keys[number]) }

  /// The number of the n-gram that continues `prefix` by `token`, or nil if there is none.
  func number(prefix: Int32, token: Int32) -> Int32? {
    let number = slots[slot(of: Self.key(prefix, token))]
    return number < 0 ? nil : number
  }

  /// The number of the n-gram that continues `prefix` by `token`, and whether it is new.
  mutating func insert(prefix: Int32, token: Int32) -> (number: Int32, isNew: Bool) {
    let key = Self.key(prefix, token)
    let found = slot(of: key)
    if slots[found] >= 0 { return (slots[found], false) }
    let number = Int32(count)
    slots[found] = number
    keys.append(key)
    if 2 * count > slots.count { grow() }
    return (number, true)
  }

  private static func key(_ prefix: Int32, _ token: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: prefix)) << 32 | UInt64(UInt32(bitPattern: token))
  }

  /// The slot that holds `key`, or the free one where it belongs.
  private func slot(of key: UInt64) -> Int {
    let mask = slots.count - 1
    // Fibonacci hashing; the high half of the product is the well-mixed one.
    var slot = Int((key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while slots[slot] >= 0, keys[Int(slots[slot])] != key { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    slots = .init(repeating: -1, count: 2 * slots.count)
    for (number, key) in keys.enumerated() { slots[slot(of: key)] = Int32(number) }
  }
}

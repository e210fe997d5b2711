/// All sequences of one length that a text holds, numbered in the order of their first appearance.
///
/// A sequence is its prefix (a number in the level above) and its last token, packed into one
/// 64-bit key of a hash table with open addressing. So a level's table costs 12 bytes a slot
/// whatever the order of the model.
struct NGramLevel: Sendable {
  /// Number of each sequence's prefix in the level above.
  private(set) var prefixes: [Int32] = []
  /// Prefix and last token of sequence `slots[s]`, by slot.
  private var keys: [UInt64] = .init(repeating: 0, count: 256)
  /// Numbers of sequences, -1 where free; a power of two of them, at most half full.
  private var slots: [Int32] = .init(repeating: -1, count: 256)

  var count: Int { prefixes.count }

  /// The number of the sequence that continues `prefix` by `token`, or nil if the text has none.
  func number(prefix: Int32, token: Int32) -> Int32? {
    let number = slots[slot(of: Self.key(prefix, token))]
    return number < 0 ? nil : number
  }

  /// The number of the sequence that continues `prefix` by `token`, and whether it is new.
  mutating func insert(prefix: Int32, token: Int32) -> (number: Int32, isNew: Bool) {
    let key = Self.key(prefix, token)
    let found = slot(of: key)
    if slots[found] >= 0 { return (slots[found], false) }
    let number = Int32(count)
    slots[found] = number
    keys[found] = key
    prefixes.append(prefix)
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
    while slots[slot] >= 0, keys[slot] != key { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    let (oldKeys, oldSlots) = (keys, slots)
    keys = .init(repeating: 0, count: 2 * oldSlots.count)
    slots = .init(repeating: -1, count: 2 * oldSlots.count)
    for index in oldSlots.indices where oldSlots[index] >= 0 {
      let free = slot(of: oldKeys[index])
      keys[free] = oldKeys[index]
      slots[free] = oldSlots[index]
    }
  }
}

/// A canonical prefix code, as both deflate (RFC 1951, 3.2.2) and JPEG (T.81, annex C) have it: codes of
/// one length are consecutive numbers, and a longer code is above all shorter ones, read as binary fractions.
///
/// Codes of up to `lookupBits` bits are found in one step; the rest, by the place of the next 16 bits among
/// the ends of the lengths.
final class PrefixCode {
  static let longest = 16

  /// For the next `lookupBits` bits: symbol · 32 + length, or 0 where no code of so few bits fits.
  private let lookup: Storage<UInt16>
  /// By length: the first 16 bits that are above all codes of that length or less.
  private let limits: [Int]
  /// By length: what a code as a number lacks to the place of its symbol.
  private let offsets: [Int]
  private let symbols: [UInt16]

  /// ``lookup``, of 2^`lookupBits` entries, for as long as this object lives.
  var table: UnsafeMutableBufferPointer<UInt16> { lookup.cells }
  /// How much of the code space no code takes, in units of 2⁻¹⁶.
  let unused: Int

  /// - Parameters:
  ///   - counts: by length, from 0 to 16, how many codes have it.
  ///   - symbols: the symbols by code, fewer than 2048; as many as `counts` says.
  ///   - lowestFirst: whether a code's first bit is the lowest of the bits that are looked up (deflate) or
  ///     the highest (JPEG).
  /// - Returns: nil where there are more codes than such lengths have room for.
  init?(counts: [Int], symbols: [UInt16], lookupBits: Int, lowestFirst: Bool) {
    precondition(counts.count == Self.longest + 1 && counts[0] == 0)
    precondition(counts.reduce(0, +) == symbols.count)
    var limits = [0]
    var offsets = [0]
    var (end, used) = (0, 0)
    let lookup = Storage<UInt16>(count: 1 << lookupBits)
    for length in 1...Self.longest {
      let first = end >> (Self.longest - length)
      end += counts[length] << (Self.longest - length)
      guard end <= 1 << Self.longest else { return nil }
      limits.append(end)
      offsets.append(used - first)
      if length <= lookupBits {
        // All bit strings that begin with the code, of which those of the rest are free.
        let free = lookupBits - length
        for index in 0..<counts[length] {
          let entry = symbols[used + index] << 5 | UInt16(length)
          let start =
            lowestFirst ? reversed(first + index, count: length) : (first + index) << free
          let step = lowestFirst ? 1 << length : 1
          for rest in 0..<(1 << free) { lookup.cells[start &+ rest &* step] = entry }
        }
      }
      used += counts[length]
    }
    unused = 1 << Self.longest - end
    (self.limits, self.offsets, self.symbols, self.lookup) = (limits, offsets, symbols, lookup)
  }

  /// The entry of ``table`` for a code that is too long for it, from the next 16 bits, the first one highest;
  /// 0 where no code fits.
  func longEntry(_ bits: Int) -> UInt16 {
    for length in 1...Self.longest where bits < limits[length] {
      return symbols[offsets[length] + bits >> (Self.longest - length)] << 5 | UInt16(length)
    }
    return 0
  }
}

/// The lowest `count` bits of `bits` in reverse order.
func reversed(_ bits: Int, count: Int) -> Int {
  var (rest, result) = (bits, 0)
  for _ in 0..<count {
    result = result << 1 | rest & 1
    rest >>= 1
  }
  return result
}

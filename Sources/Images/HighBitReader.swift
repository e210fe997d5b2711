/// Reads numbers and Huffman codes from the highest bit of every byte down, as JPEG packs them: a byte 0xFF
/// of the data is followed by a 0, which is no data, and another after it makes a marker, where the data end
/// (T.81, B.1.1.5).
struct HighBitReader {
  private let input: UnsafeBufferPointer<UInt8>
  /// Of the next byte that is not yet among `bits`; stays at the 0xFF of a marker.
  private(set) var position: Int
  /// The next bits, the first one highest, and zeros.
  private var bits: UInt64 = 0
  private var count = 0

  static let lookupBits = 9

  init(_ input: UnsafeBufferPointer<UInt8>, from position: Int) {
    (self.input, self.position) = (input, position)
  }

  /// At least 32 bits are ready afterwards, or all that there are.
  @inline(__always)
  private mutating func refill() {
    if position &+ 4 <= input.count, let start = input.baseAddress {
      let word = UInt32(
        bigEndian: UnsafeRawPointer(start + position).loadUnaligned(as: UInt32.self))
      // Whether any byte is 0xFF: whether one of the complement is 0.
      if (~word &- 0x0101_0101) & word & 0x8080_8080 == 0 {
        bits |= UInt64(word) &<< UInt64(32 &- count)
        count &+= 32
        position &+= 4
        return
      }
    }
    refillByByte()
  }

  @inline(never)
  private mutating func refillByByte() {
    while count <= 56, position < input.count {
      let byte = input[position]
      if byte == 0xFF {
        guard position + 1 < input.count, input[position + 1] == 0 else { return }
        position += 1
      }
      position += 1
      bits |= UInt64(byte) << UInt64(56 - count)
      count += 8
    }
  }

  /// The symbol of the Huffman code that comes next; `table` is that of `code`.
  @inline(__always)
  mutating func symbol(_ code: PrefixCode, _ table: UnsafeMutableBufferPointer<UInt16>)
    throws(StreamFault) -> Int
  {
    if count < 32 { refill() }
    var entry = table[Int(truncatingIfNeeded: bits &>> UInt64(64 &- Self.lookupBits))]
    if entry == 0 { entry = code.longEntry(Int(truncatingIfNeeded: bits &>> 48)) }
    let length = Int(entry & 31)
    guard entry != 0, length <= count else { throw noCode }
    drop(length)
    return Int(entry &>> 5)
  }

  /// The next `size` bits, from 1 to 16, as a number.
  @inline(__always)
  mutating func take(_ size: Int) throws(StreamFault) -> Int {
    if count < size { refill() }
    guard size <= count else { throw ended }
    let result = Int(truncatingIfNeeded: bits &>> UInt64(64 &- size))
    drop(size)
    return result
  }

  /// A number of `size` bits, from 1 to 15, of which the upper half of all stands for itself and the lower
  /// half for negative numbers (T.81, F.2.2.1, "extend").
  @inline(__always)
  mutating func takeSigned(_ size: Int) throws(StreamFault) -> Int {
    let value = try take(size)
    return value &>> (size &- 1) == 0 ? value &- (1 &<< size) &+ 1 : value
  }

  @inline(__always)
  private mutating func drop(_ size: Int) {
    bits &<<= UInt64(size)
    count &-= size
  }

  /// Drops what is left before the next marker and steps over that, which is to be restart marker `number`.
  mutating func restart(_ number: Int) throws(StreamFault) {
    (bits, count) = (0, 0)
    skipToMarker()
    guard position + 1 < input.count else { throw ended }
    guard input[position + 1] == 0xD0 + UInt8(number) else {
      throw StreamFault(
        offset: position, found: "marker \(hexadecimal(input[position + 1]))",
        expected: "the restart marker \(hexadecimal(0xD0 + UInt8(number)))")
    }
    position += 2
  }

  /// Goes on to the next marker, or to the end; a few bytes too many before it are common and harmless.
  mutating func skipToMarker() {
    while position < input.count {
      if input[position] == 0xFF, position + 1 < input.count, input[position + 1] != 0,
        input[position + 1] != 0xFF
      {
        return
      }
      position += 1
    }
  }

  private var ended: StreamFault {
    let isMarker = position + 1 < input.count
    return StreamFault(
      offset: position,
      found: isMarker ? "marker \(hexadecimal(input[position + 1]))" : "the end of the file",
      expected: "more of the scan's data")
  }

  private var noCode: StreamFault {
    count < 16
      ? ended
      : StreamFault(
        offset: position, found: "bits that are no Huffman code of this scan", expected: "a code")
  }
}

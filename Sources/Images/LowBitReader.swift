/// Reads numbers and codes from the lowest bit of every byte up, as deflate packs them.
struct LowBitReader {
  private let input: UnsafeBufferPointer<UInt8>
  private var position: Int
  /// The next bits, the first one lowest. Above `count` there may be bits of the byte at `position`, and
  /// zeros: either way what a refill puts there again.
  private var bits: UInt64 = 0
  private var count = 0

  init(_ input: UnsafeBufferPointer<UInt8>, from position: Int) {
    (self.input, self.position) = (input, position)
  }

  /// Of the byte that holds the next bit.
  var offset: Int { position - count >> 3 }

  /// At least 56 bits are ready afterwards, or all that there are.
  @inline(__always)
  mutating func refill() {
    if position &+ 8 <= input.count, let start = input.baseAddress {
      let next = UnsafeRawPointer(start + position).loadUnaligned(as: UInt64.self)
      bits |= UInt64(littleEndian: next) &<< UInt64(count)
      position &+= (63 &- count) &>> 3
      count |= 56
    } else {
      while count < 56, position < input.count {
        bits |= UInt64(input[position]) &<< UInt64(count)
        position &+= 1
        count &+= 8
      }
    }
  }

  /// The next `size` bits, at most 16, as a number.
  mutating func take(_ size: Int) throws(StreamFault) -> Int {
    if count < size { refill() }
    return try takeReady(size)
  }

  /// ``take(_:)`` without a refill before it.
  @inline(__always)
  mutating func takeReady(_ size: Int) throws(StreamFault) -> Int {
    guard size <= count else { throw ended }
    let result = Int(truncatingIfNeeded: bits & (1 &<< UInt64(size) &- 1))
    drop(size)
    return result
  }

  /// The symbol of the code that comes next, without a refill before it; `table` is that of `code`.
  @inline(__always)
  mutating func symbol(
    _ code: PrefixCode, _ table: UnsafeMutableBufferPointer<UInt16>, _ lookupBits: Int
  ) throws(StreamFault) -> Int {
    var entry = table[Int(truncatingIfNeeded: bits & (1 &<< UInt64(lookupBits) &- 1))]
    if entry == 0 { entry = code.longEntry(reversed(Int(bits & 0xFFFF), count: 16)) }
    let length = Int(entry & 31)
    guard entry != 0, length <= count else {
      throw count < 16
        ? ended
        : StreamFault(
          offset: offset, found: "bits that are no code of this block", expected: "a code")
    }
    drop(length)
    return Int(entry &>> 5)
  }

  /// Skips to the next whole byte.
  mutating func alignToByte() {
    drop(count & 7)
  }

  /// Copies whole bytes from an aligned place; `target` has room for them.
  mutating func copy(_ size: Int, to target: UnsafeMutableBufferPointer<UInt8>, at start: Int)
    throws(StreamFault)
  {
    position = offset
    (bits, count) = (0, 0)
    guard size <= input.count - position else {
      position = input.count
      throw ended
    }
    for index in 0..<size { target[start + index] = input[position + index] }
    position += size
  }

  @inline(__always)
  private mutating func drop(_ size: Int) {
    bits &>>= UInt64(size)
    count &-= size
  }

  private var ended: StreamFault {
    StreamFault(
      offset: input.count, found: "the end of the data", expected: "more of the deflate stream")
  }
}

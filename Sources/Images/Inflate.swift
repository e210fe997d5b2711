/// Decompression of zlib streams (RFC 1950) of deflate data (RFC 1951) into memory of known size.
///
/// Output beyond that size is an error and never written; so is output that falls short of it.
struct Inflate {
  private var reader: LowBitReader
  private let output: UnsafeMutableBufferPointer<UInt8>
  private var written = 0

  /// No stream of deflate makes more of a byte than this: a match of 258 bytes takes two bits at least.
  static let largestRatio = 1032

  /// Fills `output` from the zlib stream at the start of `input`; bytes after the stream are not looked at.
  static func zlib(
    _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
  ) throws(StreamFault) {
    guard input.count >= 2 else {
      throw StreamFault(
        offset: input.count, found: "the end of the data", expected: "the header of a zlib stream")
    }
    let header = Int(input[0]) << 8 | Int(input[1])
    // Method 8 with a window of at most 2¹⁵ bytes, a multiple of 31, no dictionary.
    guard header >> 8 & 0xF == 8, header >> 12 <= 7, header % 31 == 0, header & 0x20 == 0 else {
      throw StreamFault(
        offset: 0, found: hexadecimal(UInt16(header)),
        expected: "the header of a zlib stream without dictionary")
    }
    var inflate = Inflate(reader: LowBitReader(input, from: 2), output: output)
    try inflate.blocks()
    guard inflate.written == output.count else {
      throw StreamFault(
        offset: inflate.reader.offset, found: "\(inflate.written) bytes of decompressed data",
        expected: "\(output.count)")
    }
    inflate.reader.alignToByte()
    let place = inflate.reader.offset
    var found: UInt32 = 0
    for _ in 0..<4 { found = found << 8 | UInt32(try inflate.reader.take(8)) }
    let expected = Checksum.adler32(UnsafeBufferPointer(output))
    guard found == expected else {
      throw StreamFault(
        offset: place, found: "the Adler-32 check sum \(hexadecimal(found))",
        expected: "\(hexadecimal(expected)) for the data before it")
    }
  }

  private mutating func blocks() throws(StreamFault) {
    var isLast = false
    // Made once, as there may be very many small blocks.
    var fixed: (literals: PrefixCode, distances: PrefixCode)?
    while !isLast {
      isLast = try reader.take(1) == 1
      let place = reader.offset
      switch try reader.take(2) {
      case 0: try stored()
      case 1:
        let codes = if let fixed { fixed } else { try DeflateCodes.fixed() }
        fixed = codes
        try compressed(codes.literals, codes.distances)
      case 2:
        let (literals, distances) = try DeflateCodes.read(from: &reader)
        try compressed(literals, distances)
      default:
        throw StreamFault(
          offset: place, found: "a deflate block of type 3", expected: "type 0, 1 or 2")
      }
    }
  }

  private mutating func stored() throws(StreamFault) {
    reader.alignToByte()
    let place = reader.offset
    let count = try reader.take(16)
    let complement = try reader.take(16)
    guard count == complement ^ 0xFFFF else {
      throw StreamFault(
        offset: place, found: "the length \(count) of a stored block with complement \(complement)",
        expected: "complement \(count ^ 0xFFFF)")
    }
    guard written + count <= output.count else { throw overflow(place) }
    try reader.copy(count, to: output, at: written)
    written += count
  }

  private mutating func compressed(_ literals: PrefixCode, _ distances: PrefixCode)
    throws(StreamFault)
  {
    let literalTable = literals.table
    let distanceTable = distances.table
    let output = self.output
    // Copies, which the compiler keeps in registers.
    var (reader, written) = (self.reader, self.written)
    defer { (self.reader, self.written) = (reader, written) }
    while true {
      // 56 bits are there unless the input ends: length, its extra bits, distance and its, 48 at most.
      reader.refill()
      let symbol = try reader.symbol(literals, literalTable, DeflateCodes.lengthLookupBits)
      if symbol < 256 {
        guard written < output.count else { throw overflow(reader.offset) }
        output[written] = UInt8(truncatingIfNeeded: symbol)
        written &+= 1
        continue
      }
      if symbol == 256 { return }
      let length = try DeflateCodes.length(symbol, &reader)
      let distanceSymbol = try reader.symbol(
        distances, distanceTable, DeflateCodes.distanceLookupBits)
      let distance = try DeflateCodes.distance(distanceSymbol, &reader)
      guard distance <= written else {
        throw StreamFault(
          offset: reader.offset, found: "a match \(distance) bytes back",
          expected: "at most \(written), the bytes so far")
      }
      guard length <= output.count &- written else { throw overflow(reader.offset) }
      // Source and target may overlap, and then repeat: a byte after the other.
      for place in written..<(written &+ length) { output[place] = output[place &- distance] }
      written &+= length
    }
  }

  private func overflow(_ place: Int) -> StreamFault {
    StreamFault(
      offset: place, found: "more decompressed data", expected: "\(output.count) bytes in all")
  }
}

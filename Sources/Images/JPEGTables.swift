/// The tables that a JPEG file defines between its scans; a later one replaces an earlier of the same number.
struct JPEGTables {
  /// In zigzag order.
  var steps = [[Int32]?](repeating: nil, count: 4)
  var dc = [PrefixCode?](repeating: nil, count: 4)
  var ac = [PrefixCode?](repeating: nil, count: 4)

  /// The segment DQT (ITU-T T.81, B.2.4.1).
  mutating func readSteps(_ bytes: UnsafeBufferPointer<UInt8>, _ content: Range<Int>)
    throws(StreamFault)
  {
    var place = content.lowerBound
    while place < content.upperBound {
      let (precision, number) = (Int(bytes[place] >> 4), Int(bytes[place] & 15))
      let size = 64 * (precision + 1)
      guard precision < 2, number < 4, size <= content.upperBound - place - 1 else {
        throw StreamFault(
          offset: place,
          found: "quantization table \(number), precision \(precision), in "
            + "\(content.upperBound - place - 1) bytes",
          expected: "a table from 0 to 3 of 64 bytes (precision 0) or 128 (1)")
      }
      place += 1
      steps[number] = (0..<64).map { index in
        precision == 0
          ? Int32(bytes[place + index])
          : Int32(bytes[place + 2 * index]) << 8 | Int32(bytes[place + 2 * index + 1])
      }
      place += size
    }
  }

  /// The segment DHT (B.2.4.2).
  mutating func readCodes(_ bytes: UnsafeBufferPointer<UInt8>, _ content: Range<Int>)
    throws(StreamFault)
  {
    var place = content.lowerBound
    while place < content.upperBound {
      let (kind, number) = (bytes[place] >> 4, Int(bytes[place] & 15))
      let room = content.upperBound - place - 17
      guard kind < 2, number < 4, room >= 0 else {
        throw StreamFault(
          offset: place, found: "Huffman table \(number) of class \(kind) in \(room + 16) bytes",
          expected: "a table from 0 to 3 of class 0 or 1 in 16 bytes or more")
      }
      let counts = [0] + bytes[(place + 1)...(place + 16)].map { Int($0) }
      let total = counts.reduce(0, +)
      guard total <= min(256, room) else {
        throw StreamFault(
          offset: place + 1, found: "a Huffman table of \(total) codes",
          expected: "at most \(min(256, room))")
      }
      let symbols = bytes[(place + 17)..<(place + 17 + total)].map { UInt16($0) }
      guard
        let code = PrefixCode(
          counts: counts, symbols: symbols, lookupBits: HighBitReader.lookupBits,
          lowestFirst: false)
      else {
        throw StreamFault(
          offset: place + 1, found: "a Huffman table with more codes than their lengths allow",
          expected: "a prefix code")
      }
      if kind == 0 { dc[number] = code } else { ac[number] = code }
      place += 17 + total
    }
  }
}

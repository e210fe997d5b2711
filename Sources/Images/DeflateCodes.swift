/// The codes of deflate's blocks (RFC 1951, 3.2.5 to 3.2.7).
enum DeflateCodes {
  static let lengthLookupBits = 10
  static let distanceLookupBits = 8

  /// The order in which a block gives the sizes of the code for sizes.
  static let sizeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  static let fixedLiteralSizes =
    [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112)
    + [Int](repeating: 7, count: 24) + [Int](repeating: 8, count: 8)
  static let fixedDistanceSizes = [Int](repeating: 5, count: 32)

  /// What symbol 257 + `index` stands for: the shortest length, and how many bits follow that add to it.
  @inline(__always)
  static func lengthRange(_ index: Int) -> (base: Int, extra: Int) {
    if index < 8 { return (3 &+ index, 0) }
    if index == 28 { return (258, 0) }
    let extra = index &>> 2 &- 1
    return (3 &+ (4 &+ index & 3) &<< extra, extra)
  }

  /// What a symbol of the second code stands for: the shortest distance, and how many bits follow.
  @inline(__always)
  static func distanceRange(_ symbol: Int) -> (base: Int, extra: Int) {
    if symbol < 4 { return (1 &+ symbol, 0) }
    let extra = symbol &>> 1 &- 1
    return (1 &+ (2 &+ symbol & 1) &<< extra, extra)
  }

  /// The length that `symbol`, 257 or more, and the bits after it give; no refill.
  @inline(__always)
  static func length(_ symbol: Int, _ reader: inout LowBitReader) throws(StreamFault) -> Int {
    guard symbol <= 285 else { throw reserved("length", symbol, 285, reader.offset) }
    let (base, extra) = lengthRange(symbol &- 257)
    return base &+ (try reader.takeReady(extra))
  }

  /// The distance that `symbol` and the bits after it give; no refill.
  @inline(__always)
  static func distance(_ symbol: Int, _ reader: inout LowBitReader) throws(StreamFault) -> Int {
    guard symbol <= 29 else { throw reserved("distance", symbol, 29, reader.offset) }
    let (base, extra) = distanceRange(symbol)
    return base &+ (try reader.takeReady(extra))
  }

  private static func reserved(_ kind: String, _ symbol: Int, _ last: Int, _ offset: Int)
    -> StreamFault
  {
    StreamFault(
      offset: offset, found: "the reserved \(kind) symbol \(symbol)", expected: "at most \(last)")
  }

  /// The two codes at the start of a block of type 2: of literals and lengths, and of distances.
  static func read(from reader: inout LowBitReader) throws(StreamFault) -> (
    PrefixCode, PrefixCode
  ) {
    let place = reader.offset
    let literalCount = try reader.take(5) + 257
    let distanceCount = try reader.take(5) + 1
    let sizeCount = try reader.take(4) + 4
    guard literalCount <= 286, distanceCount <= 30 else {
      throw StreamFault(
        offset: place, found: "codes of \(literalCount) lengths and \(distanceCount) distances",
        expected: "at most 286 and 30")
    }
    var sizeSizes = [Int](repeating: 0, count: 19)
    for symbol in sizeOrder.prefix(sizeCount) { sizeSizes[symbol] = try reader.take(3) }
    let sizeCode = try code(sizeSizes, lookupBits: 7, "sizes", place)
    var sizes: [Int] = []
    while sizes.count < literalCount + distanceCount {
      reader.refill()
      let symbol = try reader.symbol(sizeCode, sizeCode.table, 7)
      let (repeated, times): (Int, Int)
      switch symbol {
      case 16:
        guard let last = sizes.last else {
          throw StreamFault(
            offset: reader.offset, found: "a repeat of the size before the first",
            expected: "a size")
        }
        (repeated, times) = (last, try reader.take(2) + 3)
      case 17: (repeated, times) = (0, try reader.take(3) + 3)
      case 18: (repeated, times) = (0, try reader.take(7) + 11)
      default: (repeated, times) = (symbol, 1)
      }
      sizes.append(contentsOf: repeatElement(repeated, count: times))
    }
    guard sizes.count == literalCount + distanceCount else {
      throw StreamFault(
        offset: reader.offset, found: "\(sizes.count) code sizes",
        expected: "\(literalCount + distanceCount)")
    }
    guard sizes[256] > 0 else {
      throw StreamFault(
        offset: place, found: "no code for the end of the block", expected: "a code")
    }
    return (
      try code(
        Array(sizes[..<literalCount]), lookupBits: lengthLookupBits, "literals and lengths", place),
      try code(
        Array(sizes[literalCount...]), lookupBits: distanceLookupBits, "distances", place)
    )
  }

  /// The code of symbols with these sizes in bits.
  static func code(_ sizes: [Int], lookupBits: Int, _ name: String, _ offset: Int = 0)
    throws(StreamFault) -> PrefixCode
  {
    var counts = [Int](repeating: 0, count: PrefixCode.longest + 1)
    for size in sizes where size > 0 { counts[size] += 1 }
    var starts = [0, 0]
    for size in 1..<PrefixCode.longest { starts.append(starts[size] + counts[size]) }
    var symbols = [UInt16](repeating: 0, count: counts.reduce(0, +))
    for (symbol, size) in sizes.enumerated() where size > 0 {
      symbols[starts[size]] = UInt16(symbol)
      starts[size] += 1
    }
    let code = PrefixCode(
      counts: counts, symbols: symbols, lookupBits: lookupBits, lowestFirst: true)
    // A code of one symbol has one bit and leaves half unused; one of none is of no use, but allowed where
    // a block has no matches.
    let mayBeIncomplete = symbols.count == counts[1] && name != "sizes"
    guard let code, code.unused == 0 || mayBeIncomplete else {
      throw StreamFault(
        offset: offset,
        found: "sizes for the code of \(name) that leave codes "
          + (code == nil ? "for two symbols at once" : "without a symbol"),
        expected: "a complete prefix code")
    }
    return code
  }

  /// The two codes of a block of type 1.
  static func fixed() throws(StreamFault) -> (literals: PrefixCode, distances: PrefixCode) {
    (
      try code(fixedLiteralSizes, lookupBits: lengthLookupBits, "literals and lengths"),
      try code(fixedDistanceSizes, lookupBits: distanceLookupBits, "distances")
    )
  }
}

/// Compression to zlib streams (RFC 1950 and 1951): matches by hash chains (Ziv and Lempel 1977), Huffman
/// codes by block. For pictures in reports: sizes are near those of zlib's usual level, and the code is
/// short.
struct Deflate {
  private var bits = LowBitWriter()

  /// A literal as it is, or 2¹⁶ times the length plus the distance of a match.
  private typealias Token = UInt32

  /// The zlib stream of `bytes`.
  static func zlib(_ bytes: [UInt8]) -> [UInt8] {
    var deflate = Deflate()
    // Method 8, a window of 2¹⁵ bytes, usual level.
    deflate.bits.put(0x9C78, 16)
    bytes.withUnsafeBufferPointer { bytes in
      var matcher = Matcher(bytes)
      var tokens: [Token] = []
      var place = 0
      repeat {
        // Codes of their own for so many tokens each.
        tokens.removeAll(keepingCapacity: true)
        while tokens.count < 1 << 15, place < bytes.count { place = matcher.next(place, &tokens) }
        deflate.block(tokens, isLast: place == bytes.count)
      } while place < bytes.count
    }
    let sum = bytes.withUnsafeBufferPointer(Checksum.adler32)
    return deflate.bits.finished + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (24 - 8 * $0)) }
  }

  private mutating func block(_ tokens: [Token], isLast: Bool) {
    var literalCounts = [Int](repeating: 0, count: 286)
    var distanceCounts = [Int](repeating: 0, count: 30)
    literalCounts[256] = 1
    for token in tokens {
      if token < 256 {
        literalCounts[Int(token)] += 1
      } else {
        literalCounts[Self.lengthSymbol(Int(token >> 16))] += 1
        distanceCounts[Self.distanceSymbol(Int(token & 0xFFFF))] += 1
      }
    }
    let literalSizes = HuffmanSizes.sizes(literalCounts, limit: 15)
    let distanceSizes = HuffmanSizes.sizes(distanceCounts, limit: 15)
    var header = LowBitWriter()
    Self.writeSizes(literalSizes, distanceSizes, to: &header)
    func cost(_ literals: [Int], _ distances: [Int]) -> Int {
      zip(literalCounts, literals).reduce(0) { $0 + $1.0 * $1.1 }
        + zip(distanceCounts, distances).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let (fixedLiterals, fixedDistances) = (
      DeflateCodes.fixedLiteralSizes, DeflateCodes.fixedDistanceSizes
    )
    bits.put(isLast ? 1 : 0, 1)
    if cost(fixedLiterals, fixedDistances) <= cost(literalSizes, distanceSizes) + header.size {
      bits.put(1, 2)
      write(tokens, fixedLiterals, fixedDistances)
    } else {
      bits.put(2, 2)
      Self.writeSizes(literalSizes, distanceSizes, to: &bits)
      write(tokens, literalSizes, distanceSizes)
    }
  }

  private mutating func write(_ tokens: [Token], _ literalSizes: [Int], _ distanceSizes: [Int]) {
    let literals = HuffmanSizes.codes(literalSizes)
    let distances = HuffmanSizes.codes(distanceSizes)
    for token in tokens {
      guard token > 255 else {
        bits.put(literals[Int(token)], literalSizes[Int(token)])
        continue
      }
      let (length, distance) = (Int(token >> 16), Int(token & 0xFFFF))
      let symbol = Self.lengthSymbol(length)
      bits.put(literals[symbol], literalSizes[symbol])
      let lengths = DeflateCodes.lengthRange(symbol - 257)
      bits.put(length - lengths.base, lengths.extra)
      let distanceSymbol = Self.distanceSymbol(distance)
      bits.put(distances[distanceSymbol], distanceSizes[distanceSymbol])
      let range = DeflateCodes.distanceRange(distanceSymbol)
      bits.put(distance - range.base, range.extra)
    }
    bits.put(literals[256], literalSizes[256])
  }

  /// The start of a block of type 2; a run of zeros takes one symbol, other sizes one each.
  private static func writeSizes(
    _ literals: [Int], _ distances: [Int], to bits: inout LowBitWriter
  ) {
    var symbols: [(symbol: Int, extra: Int, size: Int)] = []
    var zeros = 0
    for size in literals + distances + [-1] {
      if size == 0 && zeros < 138 {
        zeros += 1
        continue
      }
      switch zeros {
      case 0: break
      case 1, 2: for _ in 0..<zeros { symbols.append((0, 0, 0)) }
      case 3...10: symbols.append((17, zeros - 3, 3))
      default: symbols.append((18, zeros - 11, 7))
      }
      zeros = size == 0 ? 1 : 0
      if size > 0 { symbols.append((size, 0, 0)) }
    }
    var counts = [Int](repeating: 0, count: 19)
    for symbol in symbols { counts[symbol.symbol] += 1 }
    let sizes = HuffmanSizes.sizes(counts, limit: 7)
    let codes = HuffmanSizes.codes(sizes)
    bits.put(literals.count - 257, 5)
    bits.put(distances.count - 1, 5)
    bits.put(19 - 4, 4)
    for symbol in DeflateCodes.sizeOrder { bits.put(sizes[symbol], 3) }
    for (symbol, extra, size) in symbols {
      bits.put(codes[symbol], sizes[symbol])
      bits.put(extra, size)
    }
  }

  /// The last symbol whose shortest length is not above `length`.
  private static func lengthSymbol(_ length: Int) -> Int {
    if length == 258 { return 285 }
    if length < 11 { return 254 + length }
    let extra = (length - 3).bitWidth - (length - 3).leadingZeroBitCount - 3
    return 257 + 4 * extra + (length - 3) >> extra
  }

  private static func distanceSymbol(_ distance: Int) -> Int {
    if distance < 5 { return distance - 1 }
    let extra = (distance - 1).bitWidth - (distance - 1).leadingZeroBitCount - 2
    return 2 * extra + (distance - 1) >> extra
  }

  /// Looks for earlier occurrences of what comes next.
  private struct Matcher {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// By hash of three bytes: the last place where they stood; by place in the window: the one before.
    private var heads = [Int32](repeating: -1, count: 1 << 15)
    private var earlier = [Int32](repeating: -1, count: 1 << 15)
    /// Places with the same hash that are tried before the best so far is taken.
    private static let tries = 48

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Appends the token for `place` and returns the place after it.
    mutating func next(_ place: Int, _ tokens: inout [Token]) -> Int {
      let match = find(place)
      insert(place)
      // A match waits for a longer one that begins a byte later.
      guard match.length >= 3, match.length >= 32 || find(place + 1).length <= match.length else {
        tokens.append(Token(bytes[place]))
        return place + 1
      }
      tokens.append(Token(match.length << 16 | match.distance))
      let end = place + match.length
      for skipped in (place + 1)..<end { insert(skipped) }
      return end
    }

    private func hash(_ place: Int) -> Int {
      let three =
        UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
      return Int((three &* 0x9E37_79B1) >> 17)
    }

    private mutating func insert(_ place: Int) {
      guard place + 3 <= bytes.count else { return }
      let hash = hash(place)
      earlier[place & 0x7FFF] = heads[hash]
      heads[hash] = Int32(place)
    }

    private func find(_ place: Int) -> (length: Int, distance: Int) {
      guard place + 3 <= bytes.count else { return (0, 0) }
      var best = (length: 0, distance: 0)
      let longest = min(258, bytes.count - place)
      var candidate = Int(heads[hash(place)])
      var tries = Self.tries
      while candidate >= 0, place - candidate <= 1 << 15, tries > 0, best.length < longest {
        if bytes[candidate + best.length] == bytes[place + best.length] {
          var length = 0
          while length < longest, bytes[candidate + length] == bytes[place + length] { length += 1 }
          if length > best.length { best = (length, place - candidate) }
        }
        tries -= 1
        let next = Int(earlier[candidate & 0x7FFF])
        guard next < candidate else { break }
        candidate = next
      }
      return best
    }
  }
}

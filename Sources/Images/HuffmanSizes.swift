/// Prefix codes for writing.
enum HuffmanSizes {
  /// How many bits each symbol gets, at most `limit`, 0 where it does not occur (Huffman 1952). At least one
  /// symbol gets a bit.
  ///
  /// Where the best code is too long, counts are halved until it is not: a little longer in all, and simple.
  static func sizes(_ counts: [Int], limit: Int) -> [Int] {
    var sizes = [Int](repeating: 0, count: counts.count)
    var leaves = counts.indices.filter { counts[$0] > 0 }.map { (count: counts[$0], symbol: $0) }
    guard leaves.count > 1 else {
      sizes[leaves.first?.symbol ?? 0] = 1
      return sizes
    }
    while true {
      leaves.sort { ($0.count, $0.symbol) < ($1.count, $1.symbol) }
      let depths = depths(of: leaves.map(\.count))
      if let deepest = depths.max(), deepest <= limit {
        for (leaf, depth) in zip(leaves, depths) { sizes[leaf.symbol] = depth }
        return sizes
      }
      leaves = leaves.map { (($0.count + 1) / 2, $0.symbol) }
    }
  }

  /// The depths of the leaves of Huffman's tree over ascending counts, two or more: the nodes come into being
  /// in ascending order, so the two smallest are always at the front of the leaves or of the nodes.
  private static func depths(of counts: [Int]) -> [Int] {
    var weights = counts
    var parents = [Int](repeating: 0, count: counts.count)
    var (leaf, node) = (0, counts.count)
    func smallest() -> Int {
      if node == weights.count || leaf < counts.count && weights[leaf] <= weights[node] {
        leaf += 1
        return leaf - 1
      }
      node += 1
      return node - 1
    }
    for new in counts.count..<(2 * counts.count - 1) {
      let (first, second) = (smallest(), smallest())
      (parents[first], parents[second]) = (new, new)
      weights.append(weights[first] + weights[second])
      parents.append(0)
    }
    var depths = [Int](repeating: 0, count: weights.count)
    for index in (0..<(weights.count - 1)).reversed() {
      depths[index] = depths[parents[index]] + 1
    }
    return Array(depths[..<counts.count])
  }

  /// The canonical codes of symbols with these sizes, first bit lowest.
  static func codes(_ sizes: [Int]) -> [Int] {
    var codes = [Int](repeating: 0, count: sizes.count)
    var next = 0
    for size in 1...15 {
      next <<= 1
      for symbol in sizes.indices where sizes[symbol] == size {
        codes[symbol] = reversed(next, count: size)
        next += 1
      }
    }
    return codes
  }
}

/// Packs numbers from the lowest bit of every byte up.
struct LowBitWriter {
  private var bytes: [UInt8] = []
  private var bits: UInt64 = 0
  private var count = 0

  /// Bits so far.
  var size: Int { 8 * bytes.count + count }

  /// Appends the lowest `size` bits of `value`, which has no more; at most 32.
  mutating func put(_ value: Int, _ size: Int) {
    bits |= UInt64(value) << UInt64(count)
    count += size
    while count >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: bits))
      bits >>= 8
      count -= 8
    }
  }

  /// All bytes, the last filled up with zeros.
  var finished: [UInt8] { count > 0 ? bytes + [UInt8(truncatingIfNeeded: bits)] : bytes }
}

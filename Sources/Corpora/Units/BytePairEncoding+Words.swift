extension BytePairEncoding {
  /// The units of `word`, whose spellings joined give the word. Takes O(n log n) for n scalars.
  public func units(ofWord word: String) -> [String] {
    var plain = NoDraws()
    return units(ofWord: word, dropout: 0, using: &plain)
  }

  /// The units of `word` where each merge is passed over with probability `dropout`, in 0...1: with 0 as
  /// without, with 1 the scalars. Takes O(n log n / (1 - dropout)) for n scalars and a dropout below 1, and
  /// O(n log n) for 1.
  public func units(
    ofWord word: String, dropout: Double, using generator: inout some RandomNumberGenerator
  ) -> [String] {
    precondition(0...1 ~= dropout, "dropout \(dropout), expected 0 to 1")
    var merging = Merging()
    var units: [String] = []
    var word = word
    word.withUTF8 {
      merging.append(unitsOf: $0, by: self, dropout: dropout, using: &generator, to: &units)
    }
    return units
  }
}

/// Stands where nothing is drawn.
struct NoDraws: RandomNumberGenerator {
  mutating func next() -> UInt64 { preconditionFailure("a draw without dropout") }
}

/// The room that the merges of a word take, kept from word to word.
///
/// Units are a linked list in the order of the word. The pair that begins at a place waits in a heap under
/// its rank and its place; a rank that is no longer that of the place is of a pair that is gone.
struct Merging {
  /// Of the unit that begins at each scalar, -1 where none is in the merges.
  private var units: [Int32] = []
  /// Where the scalars begin, in bytes.
  private var starts: [Int] = []
  private var next: [Int] = []
  private var previous: [Int] = []
  /// Of the pair that begins at each scalar, -1 where there is no merge of it.
  private var ranks: [Int32] = []
  /// Rank in the upper half, place in the lower.
  private var heap = BinaryHeap<UInt64>()
  private var dropped: [UInt64] = []

  /// Appends the units of `word`.
  @inline(__always)
  mutating func append(
    unitsOf word: UnsafeBufferPointer<UInt8>, by encoding: BytePairEncoding, dropout: Double,
    using generator: inout some RandomNumberGenerator, to result: inout [String]
  ) {
    begin(word, encoding)
    while let pair = heap.pop(by: <) {
      let place = Int(pair & 0xFFFF_FFFF)
      guard ranks[place] == Int32(pair >> 32) else { continue }
      if dropout > 0, generator.uniform() < dropout {
        dropped.append(pair)
        continue
      }
      merge(place, encoding)
      for pair in dropped { heap.push(pair, by: <) }
      dropped.removeAll(keepingCapacity: true)
    }
    var place = 0
    while place < units.count {
      let end = next[place] < units.count ? starts[next[place]] : word.count
      result.append(
        String(decoding: UnsafeBufferPointer(rebasing: word[starts[place]..<end]), as: UTF8.self))
      place = next[place]
    }
  }

  private mutating func begin(
    _ word: UnsafeBufferPointer<UInt8>, _ encoding: BytePairEncoding
  ) {
    units.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    previous.removeAll(keepingCapacity: true)
    ranks.removeAll(keepingCapacity: true)
    heap.removeAll()
    dropped.removeAll(keepingCapacity: true)
    var start = 0
    scanScalars(word) { bytes in
      previous.append(units.count - 1)
      units.append(encoding.number(of: scalar(bytes, at: 0)))
      next.append(units.count)
      starts.append(start)
      ranks.append(-1)
      start += bytes.count
    }
    for place in units.indices { look(place, encoding) }
  }

  /// Puts the pair that begins at `place` in the heap, if it is to be merged.
  private mutating func look(_ place: Int, _ encoding: BytePairEncoding) {
    let following = next[place]
    guard following < units.count,
      let product = encoding.product(units[place], units[following])
    else {
      ranks[place] = -1
      return
    }
    ranks[place] = product.rank
    heap.push(UInt64(product.rank) << 32 | UInt64(place), by: <)
  }

  /// Makes the pair that begins at `place` one unit.
  private mutating func merge(_ place: Int, _ encoding: BytePairEncoding) {
    let right = next[place]
    guard let product = encoding.product(units[place], units[right]) else { return }
    units[place] = product.unit
    ranks[right] = -1
    next[place] = next[right]
    if next[place] < units.count { previous[next[place]] = place }
    look(place, encoding)
    if previous[place] >= 0 { look(previous[place], encoding) }
  }
}

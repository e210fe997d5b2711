extension BytePairEncoding {
  /// Learns up to `merges` merges from words and their counts (Sennrich, Haddow and Birch 2016, algorithm 1).
  ///
  /// Again and again the pair of neighbours that is most frequent in all words becomes one unit. Of equally
  /// frequent pairs it is the one whose left unit, then whose right unit, is first by its scalars: so the
  /// merges follow from the counts alone and not from the order of the words. Learning ends early where no
  /// pair occurs `minimumCount` times.
  ///
  /// The words of two languages, counted together, give one encoding for both: a name is then cut alike on
  /// either side. An encoding has at most as many units as the words have distinct scalars, and one more a
  /// merge. No unit has a space in it, which is what stands between two units where merges are written: a word
  /// with spaces counts as the words between them.
  public init(learningFrom words: TokenCounts, merges: Int, minimumCount: Int = 2) {
    precondition(merges >= 0, "\(merges) merges, expected 0 or more")
    self.init()
    var learner = PairCounts()
    for (word, count) in words {
      for part in word.split(separator: UInt8(ascii: " ")) {
        let units = part.withUnsafeBufferPointer { part in
          var units: [Int32] = []
          scanScalars(part) { units.append(number(ofScalar: $0)) }
          return units
        }
        learner.add(units, count: count)
      }
    }
    learner.begin(self)
    while mergeCount < merges,
      let best = learner.best(minimumCount: max(1, minimumCount), encoding: self),
      let unit = append(best.left, best.right)
    {
      learner.merge(best, into: unit, encoding: self)
    }
  }
}

/// A pair with what was its count when it was put among the candidates.
private struct Candidate {
  var count: Int
  var pair: Int
  var left: Int32
  var right: Int32

  /// The fixed order: by falling count, then by spelling. That of bytes in UTF-8 is that of scalars.
  func precedes(_ other: Self, _ encoding: BytePairEncoding) -> Bool {
    guard count == other.count else { return count > other.count }
    let (mine, theirs) = left == other.left ? (right, other.right) : (left, other.left)
    return encoding.units[Int(mine)].lexicographicallyPrecedes(encoding.units[Int(theirs)])
  }
}

/// How often each pair of neighbouring units occurs, and in which words.
private struct PairCounts {
  private var words: [(units: [Int32], count: Int)] = []
  /// Number of each pair, by its key.
  private var numbers: [UInt64: Int] = [:]
  private var pairs: [(left: Int32, right: Int32)] = []
  private var counts: [Int] = []
  /// Words that had the pair at some time, each perhaps several times.
  private var places: [[Int32]] = []
  /// A pair whose count has grown is in it again; one whose count has fallen is put back when it comes up.
  private var heap = BinaryHeap<Candidate>()
  private var grown: Set<Int> = []

  mutating func add(_ units: [Int32], count: Int) {
    words.append((units, count))
    for (left, right) in zip(units, units.dropFirst()) {
      change(left, right, by: count, in: words.count - 1)
    }
  }

  mutating func begin(_ encoding: BytePairEncoding) { pushGrown(encoding) }

  /// The most frequent pair, if it occurs often enough.
  mutating func best(
    minimumCount: Int, encoding: BytePairEncoding
  ) -> (left: Int32, right: Int32)? {
    while let top = heap.pop(by: { $0.precedes($1, encoding) }) {
      let count = counts[top.pair]
      if count == top.count { return count >= minimumCount ? (top.left, top.right) : nil }
      if count < top.count, count >= minimumCount { push(top.pair, encoding) }
    }
    return nil
  }

  /// Makes every `pair` one `unit`, in a word from left to right.
  mutating func merge(
    _ pair: (left: Int32, right: Int32), into unit: Int32, encoding: BytePairEncoding
  ) {
    guard let number = numbers[BytePairEncoding.key(pair.left, pair.right)] else { return }
    let affected = places[number]
    places[number] = []
    for word in affected { merge(pair, into: unit, in: Int(word)) }
    pushGrown(encoding)
  }

  private mutating func merge(
    _ pair: (left: Int32, right: Int32), into unit: Int32, in word: Int
  ) {
    var units: [Int32] = []
    swap(&units, &words[word].units)
    let count = words[word].count
    var (read, write) = (0, 0)
    while read < units.count {
      guard read + 1 < units.count, units[read] == pair.left, units[read + 1] == pair.right else {
        units[write] = units[read]
        read += 1
        write += 1
        continue
      }
      change(pair.left, pair.right, by: -count, in: word)
      if write > 0 {
        change(units[write - 1], pair.left, by: -count, in: word)
        change(units[write - 1], unit, by: count, in: word)
      }
      if read + 2 < units.count {
        change(pair.right, units[read + 2], by: -count, in: word)
        change(unit, units[read + 2], by: count, in: word)
      }
      units[write] = unit
      read += 2
      write += 1
    }
    units.removeLast(units.count - write)
    swap(&units, &words[word].units)
  }

  private mutating func change(_ left: Int32, _ right: Int32, by count: Int, in word: Int) {
    let number = numbers[BytePairEncoding.key(left, right), default: pairs.count]
    if number == pairs.count {
      numbers[BytePairEncoding.key(left, right)] = number
      pairs.append((left, right))
      counts.append(0)
      places.append([])
    }
    counts[number] += count
    guard count > 0 else { return }
    grown.insert(number)
    if places[number].last != Int32(word) { places[number].append(Int32(word)) }
  }

  private mutating func pushGrown(_ encoding: BytePairEncoding) {
    for pair in grown where counts[pair] > 0 { push(pair, encoding) }
    grown.removeAll(keepingCapacity: true)
  }

  private mutating func push(_ pair: Int, _ encoding: BytePairEncoding) {
    let (left, right) = pairs[pair]
    heap.push(
      Candidate(count: counts[pair], pair: pair, left: left, right: right),
      by: { $0.precedes($1, encoding) })
  }
}

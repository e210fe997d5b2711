/// Numbers for the n-grams of a few sequences, the same for the same n-gram, one order after the other.
///
/// An n-gram is the one before it, of an order less, and a last token, so a pair of numbers names it.
struct NGramNumbering {
  private struct Pair: Hashable {
    var start: Int32
    var last: Int32
  }

  private let tokens: [[Int32]]
  private var order = 0
  /// Of each sequence, the number of the n-gram that begins at each place.
  private var numbers: [[Int32]]
  /// How many there are of the present order.
  private(set) var distinct = 0

  /// Before the first order. Equal tokens have equal numbers.
  init(_ tokens: [[Int32]]) {
    self.tokens = tokens
    numbers = tokens.map { Array(repeating: 0, count: $0.count) }
  }

  /// Goes on to the next order.
  mutating func advance() {
    order += 1
    var known: [Pair: Int32] = [:]
    known.reserveCapacity(numbers.reduce(0) { $0 + $1.count })
    for (sequence, tokens) in tokens.enumerated() {
      let count = max(0, tokens.count - order + 1)
      numbers[sequence].removeLast(numbers[sequence].count - count)
      for place in 0..<count {
        let pair = Pair(start: numbers[sequence][place], last: tokens[place + order - 1])
        let next = Int32(known.count)
        let number = known[pair] ?? next
        if number == next { known[pair] = next }
        numbers[sequence][place] = number
      }
    }
    distinct = known.count
  }

  /// How many n-grams of the present order `sequence` has.
  func total(of sequence: Int) -> Int { numbers[sequence].count }

  /// How often `sequence` has each n-gram, by its number.
  func counts(of sequence: Int) -> [Int] {
    var counts = Array(repeating: 0, count: distinct)
    for number in numbers[sequence] { counts[Int(number)] += 1 }
    return counts
  }
}

/// Numbers for words, the same for the same word.
struct WordNumbering {
  private var known: [ArraySlice<Unicode.Scalar>: Int32] = [:]

  /// The numbers of `words`.
  mutating func numbers(of words: [ArraySlice<Unicode.Scalar>]) -> [Int32] {
    words.map { word in
      let next = Int32(known.count)
      let number = known[word] ?? next
      if number == next { known[word] = next }
      return number
    }
  }
}

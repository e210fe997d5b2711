/// Byte-pair encoding of words (Sennrich, Haddow and Birch 2016): the pairs of neighbouring units that are
/// to become one, in the order in which they were learned.
///
/// A word begins as its Unicode scalars. Of all pairs of neighbours that are among the merges, the one
/// learned first is merged, the leftmost of several; and so on until there is none. The merge of rank r
/// makes one unit out of two:
///
/// ```
/// merges:   e s    es t    l o    lo w
/// newest:   n e w e s t  →  n e w es t  →  n e w est
/// ```
///
/// With dropout (Provilkov, Emelianenko and Voita 2020) each pair is passed over with probability p each
/// time that a merge is chosen, and a word is done when all are. A model then sees many ways to spell a
/// word.
///
/// Its coded form is one array of strings, `["e s", "es t"]`: units never hold a space.
public struct BytePairEncoding: Sendable {
  /// A merge and what it makes.
  struct Product {
    var rank: Int32
    var unit: Int32
  }

  /// The two units of each merge, by rank.
  private(set) var pairs: [(left: Int32, right: Int32)] = []
  /// The spelling of each unit, scalars among them, by number.
  private(set) var units = ByteStringTable()
  /// The units that are single scalars.
  private var scalars: [Unicode.Scalar: Int32] = [:]
  private var products: [UInt64: Product] = [:]

  /// An encoding without merges, which cuts words into their scalars.
  public init() {}

  /// Number of merges.
  public var mergeCount: Int { pairs.count }

  /// Each merge as its two units with a space between, by rank.
  public var merges: [String] {
    pairs.map { pair in
      let joined = units[Int(pair.left)] + [UInt8(ascii: " ")] + units[Int(pair.right)]
      return String(decoding: joined, as: UTF8.self)
    }
  }

  /// An encoding with `merges`, each of which is two units with a space between, by rank.
  ///
  /// Throws ``CorpusError/invalidMerges(detail:)`` for one that is not, that occurs twice, or whose units
  /// are neither scalars nor made by an earlier merge.
  public init(merges: some Sequence<String>) throws(CorpusError) {
    for (rank, merge) in merges.enumerated() {
      func fault(_ detail: String) -> CorpusError {
        .invalidMerges(detail: "merge \(rank + 1), \(quoted(merge)), \(detail)")
      }
      // By bytes: a combining mark behind the space would make it one character with the space.
      let parts = merge.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        .map { Array($0) }
      guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
        throw fault("is not two units with a space between")
      }
      var numbers: [Int32] = []
      for part in parts {
        guard let number = part.withUnsafeBufferPointer({ number(of: $0) }) else {
          let spelling = quoted(String(decoding: part, as: UTF8.self))
          throw fault("has \(spelling), which is neither a character nor made by an earlier merge")
        }
        numbers.append(number)
      }
      guard append(numbers[0], numbers[1]) != nil else { throw fault("occurs twice") }
    }
  }

  /// The number of `unit`, which a scalar gets if it has none.
  private mutating func number(of unit: UnsafeBufferPointer<UInt8>) -> Int32? {
    if let number = units.number(of: unit) { return number }
    guard let lead = unit.first, unit.count == scalarLength(lead) else { return nil }
    let number = units.insert(unit)
    scalars[scalar(unit, at: 0)] = number
    return number
  }

  /// The number of the unit that is this scalar alone.
  mutating func number(ofScalar unit: UnsafeBufferPointer<UInt8>) -> Int32 {
    let key = scalar(unit, at: 0)
    if let number = scalars[key] { return number }
    let number = units.insert(unit)
    scalars[key] = number
    return number
  }

  /// Adds a merge behind the others, and gives the number of what it makes; nil if it is there already.
  mutating func append(_ left: Int32, _ right: Int32) -> Int32? {
    let spelling = Array(units[Int(left)] + units[Int(right)])
    let pair = Self.key(left, right)
    guard products[pair] == nil else { return nil }
    let unit = spelling.withUnsafeBufferPointer { units.insert($0) }
    products[pair] = Product(rank: Int32(pairs.count), unit: unit)
    pairs.append((left, right))
    return unit
  }

  /// The number of the unit that is `scalar` alone, or -1 if no merge has it.
  @inline(__always)
  func number(of scalar: Unicode.Scalar) -> Int32 { scalars[scalar] ?? -1 }

  /// The merge of `left` and `right`, if there is one. Units of number -1 have none.
  @inline(__always)
  func product(_ left: Int32, _ right: Int32) -> Product? {
    left < 0 || right < 0 ? nil : products[Self.key(left, right)]
  }

  /// Both numbers in one.
  @inline(__always)
  static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }
}

extension BytePairEncoding: Equatable {
  /// Whether both have the same merges, byte for byte, in the same order.
  public static func == (left: Self, right: Self) -> Bool {
    left.mergeCount == right.mergeCount
      && zip(left.merges, right.merges).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
  }
}

extension BytePairEncoding: Codable {
  /// Reads what ``encode(to:)`` wrote, and checks it as ``init(merges:)`` does.
  public init(from decoder: any Decoder) throws {
    try self.init(merges: decoder.singleValueContainer().decode([String].self))
  }

  /// Writes ``merges``.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(merges)
  }
}

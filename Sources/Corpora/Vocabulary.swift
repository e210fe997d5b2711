/// Tokens and their ids, 0 up to V - 1.
///
/// Three ids may have a role: `unknown` stands for every token that is not in the vocabulary,
/// `start` begins and `end` ends a sentence (`end` also ends each line of a word-level stream).
/// Tokens are told apart by their bytes.
public struct Vocabulary: Sendable {
  /// What a special token is for.
  public enum Role: String, Sendable, CaseIterable {
    /// `<unk>`
    case unknown = "<unk>"
    /// `<s>`
    case start = "<s>"
    /// `</s>`
    case end = "</s>"

    /// How the token is spelled in a text.
    public var token: String { rawValue }
  }

  /// How often each token occurred in the text that the vocabulary was made from; those left out
  /// count for `unknown`.
  public let counts: [Int]
  /// The id that stands for tokens outside the vocabulary.
  public let unknown: Int32?
  /// The id that begins a sentence.
  public let start: Int32?
  /// The id that ends a sentence or a line of words.
  public let end: Int32?

  private let table: ByteStringTable

  /// A vocabulary of `tokens`, whose ids are their places. A token spelled like a role has it,
  /// provided that it is among `roles`. Throws if there is no token, if one occurs twice, or if the
  /// counts are not as many or negative.
  public init(
    tokens: [String], counts: [Int]? = nil, roles: Set<Role> = Set(Role.allCases)
  ) throws(CorpusError) {
    guard !tokens.isEmpty else { throw .invalidVocabulary(detail: "it has no tokens") }
    var table = ByteStringTable()
    for (id, token) in tokens.enumerated() {
      guard try token.withUTF8Bytes({ table.insert($0) }) == id else {
        throw .invalidVocabulary(detail: "\(token.debugDescription) occurs twice")
      }
    }
    if let counts, counts.count != tokens.count {
      throw .invalidVocabulary(
        detail: "\(tokens.count) tokens with \(counts.count) counts, expected one each")
    }
    if let negative = counts?.first(where: { $0 < 0 }) {
      throw .invalidVocabulary(detail: "a count of \(negative), expected 0 or more")
    }
    func id(_ role: Role) throws(CorpusError) -> Int32? {
      roles.contains(role) ? try role.token.withUTF8Bytes(table.number(of:)) : nil
    }
    unknown = try id(.unknown)
    start = try id(.start)
    end = try id(.end)
    self.counts = counts ?? .init(repeating: 0, count: tokens.count)
    self.table = table
  }

  /// Number of tokens, V.
  public var count: Int { table.count }

  /// All tokens, by id.
  public var tokens: [String] { (0..<Int32(count)).map(token) }

  /// The id of `token`; that of the unknown token, if there is one, where `token` is not in the
  /// vocabulary.
  public func id(of token: String) -> Int32? {
    var token = token
    return token.withUTF8 { id(of: $0) }
  }

  /// Whether `token` is in the vocabulary itself.
  public func contains(_ token: String) -> Bool {
    var token = token
    return token.withUTF8 { table.number(of: $0) != nil }
  }

  /// The token of `id`, which must lie in 0 ..< V.
  public func token(_ id: Int32) -> String {
    precondition(0..<Int32(count) ~= id, "id \(id) in a vocabulary of \(count) tokens")
    return String(decoding: table[Int(id)], as: UTF8.self)
  }

  func id(of token: UnsafeBufferPointer<UInt8>) -> Int32? { number(of: token) ?? unknown }

  /// The id of `token`, nil if it is not in the vocabulary.
  func number(of token: UnsafeBufferPointer<UInt8>) -> Int32? { table.number(of: token) }

  /// The id of the token of these bytes, or nil if it is not in the vocabulary itself.
  package func ownID(of token: UnsafeBufferPointer<UInt8>) -> Int32? { table.number(of: token) }

  func bytes(of id: Int32) -> ArraySlice<UInt8> { table[Int(id)] }
}

extension Vocabulary: Equatable {
  /// Whether both give the same ids, byte for byte, with the same counts and roles.
  public static func == (left: Self, right: Self) -> Bool {
    left.counts == right.counts && left.hasSameIDs(as: right)
  }

  /// Whether both give the same ids, byte for byte, with the same roles, whatever their counts.
  public func hasSameIDs(as other: Self) -> Bool {
    unknown == other.unknown && start == other.start && end == other.end && count == other.count
      && (0..<count).allSatisfy { table[$0] == other.table[$0] }
  }
}

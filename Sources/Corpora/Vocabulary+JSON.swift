import Foundation

/// `{"counts": [...], "roles": ["<unk>", ...], "tokens": [...]}`
extension Vocabulary: Codable {
  private enum Key: String, CodingKey {
    case tokens, counts, roles
  }

  /// Reads what ``encode(to:)`` wrote, and checks it as ``init(tokens:counts:roles:)`` does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let tokens = try container.decode([String].self, forKey: .tokens)
    let roles = try container.decode([Role].self, forKey: .roles)
    try self.init(
      tokens: tokens, counts: try container.decode([Int].self, forKey: .counts),
      roles: Set(roles))
    for role in roles where !contains(role.token) {
      throw CorpusError.invalidVocabulary(detail: "\(role.token) has a role and is no token")
    }
  }

  /// Writes tokens, counts and roles.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(tokens, forKey: .tokens)
    try container.encode(counts, forKey: .counts)
    let ids: [Role: Int32?] = [.unknown: unknown, .start: start, .end: end]
    try container.encode(Role.allCases.filter { ids[$0]! != nil }, forKey: .roles)
  }

  /// The vocabulary as JSON on one line; equal vocabularies give equal text.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and whole numbers always have a JSON form.
    return String(decoding: try! encoder.encode(self), as: UTF8.self)
  }

  /// The vocabulary of ``json``.
  public init(json: String) throws(CorpusError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
    } catch let error as CorpusError {
      throw error
    } catch let error as DecodingError {
      throw .invalidVocabulary(detail: Self.explain(error))
    } catch {
      throw .invalidVocabulary(detail: "it cannot be decoded")
    }
  }

  private static func explain(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "it has no \"\(key.stringValue)\""
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\"\(context.codingPath.first?.stringValue ?? "it")\" is not of the expected type"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "it is not valid JSON"
        : "\"\(context.codingPath[0].stringValue)\" holds a value that is not expected"
    @unknown default: "it cannot be decoded"
    }
  }
}

extension Vocabulary.Role: Codable {}

import Corpora

extension Vocabulary {
  /// Throws ``ModelError/invalidConfiguration(_:)`` where a token for what is unknown, for the start or for the
  /// end is missing.
  ///
  /// - Parameter name: what it is, for the message.
  func checkRoles(_ name: String) throws(ModelError) {
    for (role, id) in [(Role.unknown, unknown), (.start, start), (.end, end)] where id == nil {
      throw .invalidConfiguration("\(name) has no \(role.token)")
    }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Frees what graph nodes held without recursion.
///
/// What a node holds may be the last reference to other nodes, whose own release would run inside
/// this one. Here the outermost release of a thread works through a list, and those inside it only
/// add to the list.
enum DeferredRelease {
  /// What was left of a node.
  struct Remains {
    let parents: [Variable.Origin]
    let rules: NodeRules?
  }

  /// The list of a release that is under way.
  private final class List {
    var items: [Remains] = []
  }

  /// Where a thread finds its list, while there is one.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let status = pthread_key_create(&key, nil)
    precondition(status == 0, "no thread-local storage is left: error \(status)")
    return key
  }()

  static func release(_ remains: consuming Remains) {
    if let outermost = pthread_getspecific(key) {
      Unmanaged<List>.fromOpaque(outermost).takeUnretainedValue().items.append(consume remains)
      return
    }
    let list = List()
    list.items.append(consume remains)
    pthread_setspecific(key, Unmanaged.passUnretained(list).toOpaque())
    while let item = list.items.popLast() { _ = consume item }
    pthread_setspecific(key, nil)
  }
}

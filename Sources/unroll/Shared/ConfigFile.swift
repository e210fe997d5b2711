import Foundation
import Yams

/// A YAML file with the settings of a verb: one key a setting, named as its flag without the `--`.
///
///     # Zaremba et al. (2014), medium
///     cell: lstm
///     hidden: 650
///     dropout: 0.5
struct ConfigFile {
  struct Entry {
    let key: String
    let value: Node
    let line: Int?
  }

  /// The file's name, for messages.
  let path: String
  let entries: [Entry]

  init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      let reason = FileManager.default.fileExists(atPath: path) ? "cannot be read" : "no such file"
      throw Failure("\(path): \(reason); expected a YAML file of settings")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw Failure("\(path): not UTF-8 text; expected a YAML file of settings")
    }
    try self.init(text, path: path)
  }

  /// The settings in `text`, which came from `path`.
  init(_ text: String, path: String) throws {
    self.path = path
    let root: Node?
    do {
      root = try compose(yaml: text)
    } catch let error as YamlError {
      throw Failure("\(path)\(Self.reason(error))")
    }
    guard let root, root.null == nil else {  // comments only
      entries = []
      return
    }
    guard case .mapping(let mapping) = root else {
      throw Failure("\(path): expected settings such as `hidden: 256`, one a line")
    }
    entries = try mapping.map { key, value in
      guard let name = key.scalar?.string else {
        throw Failure("\(path)\(Self.place(key.mark?.line)): expected a setting's name")
      }
      return Entry(key: name, value: value, line: key.mark?.line)
    }
  }

  /// The entry for a key.
  func entry(_ key: String) -> Entry? { entries.first { $0.key == key } }

  /// "FILE, line N: KEY", where an entry stands.
  func place(of entry: Entry) -> String { "\(path)\(Self.place(entry.line)): \(entry.key)" }

  /// Refuses keys that are no setting of the verb.
  func refuseUnknownKeys(known: [String]) throws {
    guard let entry = entries.first(where: { !known.contains($0.key) }) else { return }
    let hint =
      nearest(to: entry.key, among: known).map { "did you mean \"\($0)\"?" }
      ?? "the keys are \(known.joined(separator: ", "))"
    throw Failure.usage(
      "\(path)\(Self.place(entry.line)): unknown key \"\(entry.key)\"; \(hint)")
  }

  private static func place(_ line: Int?) -> String { line.map { ", line \($0)" } ?? "" }

  private static func reason(_ error: YamlError) -> String {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      ", line \(mark.line), column \(mark.column): not YAML: \(problem)"
    case .duplicatedKeysInMapping(let duplicates, _):
      ": the key \"\(duplicates.first ?? "")\" is given more than once"
    case .reader(let problem, _, _, _): ": not YAML: \(problem)"
    default: ": not YAML: \(oneLine(error))"
    }
  }
}

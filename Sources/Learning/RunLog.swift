import Foundation

/// The log of a run: one JSON object a line, each written through to the file at once.
///
/// Every line has `event` and `seconds`, the time since the start or the resume; most have `step`
/// (steps done) and `epoch`. Events of a ``Trainer``: `start` and `resume` (with the configuration
/// and the time of day), `step`, `validation`, `epoch`, `checkpoint`, and as the last one `end`,
/// `interrupted` or `diverged`; an observer may add its own, such as `gradient_flow`. A resumed run first cuts off what the log says about steps after the
/// checkpoint, so each step is told once. Times are here only, never in a model or a checkpoint's
/// numbers.
public final class RunLog {
  /// Where the log is.
  public let path: String
  private var file: FileHandle?
  private var start = ContinuousClock.now

  /// A log at `path`. The file is not touched before the run starts.
  public init(path: String) { self.path = path }

  /// A value in a line.
  public indirect enum Value: Sendable, Equatable {
    /// A text.
    case string(String)
    /// A whole number.
    case integer(Int)
    /// A number; `null` in the file if it is not finite, which JSON cannot say.
    case number(Double)
    /// An object.
    case object([String: String])
    /// An object of any values, written in the order of its keys.
    case members([String: Value])
    /// A list.
    case list([Value])
  }

  /// Opens the log and keeps its first `byteCount` bytes, at most; none for a new run.
  func open(keeping byteCount: UInt64) throws {
    do {
      if !FileManager.default.fileExists(atPath: path) {
        try Data().write(to: URL(fileURLWithPath: path))
      }
      let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      let kept = try Self.endOfLine(in: file, at: min(byteCount, try file.seekToEnd()))
      try file.truncate(atOffset: kept)
      try file.seek(toOffset: kept)
      self.file = file
      start = .now
    } catch {
      throw unwritable(error)
    }
  }

  /// The end of the last whole line within the first `limit` bytes.
  private static func endOfLine(in file: FileHandle, at limit: UInt64) throws -> UInt64 {
    var end = limit
    while end > 0 {
      try file.seek(toOffset: end - 1)
      if try file.read(upToCount: 1) == Data([UInt8(ascii: "\n")]) { break }
      end -= 1
    }
    return end
  }

  /// The length of the file.
  var byteCount: UInt64 {
    get throws {
      do { return try file?.offset() ?? 0 } catch { throw unwritable(error) }
    }
  }

  /// Appends a line, with `notes` as numbers after the fields, in the order of their names. Does
  /// nothing unless the log is open, which it is during a run.
  public func append(
    _ event: String, _ fields: KeyValuePairs<String, Value> = [:], notes: [String: Double] = [:]
  ) throws {
    guard let file else { return }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var line = "{\"event\":\(Self.quoted(event))"
    for (name, value) in fields { line += ",\(Self.quoted(name)):\(Self.json(value))" }
    for (name, value) in notes.sorted(by: { $0.key < $1.key }) {
      let name = name.replacingOccurrences(of: " ", with: "_")
      line += ",\(Self.quoted(name)):\(Self.json(.number(value)))"
    }
    line += ",\"seconds\":\((seconds * 1000).rounded() / 1000)}\n"
    do { try file.write(contentsOf: Data(line.utf8)) } catch { throw unwritable(error) }
  }

  /// Lets go of the file.
  func close() {
    try? file?.close()
    file = nil
  }

  private func unwritable(_ error: any Error) -> TrainingError {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    return .unwritable(path: path, reason: (cause ?? error as NSError).localizedDescription)
  }

  private static func json(_ value: Value) -> String {
    switch value {
    case .string(let text): quoted(text)
    case .integer(let integer): "\(integer)"
    case .number(let number): number.isFinite ? "\(number)" : "null"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
        .joined(separator: ",") + "}"
    case .members(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(json($0.value))" }
        .joined(separator: ",") + "}"
    case .list(let values): "[" + values.map(json).joined(separator: ",") + "]"
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

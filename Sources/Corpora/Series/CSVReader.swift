/// Reads comma-separated values (RFC 4180): fields in quotes may hold commas, line feeds, and quotes
/// written twice.
struct CSVReader {
  /// A record and where it begins.
  struct Record: Equatable {
    var fields: [String]
    /// From 1.
    var line: Int
  }

  /// The records of `text`, which came from what an error is to call `name`. Empty lines are none.
  ///
  /// Throws ``CorpusError/malformed(path:line:detail:)``.
  static func records(of text: String, name: String) throws(CorpusError) -> [Record] {
    let (comma, quote, feed) = (UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"))
    let bytes = Array(text.utf8)
    var records: [Record] = []
    var record = Record(fields: [], line: 1)
    var (line, index) = (1, 0)
    while index < bytes.count {
      if bytes[index] == quote {
        var field: [UInt8] = []
        let start = line
        func fault(_ detail: String) -> CorpusError {
          .malformed(path: name, line: start, detail: "column \(record.fields.count + 1) \(detail)")
        }
        index += 1
        while true {
          guard index < bytes.count else {
            throw fault("begins with a quote that is never closed")
          }
          if bytes[index] == quote {
            guard index + 1 < bytes.count, bytes[index + 1] == quote else { break }
            index += 1
          } else if bytes[index] == feed {
            line += 1
          }
          field.append(bytes[index])
          index += 1
        }
        index += 1
        guard index == bytes.count || bytes[index] == comma || bytes[index] == feed else {
          throw fault("goes on behind its closing quote, expected a comma or the line's end")
        }
        record.fields.append(String(decoding: field, as: UTF8.self))
      } else {
        let end = bytes[index...].firstIndex { $0 == comma || $0 == feed } ?? bytes.count
        record.fields.append(String(decoding: bytes[index..<end], as: UTF8.self))
        index = end
      }
      if index < bytes.count, bytes[index] == comma {
        index += 1
        // A comma at the very end begins a last, empty field.
        guard index == bytes.count else { continue }
        record.fields.append("")
      }
      index += 1
      line += 1
      if record.fields != [""] { records.append(record) }
      record = Record(fields: [], line: line)
    }
    return records
  }
}

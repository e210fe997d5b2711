/// A series with names for its variables, from a CSV file: a header, then a time step a row and a variable
/// a column.
public struct SeriesTable: Sendable, Equatable {
  /// The names of the variables, D of them.
  public var variables: [String]
  /// Their values, [T, D].
  public var series: Series

  /// A series and its variables' names.
  public init(variables: [String], series: Series) {
    precondition(variables.count == series.width, "\(variables.count) names for \(series.width)")
    self.variables = variables
    self.series = series
  }

  /// The table in the file at `path`.
  ///
  /// - Parameter variables: the columns that are read, by their names in the header, in this order; nil
  ///   for all. The others may hold anything.
  /// - Throws: ``CorpusError``, with line and column of what is no number.
  public init(contentsOf path: String, variables: [String]? = nil) throws(CorpusError) {
    try self.init(csv: TextFile.read(path), name: path, variables: variables)
  }

  /// The table in `text`, which came from what an error is to call `name`.
  public init(
    csv text: String, name: String, variables: [String]? = nil
  ) throws(CorpusError) {
    let records = try CSVReader.records(of: text, name: name)
    let header = try CSVHeader(records.first, name: name)
    let columns = try header.columns(variables)
    let rows = records.dropFirst()
    guard !rows.isEmpty else {
      throw .malformed(
        path: name, line: 1, detail: "a header without rows, expected a row for each time step")
    }
    var values: [Float] = []
    values.reserveCapacity(rows.count * columns.count)
    for row in rows {
      try header.check(row)
      for column in columns { values.append(try header.number(row, column)) }
    }
    self.init(
      variables: columns.map { header.names[$0] },
      series: Series(width: columns.count, values: values))
  }
}

/// The first record of a CSV file: the columns' names.
struct CSVHeader {
  let names: [String]
  /// What errors call the file.
  let file: String
  private let line: Int

  init(_ record: CSVReader.Record?, name: String) throws(CorpusError) {
    guard let record else { throw .empty(path: name) }
    file = name
    line = record.line
    names = record.fields.map(\.trimmed)
    for (index, name) in names.enumerated() {
      guard !name.isEmpty else { throw fault(line, index, "has no name in the header") }
      guard !names[..<index].contains(name) else {
        throw fault(line, index, "is called \(quoted(name)) as an earlier one")
      }
    }
  }

  private func fault(_ line: Int, _ column: Int, _ detail: String) -> CorpusError {
    .malformed(path: file, line: line, detail: "column \(column + 1) \(detail)")
  }

  /// The places of the named columns; of all when nil.
  func columns(_ wanted: [String]?) throws(CorpusError) -> [Int] {
    guard let wanted else { return Array(names.indices) }
    var columns: [Int] = []
    for name in wanted {
      guard let column = names.firstIndex(of: name) else {
        throw .malformed(
          path: file, line: line,
          detail: "no column is called \(quoted(name)), expected one of "
            + names.prefix(20).joined(separator: ", "))
      }
      columns.append(column)
    }
    return columns
  }

  /// Throws unless `record` has as many fields as the header.
  func check(_ record: CSVReader.Record) throws(CorpusError) {
    guard record.fields.count == names.count else {
      let found = record.fields.count == 1 ? "1 column" : "\(record.fields.count) columns"
      throw .malformed(
        path: file, line: record.line, detail: "\(found), expected \(names.count) as in the header")
    }
  }

  /// The number in column `column` of `record`.
  func number(_ record: CSVReader.Record, _ column: Int) throws(CorpusError) -> Float {
    do {
      return try finiteNumber(Substring(record.fields[column]))
    } catch {
      throw fault(record.line, column, "(\(names[column])) \(error.detail)")
    }
  }
}

/// What is to be read as a whole, with what is to be said of it: a text or a series, and its label.
public struct LabelledCase: Sendable, Equatable {
  /// What is read.
  public enum Content: Sendable, Equatable {
    /// A text.
    case text(String)
    /// Real-valued vectors.
    case series(Series)
  }

  /// What is read.
  public var content: Content
  /// The label as it is written, or several of them, or a number; nil where there is none.
  public var label: String?
  /// The line of the file that it stands in, from 1.
  public var line: Int
  /// What errors call the file.
  public var file: String

  /// A case.
  public init(content: Content, label: String?, line: Int = 1, file: String = "") {
    self.content = content
    self.label = label
    self.line = line
    self.file = file
  }

  /// A text with its label.
  public init(_ text: String, label: String, line: Int = 1) {
    self.init(content: .text(text), label: label, line: line)
  }

  /// An error at its line.
  public func fault(_ detail: String) -> CorpusError {
    .malformed(path: file, line: line, detail: detail)
  }
}

/// The files that cases come in.
public enum CaseFormat: String, Sendable, Codable, CaseIterable {
  /// A case a line: its label, a tab, its text.
  case text
  /// Series in the archive's format, see ``TimeSeriesReader``.
  case ts
  /// Series with a time step a row: a column `case` that tells where the next begins, a column `label`,
  /// and the variables.
  case csv

  /// The format that a file's name tells: series of `.ts` and `.csv`, else lines.
  public init(path: String) {
    let name = path.lowercased()
    self = name.hasSuffix(".ts") ? .ts : name.hasSuffix(".csv") ? .csv : .text
  }

  /// The cases of the file at `path`, each with a label. Throws ``CorpusError``.
  public func read(_ path: String) throws(CorpusError) -> [LabelledCase] {
    let cases = try cases(of: TextFile.read(path), name: path)
    guard !cases.isEmpty else { throw .empty(path: path) }
    if let unlabelled = cases.first(where: { $0.label == nil }) {
      throw unlabelled.fault("the case has no label, expected one to learn or to compare with")
    }
    return cases
  }

  /// The cases of `text`, which came from what an error is to call `name`.
  ///
  /// - Parameter checksLabels: whether labels of series have to be those that the header of a `.ts` file
  ///   lists, and in CSV the same at all steps of a case; else they may be anything, and that of the first
  ///   step is a case's.
  public func cases(
    of text: String, name: String, checksLabels: Bool = true
  ) throws(CorpusError) -> [LabelledCase] {
    var cases: [LabelledCase] = []
    switch self {
    case .text:
      for (index, line) in lines(of: text).enumerated() {
        cases.append(try LabelledCase(line: line, number: index + 1, file: name))
      }
    case .ts:
      var reader = TimeSeriesReader(name: name, checksLabels: checksLabels)
      for line in lines(of: text) {
        if let item = try reader.read(line) { cases.append(item) }
      }
      try reader.finish()
    case .csv:
      cases = try LabelledCase.cases(csv: text, name: name, checksLabels: checksLabels)
    }
    return cases
  }
}

extension LabelledCase {
  /// The case that `line` holds, a label and a text with a tab between them.
  ///
  /// Throws ``CorpusError/malformed(path:line:detail:)`` where there is no tab, or no text.
  init(line: Substring, number: Int, file: String) throws(CorpusError) {
    guard let tab = line.utf8.firstIndex(of: UInt8(ascii: "\t")) else {
      throw .malformed(
        path: file, line: number,
        detail: "no tab in \(quoted(line)), expected a label, a tab and a text")
    }
    let text = String(line[line.utf8.index(after: tab)...])
    guard !text.trimmed.isEmpty else {
      throw .malformed(path: file, line: number, detail: "the text is empty, expected some words")
    }
    self.init(
      content: .text(text), label: String(line[..<tab]).trimmed, line: number, file: file)
  }

  /// Series with a time step a row. Steps of a case follow each other and have the same label, unless labels
  /// are not checked: then that of the first is the case's.
  static func cases(
    csv text: String, name: String, checksLabels: Bool
  ) throws(CorpusError) -> [LabelledCase] {
    let records = try CSVReader.records(of: text, name: name)
    let header = try CSVHeader(records.first, name: name)
    let id = try header.columns(["case"])[0]
    let label = header.names.firstIndex(of: "label")
    let variables = header.names.indices.filter { $0 != id && $0 != label }
    guard !variables.isEmpty else {
      throw .malformed(
        path: name, line: 1, detail: "no column beside case and label, expected the variables")
    }
    var cases: [LabelledCase] = []
    var last: String?
    for record in records.dropFirst() {
      try header.check(record)
      var values: [Float] = []
      for column in variables { values.append(try header.number(record, column)) }
      let name = label.map { record.fields[$0].trimmed }
      let step = Series(width: variables.count, values: values)
      if last == record.fields[id], let index = cases.indices.last {
        guard !checksLabels || cases[index].label == name else {
          throw cases[index].fault(
            "the case has the label \(quoted(cases[index].label ?? "")) and, in line "
              + "\(record.line), \(quoted(name ?? ""))")
        }
        if case .series(var series) = cases[index].content {
          cases[index].content = .text("")
          series.values += step.values
          cases[index].content = .series(series)
        }
      } else {
        cases.append(
          LabelledCase(
            content: .series(step), label: name, line: record.line, file: header.file))
        last = record.fields[id]
      }
    }
    return cases
  }
}

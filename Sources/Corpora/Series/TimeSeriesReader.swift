/// Reads the `.ts` files of the UCR/UEA archive (aeon, sktime) line by line: a header, then a case a line,
/// its dimensions apart by colons, the values of a dimension by commas, its label or target last.
///
/// Cases may differ in length, the dimensions of a case may not. Every value is a number: one that is
/// missing (`?`, NaN) is an error, and so are time stamps.
///
/// ```swift
/// var reader = TimeSeriesReader(name: path)
/// for line in lines {
///   if let item = try reader.read(line) { … }
/// }
/// try reader.finish()
/// ```
public struct TimeSeriesReader {
  /// What errors call the file.
  private let name: String
  private let checksLabels: Bool
  private var lineNumber = 0
  private var isData = false
  /// Whether cases have a label or a target; nil until the header has said so.
  private var hasLabel: Bool?
  /// Those that the header lists; empty for a target.
  private var labels: Set<String> = []
  /// D, from the header or from the first case.
  private var dimensions: Int?

  /// A reader at the beginning of what an error is to call `name`.
  ///
  /// - Parameter checksLabels: whether a label that the header does not list is an error; else labels may be
  ///   anything, for cases whose label is only to be found.
  public init(name: String, checksLabels: Bool = true) {
    self.name = name
    self.checksLabels = checksLabels
  }

  /// Takes the next line, without its end. Gives the case that stands in it; nil in the header.
  ///
  /// Throws ``CorpusError/malformed(path:line:detail:)``.
  public mutating func read(_ line: Substring) throws(CorpusError) -> LabelledCase? {
    lineNumber += 1
    let text = String(line).trimmed
    guard let first = text.utf8.first, first != UInt8(ascii: "#"), first != UInt8(ascii: "%") else {
      return nil
    }
    guard isData else {
      try header(text)
      return nil
    }
    return try item(text)
  }

  /// Throws ``CorpusError/malformed(path:line:detail:)`` if the file ended within its header.
  public func finish() throws(CorpusError) {
    guard isData else { throw fault("the file ends without @data") }
  }

  private func fault(_ detail: String) -> CorpusError {
    .malformed(path: name, line: lineNumber, detail: detail)
  }

  private mutating func header(_ line: String) throws(CorpusError) {
    guard line.utf8.first == UInt8(ascii: "@") else {
      throw fault("\(quoted(line)) stands before @data, expected a line that begins with \"@\"")
    }
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
    let values = words.dropFirst()
    switch words[0].lowercased() {
    case "@timestamps":
      guard try !flag(words) else { throw fault("time stamps are not read, expected values alone") }
    case "@univariate": if try flag(words) { dimensions = 1 }
    case "@dimensions", "@dimension":
      guard values.count == 1, let count = Int(values[1]), count > 0 else {
        throw fault("\(quoted(line)), expected the number of dimensions")
      }
      dimensions = count
    case "@classlabel":
      hasLabel = try flag(words)
      labels = Set(values.dropFirst())
      guard hasLabel == false || !labels.isEmpty else {
        throw fault("\(quoted(line)), expected the labels behind \"true\"")
      }
    case "@targetlabel": hasLabel = try flag(words)
    case "@data":
      guard hasLabel != nil else {
        throw fault("@data without @classLabel or @targetLabel before it")
      }
      isData = true
    default: break
    }
  }

  private func flag(_ words: [String]) throws(CorpusError) -> Bool {
    switch words.count > 1 ? words[1].lowercased() : "" {
    case "true": return true
    case "false": return false
    default: throw fault("\(words[0]) is neither \"true\" nor \"false\"")
    }
  }

  private mutating func item(_ line: String) throws(CorpusError) -> LabelledCase {
    var parts = line.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      .map { Substring($0) }
    let label = hasLabel == true ? parts.popLast().map { String($0).trimmed } : nil
    if checksLabels, let label {
      guard labels.isEmpty || labels.contains(label) else {
        throw fault("the label \(quoted(label)) is not one of the \(labels.count) of @classLabel")
      }
    }
    let expected = dimensions ?? max(1, parts.count)
    guard parts.count == expected else {
      let found = parts.count == 1 ? "1 dimension" : "\(parts.count) dimensions"
      throw fault("\(found)\(label == nil ? "" : " and a label"), expected \(expected)")
    }
    dimensions = expected
    var columns: [[Float]] = []
    for (index, part) in parts.enumerated() {
      columns.append(try values(part, dimension: index + 1))
      guard columns[index].count == columns[0].count else {
        throw fault(
          "dimension \(index + 1) has \(columns[index].count) "
            + "\(columns[index].count == 1 ? "value" : "values"), expected "
            + "\(columns[0].count) as in dimension 1")
      }
    }
    var values: [Float] = []
    values.reserveCapacity(expected * columns[0].count)
    for step in columns[0].indices {
      for column in columns { values.append(column[step]) }
    }
    return LabelledCase(
      content: .series(Series(width: expected, values: values)), label: label, line: lineNumber,
      file: name)
  }

  private func values(
    _ part: Substring, dimension: Int
  ) throws(CorpusError) -> [Float] {
    guard part.utf8.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else {
      throw fault("dimension \(dimension) has no values")
    }
    // By bytes, as what people see as one character is slow to find.
    let fields = part.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    var values: [Float] = []
    values.reserveCapacity(fields.count)
    for field in fields {
      do {
        values.append(try finiteNumber(Substring(field)))
      } catch {
        throw fault("dimension \(dimension): value \(values.count + 1) \(error.detail)")
      }
    }
    return values
  }
}

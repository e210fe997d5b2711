import Corpora
import Foundation
import Models

/// Answers of a classifier of texts or series, in the order in which they come.
struct CaseAnswers {
  let classifier: Classifier
  let lines: ClassificationLines
  let console: Console

  /// Cases that are answered at once, at most.
  private static let mostCases = 256
  /// Bytes of texts or numbers of series that are answered at once, unless one case alone has more: cases
  /// that wait are held in memory.
  private static let mostValues = 1 << 20

  /// Answers what is in the file at `path`, or comes from standard input.
  func run(_ path: String?) throws {
    if let path, readsSeries, CaseFormat(path: path) == .csv {
      return try answer(
        try CaseFormat.csv.cases(of: TextFile.read(path), name: path, checksLabels: false))
    }
    try stream(path)
  }

  private var readsSeries: Bool { classifier.configuration.input == .series }

  /// Answers cases as their lines come: as many at once as have arrived.
  private func stream(_ path: String?) throws {
    let name = path ?? "standard input"
    let input = try path.map(openForReading) ?? STDIN_FILENO
    defer { if path != nil { close(input) } }
    var arriving = LineReader(file: input, name: name)
    var series = TimeSeriesReader(name: name, checksLabels: false)
    var waiting: [LabelledCase] = []
    var (values, number) = (0, 0)
    func flush() throws {
      let cases = waiting
      (waiting, values) = ([], 0)
      try answer(cases)
    }
    do {
      while let line = try arriving.next() {
        number += 1
        if readsSeries {
          if let item = try series.read(Substring(line)) {
            try classifier.check(item)
            waiting.append(item)
            if case .series(let series) = item.content { values += series.values.count }
          }
        } else {
          waiting.append(
            LabelledCase(content: .text(line), label: nil, line: number, file: name))
          values += line.utf8.count
        }
        // Also behind a line that holds no case: what stands before it may be waiting.
        let isFull = waiting.count >= Self.mostCases || values >= Self.mostValues
        if !waiting.isEmpty, isFull || arriving.wouldWait { try flush() }
      }
      if readsSeries { try series.finish() }
    } catch let error where !(error is ReaderLeft) {
      // What stands before the fault is answered.
      try flush()
      throw error
    }
    try flush()
  }

  private func answer(_ cases: [LabelledCase]) throws {
    for answer in try classifier.classify(cases) {
      try console.writeResult(lines.line(answer))
    }
  }
}

import Corpora
import Foundation
import Models

/// Answers of a classifier of trees. A tree may take several lines, so all are read before the first is
/// answered.
struct TreeAnswers {
  let classifier: TreeClassifier
  /// nil: ListOps for a model of it, else by the file's name, brackets on standard input.
  let format: TreeFormat?
  let lines: ClassificationLines
  let console: Console

  /// Answers the trees in the file at `path`, or from standard input.
  func run(_ path: String?) throws {
    let (format, reading) = (format ?? classifier.usualFormat, classifier.configuration.reading)
    let bank =
      if let path {
        try (format ?? TreeFormat(ofFile: path)).read(file: path, as: reading)
      } else {
        try (format ?? .brackets).read(standardInput(), name: "standard input", as: reading)
      }
    let found = try classifier.probabilities(of: bank)
    for probabilities in found {
      try console.writeResult(lines.line(.classes(probabilities.map(Double.init))))
    }
  }

  private func standardInput() throws -> String {
    var arriving = LineReader(file: STDIN_FILENO, name: "standard input")
    var text = ""
    while let line = try arriving.next() { text += line + "\n" }
    return text
  }
}

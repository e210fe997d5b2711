import ArgumentParser
import Corpora
import Foundation
import Models

/// `unroll classify`
struct Classify: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Say of texts or series what a classifier makes of them.",
    discussion: """
      Texts come a line each, without labels, and are answered as they come, in their order, a line each: \
      the class and its probability, with tabs between them. Of labels all with a probability of a half \
      and more are named, and of a regressor the number is printed. Series come as for `train classifier`.

      EXAMPLES
        echo "a film that you will not forget" | unroll classify model.safetensors
        unroll classify model.safetensors reviews.txt --top 2
        unroll classify vowels.safetensors test.ts --json
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(
    help: "Texts, .ts or .csv; - or nothing: texts or .ts from standard input.",
    completion: .file())
  var file: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Name the likeliest n classes or labels.", valueName: "n"))
  var top: Int?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let top = try settings.value("top", top, .atLeast(1))
    try settings.finish()
    let kind = try ModelKind(ofFile: model)
    guard kind == .neural(.classifier) else {
      throw Failure("classify goes with a classifier; \(model) is \(kind)")
    }
    let classifier = try Classifier(contentsOf: model)
    guard top == nil || classifier.labels != nil else {
      throw Failure("--top goes with classes and labels; \(model) says a number")
    }
    let path = file == "-" ? nil : file
    try withThreads(threads) {
      if let path, classifier.configuration.input == .series, CaseFormat(path: path) == .csv {
        let text = try TextFile.read(path)
        return try answer(
          try CaseFormat.csv.cases(of: text, name: path), classifier, top, console)
      }
      try stream(path, classifier, top, console)
    }
  }

  /// Answers cases as their lines come: as many at once as have arrived.
  private func stream(
    _ path: String?, _ classifier: Classifier, _ top: Int?, _ console: Console
  ) throws {
    let name = path ?? "standard input"
    let input = try path.map(openForReading) ?? STDIN_FILENO
    defer { if path != nil { close(input) } }
    var lines = LineReader(file: input, name: name)
    var series = TimeSeriesReader(name: name)
    let readsSeries = classifier.configuration.input == .series
    var waiting: [LabelledCase] = []
    var number = 0
    func flush() throws {
      let cases = waiting
      waiting = []
      try answer(cases, classifier, top, console)
    }
    do {
      while let line = try lines.next() {
        number += 1
        if readsSeries {
          guard let item = try series.read(Substring(line)) else { continue }
          try classifier.check(item)
          waiting.append(item)
        } else {
          waiting.append(
            LabelledCase(content: .text(line), label: nil, line: number, file: name))
        }
        if waiting.count >= 256 || lines.wouldWait { try flush() }
      }
      if readsSeries { try series.finish() }
    } catch let error where !(error is ReaderLeft) {
      // What stands before the fault is answered.
      try flush()
      throw error
    }
    try flush()
  }

  private func answer(
    _ cases: [LabelledCase], _ classifier: Classifier, _ top: Int?, _ console: Console
  ) throws {
    let labels = classifier.labels?.tokens ?? []
    for answer in try classifier.classify(cases) {
      let line = common.json ? json(answer, labels, top).text : text(answer, labels, top)
      try console.writeResult(line + "\n")
    }
  }

  /// The classes or labels that are named.
  private func named(_ answer: Classification, _ top: Int?) -> [Int] {
    switch answer {
    case .classes: return Array(answer.ranking.prefix(top ?? 1))
    case .labels(let shares):
      return top.map { Array(answer.ranking.prefix($0)) }
        ?? answer.ranking.filter { shares[$0] >= 0.5 }
    case .number: return []
    }
  }

  private func text(_ answer: Classification, _ labels: [String], _ top: Int?) -> String {
    if case .number(let value) = answer { return String(format: "%.6g", value) }
    let shares = answer.probabilities
    return named(answer, top).map { labels[$0] + "\t" + String(format: "%.4f", shares[$0]) }
      .joined(separator: "\t")
  }

  private func json(_ answer: Classification, _ labels: [String], _ top: Int?) -> JSON {
    let shares = answer.probabilities
    func object(_ chosen: [Int]) -> JSON {
      .object(chosen.map { (labels[$0], .number(shares[$0])) })
    }
    let all = top.map { Array(answer.ranking.prefix($0)) } ?? Array(labels.indices)
    switch answer {
    case .classes:
      return JSON.members([
        "label": .string(labels[answer.ranking[0]]),
        "probability": .number(shares[answer.ranking[0]]), "probabilities": object(all),
      ])
    case .labels:
      return JSON.members([
        "labels": .array(named(answer, nil).map { .string(labels[$0]) }),
        "probabilities": object(all),
      ])
    case .number(let value): return JSON.members(["value": .number(value)])
    }
  }
}

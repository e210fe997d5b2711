import ArgumentParser
import Foundation
import ModelFiles
import Models
import Tensors

/// `unroll study sentence-space`
struct SentenceSpaceVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "sentence-space",
    abstract: "Where do whole sentences lie in the space of an encoder?",
    discussion: """
      Reads sentences by the encoder of a translator and draws the vectors that it makes of them in the two \
      directions in which they differ most (principal components; as in the figure of Sutskever et al. 2014): \
      sentences of like meaning should be near to each other, whatever the order of their words. An empty line \
      ends a group; groups have colours of their own.

      EXAMPLES
        unroll study sentence-space en-fr.safetensors sentences.txt
        printf 'John loves Mary.\\nMary loves John.\\n' | unroll study sentence-space en-fr.safetensors
      """)

  @Argument(help: "A translator's file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "Sentences, one a line (default: standard input).", completion: .file())
  var file: String?
  @Option(
    help: ArgumentHelp(
      "Where the report goes (default: sentence-space.html).", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var output: String?
  @OptionGroup var common: CommonOptions

  /// The most sentences of a drawing.
  private static let limit = 500

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let output = try settings.value(
      "output", output, default: "sentence-space.html", .notEmpty)
    try settings.finish()
    let path = file == "-" ? nil : file
    try common.refuseSharedFiles(
      outputs: [("--output", output)],
      inputs: [("the model", model), ("the sentences", path)])
    try withThreads(threads) {
      try AtomicFile.checkWritable(output)
      let translator = try loadTranslator(model)
      let (sentences, groups) = try read(path)
      guard sentences.count >= 2 else {
        throw Failure("\(Format.plural(sentences.count, "sentence")); a picture is of at least 2")
      }
      let vectors = translator.sentenceVectors(of: sentences).map { $0.map(Double.init) }
      guard let found = PrincipalComponents(of: vectors, count: 2), found.shares.count == 2 else {
        throw Failure("\(model) makes no finite vectors of these sentences")
      }
      try AtomicFile.write(page(sentences, groups, found).html, to: output)
      try tell(sentences, found, output, console)
    }
  }

  private func read(_ path: String?) throws -> (sentences: [String], groups: [Int]) {
    let input = try path.map(openForReading) ?? STDIN_FILENO
    defer { if path != nil { close(input) } }
    var lines = LineReader(file: input, name: path ?? "standard input")
    var (sentences, groups, group, isEmpty) = ([String](), [Int](), 0, true)
    while let line = try lines.next() {
      guard line.contains(where: { !$0.isWhitespace }) else {
        if !isEmpty { group += 1 }
        isEmpty = true
        continue
      }
      isEmpty = false
      sentences.append(line)
      groups.append(group)
      guard sentences.count <= Self.limit else {
        throw Failure("more than \(Self.limit) sentences, which no picture shows")
      }
    }
    return (sentences, groups)
  }

  private func axis(_ number: Int, _ found: PrincipalComponents) -> String {
    "component \(number + 1), \(String(format: "%.0f", 100 * found.shares[number])) % of all differences"
  }

  private func page(
    _ sentences: [String], _ groups: [Int], _ found: PrincipalComponents
  ) -> ReportPage {
    let points = sentences.indices.map {
      ScatterPlot.Point(
        name: sentences[$0], x: found.coordinates[$0][0], y: found.coordinates[$0][1],
        group: groups[$0])
    }
    return ReportPage(
      title: "The space of sentences",
      summary: "What the encoder of \(model) makes of whole sentences, in two of its dimensions.",
      sections: [
        .drawing(
          title: "Sentences",
          text: "The two directions in which the vectors differ most (principal components).",
          svg: ScatterPlot(
            title: "Sentences by the two first principal components", xLabel: axis(0, found),
            yLabel: axis(1, found), points: points
          ).svg),
        .table(
          .init(
            title: "Coordinates", columns: ["sentence", "group", "first", "second"],
            firstNumber: 1,
            rows: points.map {
              [$0.name, "\($0.group + 1)", Format.number($0.x), Format.number($0.y)]
            })),
      ])
  }

  private func tell(
    _ sentences: [String], _ found: PrincipalComponents, _ output: String, _ console: Console
  ) throws {
    if common.json {
      return try console.writeResult(
        zip(sentences, found.coordinates).map { sentence, place in
          JSON.members([
            "sentence": .string(sentence), "x": .number(place[0]), "y": .number(place[1]),
          ]).text + "\n"
        }.joined())
    }
    try console.writeResult(
      TextTable(
        columns: ["sentence", "first", "second"],
        rows: zip(sentences, found.coordinates).map {
          [$0, Format.number($1[0]), Format.number($1[1])]
        }
      ).text)
    try console.result("\nreport  \(output)")
  }
}

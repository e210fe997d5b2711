import ArgumentParser
import Models

/// `unroll translate`
struct Translate: Verb {
  static let configuration = CommandConfiguration(abstract: "Translate lines.")
  @Argument(help: "Model files.") var models: [String]
  @Option(parsing: .unconditional) var beam: Int?
  @Option(parsing: .unconditional) var lengthPenalty: Double?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    try withThreads(threads) {
      let ensemble = try TranslatorEnsemble(models.map { try Translator(contentsOf: $0) })
      var lines = LineReader(file: 0, name: "standard input")
      var all: [String] = []
      while let line = try lines.next() { all.append(line) }
      let start = secondsNow()
      let found = try ensemble.translate(
        all, SearchOptions(beamSize: beam ?? 5, lengthPenalty: .power(lengthPenalty ?? 1)))
      console.message("\(secondsNow() - start) s")
      try console.writeResult(found.map { ($0.first?.text ?? "") + "\n" }.joined())
    }
  }
}

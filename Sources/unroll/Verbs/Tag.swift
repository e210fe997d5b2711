import ArgumentParser
import Corpora
import Foundation
import Models

/// `unroll tag`
struct Tag: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Give each word of sentences a label.",
    discussion: """
      Reads a sentence a line, its words separated by white space, and prints a word and its label a \
      line, with an empty line behind each sentence. Of columns it prints the lines with the label as \
      one more column, of CoNLL-U the sentences with the column filled in that the model predicts. \
      Sentences are printed in their order, as soon as no more are waiting to be read.

      EXAMPLES
        unroll tag tagger.safetensors sentences.txt
        echo "the old man the boat" | unroll tag tagger.safetensors
        unroll tag tagger.safetensors sentences.txt --json
        unroll tag tagger.safetensors bare.conllu
      """)

  /// How sentences come.
  enum Input: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case text, columns, conllu
  }

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "A file, or - for standard input (default: standard input).", completion: .file())
  var file: String?
  @Option(
    help: """
      How sentences come: text (one a line), columns (a word a line, with or without more columns) or \
      conllu (default: conllu of a file of that name, else text).
      """)
  var input: Input?
  @Option(
    help: "The column of CoNLL-U to fill in (default: the one that the model has learned from).")
  var column: LabelColumn?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let path = file == "-" ? nil : file
    let usual: Input = path.map { LabelledFormat(path: $0) == .conllu } == true ? .conllu : .text
    let input = try settings.value("input", input, default: usual)
    let column = try settings.value("column", column)
    try settings.finish()
    guard column == nil || input == .conllu else {
      throw Failure.usage("--column goes with --input conllu; the sentences are \(input.rawValue)")
    }
    try withThreads(threads) {
      let tagger = try Tagger(contentsOf: model)
      let name = path ?? "standard input"
      let source: any SentenceSource =
        switch input {
        case .text: TextSentences()
        case .columns: ColumnSentences(name: name)
        case .conllu:
          CoNLLUSentences(name: name, column: column ?? tagger.column ?? .upos)
        }
      let lines = try path.map(openForReading) ?? STDIN_FILENO
      defer { if path != nil { close(lines) } }
      var stream = TagStream(
        tagger: tagger, lines: LineReader(file: lines, name: name), source: source,
        json: common.json, console: console)
      try stream.run()
    }
  }
}

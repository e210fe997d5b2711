import ArgumentParser
import Corpora

extension LabelledFormat: ExpressibleByArgument, SettingValue {}

/// The flags of the verbs that read sentences with labels.
struct LabelledOptions: ParsableArguments {
  @Option(
    help: """
      Format of files with labels: conllu, or columns, a word and its label a line with an empty line \
      between sentences (default: what the file looks like).
      """)
  var format: LabelledFormat?
  @Flag(
    help: """
      Take labels that did not occur in training for ones that cannot be predicted; else they are an \
      error.
      """)
  var unseenLabels = false

  /// What the flags and the configuration file say.
  func choice(_ settings: inout Settings) throws -> LabelledChoice {
    LabelledChoice(
      format: try settings.value("format", format),
      allowsUnseen: try settings.isOn("unseen-labels", unseenLabels))
  }
}

/// How files with labels are read.
struct LabelledChoice {
  /// nil for what the file looks like.
  var format: LabelledFormat?
  var allowsUnseen: Bool

  /// A flag that was given; nil if none was.
  var flag: String? { format != nil ? "format" : allowsUnseen ? "unseen-labels" : nil }

  /// The sentences of a file, and its format.
  ///
  /// - Throws: `CorpusError` that names the line, and for CoNLL-U the column, of what is wrong.
  func read(
    _ path: String, column: LabelColumn
  ) throws -> (sentences: [LabelledSentence], format: LabelledFormat) {
    let text = try TextFile.read(path)
    let format = format ?? LabelledFormat(path: path, text: text)
    let sentences = try format.sentences(of: text, name: path, column: column)
    guard !sentences.isEmpty else { throw CorpusError.empty(path: path) }
    return (sentences, format)
  }
}

import ArgumentParser
import Corpora
import ModelFiles
import Models

/// `unroll train ngram`
struct TrainNGram: Verb {
  static let configuration = CommandConfiguration(
    commandName: "ngram",
    abstract: "Train an n-gram model on plain text: what a recurrent one must beat.",
    discussion: """
      Interpolated modified Kneser-Ney (Chen and Goodman 1999) on the last n - 1 tokens. The model \
      is an ARPA file, which evaluate, score and inspect take, and evaluate --interpolate beside a \
      neural model. To be mixed both need one vocabulary: --vocabulary takes it, the level and the \
      unit from the neural one.

      EXAMPLES
        unroll train ngram --train train.txt --output model.arpa
        unroll train ngram --train train.txt --output model.arpa --order 8 --level character
        unroll train ngram --train train.txt --output model.arpa --vocabulary model.safetensors
        unroll evaluate model.safetensors test.txt --interpolate model.arpa --tune valid.txt
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Text to learn from; several files are read as one.", valueName: "file"),
    completion: .file())
  var train: [String] = []
  @Option(
    help: ArgumentHelp("Where the model goes.", valueName: "file"),
    completion: .file(extensions: ["arpa"]))
  var output: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "n, the tokens looked at, the predicted one included (default: 5).", valueName: "n"))
  var order: Int?
  @Option(help: "What a token is: word or character (default: word).")
  var level: Tokenizer?
  @Option(
    help: "stream: the text is one sequence; sentence: each line is one (default: stream).")
  var unit: TextUnit?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Rarer tokens become <unk> (default: 1, so none).", valueName: "n"))
  var minCount: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("At most so many tokens; the others become <unk>.", valueName: "n"))
  var vocabularySize: Int?
  @Option(
    help: ArgumentHelp(
      "Neural model whose vocabulary, level and unit to take.", valueName: "model"),
    completion: .file(extensions: ["safetensors"]))
  var vocabulary: String?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    _ = try common.threadCount(&settings)
    let training = try settings.list("train", train)
    let output = try settings.value("output", output, .notEmpty)
    let order = try settings.value("order", order, default: 5, .upTo(20))
    let tokens = try TokenChoice(self, &settings)
    try settings.finish()
    guard !training.isEmpty else { throw Failure.usage("no text to learn from: --train FILE") }
    guard let output else { throw Failure.usage("nowhere to put the model: --output FILE") }
    try common.refuseSharedFiles(
      outputs: [("--output", output)],
      inputs: training.map { ("a text of --train", $0) }
        + [("the model of --vocabulary", tokens.model)])
    try AtomicFile.checkWritable(output)

    let start = secondsNow()
    let text = try readTexts(training)
    let (level, unit, vocabulary) = try tokens.found(in: text)
    let model = try naming(training.joined(separator: ", ")) {
      try NGramLanguageModel(
        order: order, level: level, unit: unit, vocabulary: vocabulary, training: text)
    }
    let seconds = secondsNow() - start
    try model.save(to: output)
    try report(model, output, seconds: seconds, console)
  }

  /// What a token is, and which there are.
  private struct TokenChoice {
    let level: Tokenizer?
    let unit: TextUnit?
    let minimumCount: Int?
    let maximumSize: Int?
    /// The model whose tokens these are.
    let model: String?

    init(_ flags: TrainNGram, _ settings: inout Settings) throws {
      level = try settings.value("level", flags.level)
      unit = try settings.value("unit", flags.unit)
      minimumCount = try settings.value("min-count", flags.minCount, .atLeast(1))
      maximumSize = try settings.value("vocabulary-size", flags.vocabularySize, .atLeast(1))
      model = try settings.value("vocabulary", flags.vocabulary, .notEmpty)
      guard model != nil else { return }
      let given = [
        ("level", level != nil), ("unit", unit != nil), ("min-count", minimumCount != nil),
        ("vocabulary-size", maximumSize != nil),
      ]
      if let (name, _) = given.first(where: \.1) {
        throw Failure.usage("--vocabulary says what --\(name) would; it cannot be given beside it")
      }
    }

    func found(in text: String) throws -> (Tokenizer, TextUnit, Vocabulary) {
      if let model {
        let model = try LanguageModel(contentsOf: model)
        return (model.configuration.level, model.configuration.unit, model.vocabulary)
      }
      let (level, unit) = (level ?? .words, unit ?? .stream)
      var builder = VocabularyBuilder(tokenizer: level, unit: unit)
      builder.add(text)
      let vocabulary = try builder.build(
        minimumCount: minimumCount ?? 1, maximumSize: maximumSize)
      return (level, unit, vocabulary)
    }
  }

  private func report(
    _ model: NGramLanguageModel, _ output: String, seconds: Double, _ console: Console
  ) throws {
    let counts = model.ngrams.ngramCounts
    guard common.json else {
      return try console.result(
        "\(output): \(Format.count(counts.reduce(0, +))) n-grams of up to "
          + "\(Format.plural(model.order, model.level.rawValue)) (vocabulary "
          + "\(Format.count(model.vocabulary.count))) in \(Format.duration(seconds))")
    }
    try console.result(
      JSON.members([
        "model": .string(output), "order": .integer(model.order),
        "level": .string(model.level.rawValue), "unit": .string(model.unit.rawValue),
        "vocabulary": .integer(model.vocabulary.count),
        "ngrams": .array(counts.map { .integer($0) }),
        "seconds": .number((seconds * 100).rounded() / 100),
      ]).text)
  }
}

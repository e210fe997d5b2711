import ArgumentParser

/// `unroll study recurrence`
struct RecurrenceVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: RecurrenceStudy.name,
    abstract: "What is it worth to look further back than a few words?",
    discussion: """
      Language models of one text: n-grams of orders 1 to 6 (interpolated modified Kneser-Ney), and nets \
      with as many parameters as an LSTM: perplexity, parameters, speed.

      Measurements are named n-gram, or CELL/seed n.

      EXAMPLES
        unroll study recurrence --train train.txt --valid valid.txt --test test.txt
        unroll study recurrence --train train.txt --valid valid.txt --test test.txt --only gram
      """)

  @OptionGroup var options: StudyVerb.Options
  @OptionGroup var texts: WordCorpusOptions
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Units of the LSTM, and features of a word (default: 200; quick: 32).", valueName: "n"))
  var hidden: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Dropout of the nets (default: 0.2; quick: 0).", valueName: "p"))
  var dropout: Double?

  func run(_ console: Console) throws {
    var settings = try options.common.settings()
    let choice = try options.choice(&settings, study: RecurrenceStudy.name)
    let isQuick = choice.isQuick
    let (corpus, training, inputs) = try texts.read(&settings, quick: isQuick)
    let hidden = try settings.value("hidden", hidden, default: isQuick ? 32 : 200, .upTo(10_000))
    let dropout = try settings.value("dropout", dropout, default: isQuick ? 0 : 0.2, .belowOne)
    try settings.finish()
    let study = RecurrenceStudy(
      corpus: corpus, training: training, hidden: hidden, dropout: Float(dropout),
      orders: 1...(isQuick ? 3 : 6), seeds: choice.seeds ?? 1, pattern: choice.pattern)
    try options.run(study, choice, console, inputs: inputs)
  }
}

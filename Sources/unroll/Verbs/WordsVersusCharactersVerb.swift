import ArgumentParser
import Corpora
import Foundation
import Models

/// `unroll study words-vs-characters`
struct WordsVersusCharactersVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: WordsVersusCharactersStudy.name,
    abstract: "Is a word better looked up, or composed from its characters?",
    discussion: """
      Language models of one text, the same but for where their words' vectors come from (a table, their \
      characters, or half from each), all tuned over the same shares of dropout: perplexity, parameters, speed, and neighbours of frequent, rare and \
      unseen words. With rated pairs of words also how well cosines rank them.

      Measurements are named SOURCE/dropout p/seed n, SOURCE being lookup, characters or both.

      EXAMPLES
        unroll study words-vs-characters --train train.txt --valid valid.txt --test test.txt
        unroll study words-vs-characters --train train.txt --valid valid.txt --test test.txt \
      --similarity wordsim353.tsv --dropouts 0.2 0.3
      """)

  @OptionGroup var options: StudyVerb.Options
  @OptionGroup var texts: WordCorpusOptions
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Shares of dropout to tune over (default: 0.1 0.2 0.3).", valueName: "p"))
  var dropouts: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Pairs of words and people's ratings of them, a line each.", valueName: "file"),
    completion: .file())
  var similarity: [String] = []

  func run(_ console: Console) throws {
    var settings = try options.common.settings()
    let choice = try options.choice(&settings, study: WordsVersusCharactersStudy.name)
    let (corpus, training, inputs) = try texts.read(&settings, quick: choice.isQuick)
    let given = try settings.list("dropouts", dropouts)
    let files = try settings.list("similarity", similarity)
    try settings.finish()
    let rates = try given.map { text -> Float in
      guard let rate = Float(text), rate >= 0, rate < 1 else {
        throw Failure.usage("--dropouts is \(text); expected numbers from 0 to below 1")
      }
      return rate
    }
    var sizes = WordsVersusCharactersStudy.Sizes()
    if choice.isQuick {
      sizes.embedding = 32
      sizes.hidden = 64
      sizes.characters.hiddenSize = 32
    }
    let study = WordsVersusCharactersStudy(
      corpus: corpus, training: training, sizes: sizes,
      dropouts: rates.isEmpty ? (choice.isQuick ? [0] : [0.1, 0.2, 0.3]) : rates,
      pairs: try files.map { path in
        (
          URL(fileURLWithPath: path).lastPathComponent,
          try WordPair.parse(TextFile.read(path), name: path)
        )
      }, seeds: choice.seeds ?? 1, pattern: choice.pattern,
      probes: WordsVersusCharactersStudy.Probe.choose(corpus))
    try options.run(
      study, choice, console,
      inputs: inputs + files.map { ("the pairs of --similarity", $0) })
  }
}

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
      characters, or both), all tuned over the same shares of dropout: perplexity, parameters, speed, and \
      neighbours of frequent, rare and unseen words. With rated pairs of words also how well cosines rank \
      them.

      Measurements are named SOURCE/dropout p, words q/seed n, SOURCE being lookup, characters or both.

      EXAMPLES
        unroll study words-vs-characters --train train.txt --valid valid.txt --test test.txt
        unroll study words-vs-characters --train train.txt --valid valid.txt --test test.txt \
      --similarity wordsim353.tsv --dropouts 0.2 0.3
      """)

  @OptionGroup var options: StudyVerb.Options
  @OptionGroup var texts: WordCorpusOptions
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Shares of features dropped, to tune over (default: 0.1 0.2 0.3; quick: 0).", valueName: "p"))
  var dropouts: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Shares of the table's words dropped, to tune over with each of them (default: 0.1; quick: 0).",
      valueName: "q"))
  var wordDropouts: [String] = []
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
    let features = try shares("dropouts", dropouts, [0.1, 0.2, 0.3], &settings, choice.isQuick)
    let words = try shares("word-dropouts", wordDropouts, [0.1], &settings, choice.isQuick)
    let files = try settings.list("similarity", similarity)
    try settings.finish()
    var sizes = WordsVersusCharactersStudy.Sizes()
    if choice.isQuick {
      sizes.embedding = 32
      sizes.hidden = 64
      sizes.characters.hiddenSize = 32
    }
    let study = WordsVersusCharactersStudy(
      corpus: corpus, training: training, sizes: sizes,
      dropouts: features.flatMap { share in words.map { .init(features: share, words: $0) } },
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

  /// The shares that a flag gives, each once: a measurement is named by its numbers.
  private func shares(
    _ name: String, _ given: [String], _ usual: [Float], _ settings: inout Settings, _ quick: Bool
  ) throws -> [Float] {
    let texts = try settings.list(name, given)
    guard !texts.isEmpty else { return quick ? [0] : usual }
    var shares: [Float] = []
    for text in texts {
      guard let share = Float(text), share >= 0, share < 1 else {
        throw Failure.usage("--\(name) is \(text); expected numbers from 0 to below 1")
      }
      if !shares.contains(share) { shares.append(share) }
    }
    return shares
  }
}

import ArgumentParser
import Foundation
import Testing

@testable import unroll

@Suite("Help")
struct HelpTests {
  static let verbs: [any ParsableCommand.Type] = [
    Unroll.self, Demo.self, Train.self, TrainLM.self, TrainTagger.self, TrainClassifier.self,
    TrainForecaster.self, TrainNGram.self, Classify.self, ForecastVerb.self,
    Evaluate.self, Generate.self, Score.self, Tag.self,
    Embed.self, Neighbors.self, Inspect.self, Gradients.self, Convert.self, Bench.self,
    BenchTrain.self, BenchStep.self,
    BenchCells.self, StudyVerb.self, LongRangeVerb.self, GradientFlowVerb.self, DepthVerb.self,
    WordsVersusCharactersVerb.self, RecurrenceVerb.self, TrainTranslator.self, TrainCaptioner.self,
    Translate.self, CaptionVerb.self, Compare.self, Average.self, BenchTranslator.self,
    TranslationStudyVerb.self, SentenceSpaceVerb.self,
  ]

  private func help(_ verb: any ParsableCommand.Type) -> String {
    Unroll.helpMessage(for: verb, columns: 80)
  }

  @Test("every verb has an abstract, a usage line and examples that parse")
  func examples() throws {
    for verb in Self.verbs.dropFirst() {
      let text = help(verb)
      #expect(text.contains("OVERVIEW: "))
      #expect(text.contains("USAGE: unroll"))
      let examples =
        Unroll.helpMessage(for: verb, columns: 1000)
        .split(separator: "EXAMPLES\n", maxSplits: 1).last.map(String.init) ?? ""
      var count = 0
      for line in examples.split(separator: "\n") where line.contains("  unroll ") {
        let command = line.split(separator: "|").first { $0.contains("unroll ") }
        let words = command.map { shellWords($0.prefix { $0 != "#" }) } ?? []
        // `train lm --config …` needs a file that is not there; parsing does not look.
        if words.contains("--help") { continue }
        _ = try Unroll.parseAsRoot(Array(words.dropFirst()))
        count += 1
      }
      #expect(count > 0, "\(verb)")
    }
  }

  /// The words of a command, quotes of both kinds taken off.
  private func shellWords(_ text: some StringProtocol) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in text {
      if character == quote {
        quote = nil
      } else if quote == nil, character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if quote == nil, character == " " {
        if let ended = word { words.append(ended) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let ended = word { words.append(ended) }
    return words
  }

  /// The words alone: how they are laid out is the parser's.
  private func words(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  @Test("the help of the tool lists its verbs")
  func root() {
    #expect(
      words(help(Unroll.self))
        == words(
          """
          OVERVIEW: Deep networks for sequences: train, evaluate and run recurrent models.

          Start with a model of the text around you, in about two minutes:
            unroll demo

          Results go to standard output, progress and messages to standard error.

          USAGE: unroll <subcommand>

          OPTIONS:
            -h, --help              Show help information.

          SUBCOMMANDS:
            demo                    Learn the text under a folder in about two minutes, and show what
                                    came of it.
            train                   Train a model.
            evaluate                Measure how well a model predicts a text.
            generate                Let a model write.
            score                   Give the log-probability of each line of a text.
            translate               Translate lines by a model, or by several that vote.
            caption                 Say what pictures show.
            tag                     Give each word of sentences a label.
            classify                Say of texts, series or trees what a classifier makes of them.
            forecast                Say how a series goes on.
            embed                   Give the vectors of words.
            neighbors               Find the words whose vectors are nearest to a word's.
            inspect                 Show what is in a model file.
            gradients               Show how gradients flow back through a model's layers and time.
            convert                 Write a model with weights of another precision.
            average                 Write the mean of models: their weights, number by number.
            compare                 Score translations, and say whether one system is better than
                                    another.
            bench                   Measure speed.
            study                   Make a figure or a table of the lecture again, with results and a
                                    report.

            See 'unroll help <subcommand>' for detailed help.
          """))
  }

  @Test("the help of score is as it was reviewed")
  func score() {
    #expect(
      words(help(Score.self))
        == words(
          """
          OVERVIEW: Give the log-probability of each line of a text.

          Each line is scored by itself, its end included, in nats. Without FILE, lines are read from
          standard input and scored as they come.

          EXAMPLES
            unroll score model.safetensors candidates.txt | sort -rn | head -1
            echo "to be or not to be" | unroll score model.safetensors --tokens
            unroll score model.safetensors candidates.txt --tokens --json

          USAGE: unroll score <model> [<file>] [--tokens] [--json] [--threads <n>] [--config <file>]

          ARGUMENTS:
            <model>                 A model file.
            <file>                  A text file (default: standard input).

          OPTIONS:
            --tokens                Give the log-probability of each token too.
            --json                  Print results as JSON, one object a line.
            --threads <n>           Threads to work with (default: one a processor). Results do not
                                    depend on it.
            --config <file>         A YAML file of settings: the flags' names without the dashes. Flags
                                    win over it.
            -h, --help              Show help information.
          """))
  }

  @Test("what a decoder refuses is not in its help, and a quick study's own defaults are")
  func decoders() {
    for verb in [TrainTranslator.self, TrainCaptioner.self] as [any ParsableCommand.Type] {
      let text = help(verb)
      #expect(!text.contains("--window") && !text.contains("--learn-initial-state"))
      #expect(text.contains("\n  --skip ") && words(text).contains("lstm; not window,"))
    }
    #expect(help(TrainLM.self).contains("--window"))
    #expect(words(help(TranslationStudyVerb.self)).contains("(default: 0.3; quick: 0)"))
  }

  @Test("every flag of the recipe says what it is and, unless it is off, its default")
  func recipe() {
    let text = help(TrainLM.self)
    for flag in [
      "level", "unit", "cell", "hidden", "layers", "embedding", "tie", "dropout", "min-count",
      "vocabulary-size", "batch", "bptt", "loss-unit", "epochs", "steps", "valid-every",
      "patience", "optimizer", "learning-rate", "momentum", "weight-decay", "schedule", "decay",
      "decay-after", "warmup", "clip", "init-range", "forget-bias", "checkpoint",
      "checkpoint-every", "checkpoint-minutes", "resume", "log", "gradient-flow", "seed", "threads",
      "config",
      "json",
    ] {
      #expect(text.contains("\n  --\(flag) "), "--\(flag)")
    }
  }
}

import ArgumentParser
import Corpora
import Learning
import Models
import Recurrent

/// The flags that say what a language model reads.
struct TokenOptions: ParsableArguments {
  @Option(help: "What a token is: word or character (default: word).")
  var level: Tokenizer?
  @Option(
    help: "stream: the text is one sequence; sentence: each line is one (default: stream).")
  var unit: TextUnit?
}

/// The flag that ties embedding and output.
struct TyingOptions: ParsableArguments {
  @Flag(help: "Share one matrix between the embedding and the output; needs them equally wide.")
  var tie = false
}

/// The flags that say what a language model learns from its text, and how it is cut up.
struct TextOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Penalty on errors of rnn, rnn-relu or irnn that fade on their way back (Pascanu et al. "
        + "2013; default: 0).", valueName: "x"))
  var vanishingPenalty: Double?
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
    parsing: .unconditional,
    help: ArgumentHelp("Sequences side by side (default: 32).", valueName: "n"))
  var batch: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Steps between updates, through which gradients flow (default: 35 words, 100 characters).",
      valueName: "n"))
  var bptt: Int?
  @Flag(
    help: """
      Vary the steps between updates around --bptt, and with --loss-unit token the rate with them \
      (Merity et al. 2018).
      """)
  var varyBptt = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Penalty on large activations of the highest layer (AR; default: 0).", valueName: "x"))
  var activationPenalty: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Penalty on activations of the highest layer that change fast (TAR; default: 0).",
      valueName: "x"))
  var temporalPenalty: Double?
  @Option(
    help: """
      Divide a step's loss by its tokens (token), or by its sequences (sequence), as Zaremba et \
      al. do (default: token).
      """)
  var lossUnit: LanguageModelTask.LossUnit?
}

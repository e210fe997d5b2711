import ArgumentParser
import Recurrent

/// The flags of the studies that train language models of words.
struct WordCorpusOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Text to learn from.", valueName: "file"), completion: .file())
  var train: String?
  @Option(
    help: ArgumentHelp("Text to choose by.", valueName: "file"), completion: .file())
  var valid: String?
  @Option(
    help: ArgumentHelp("Text to judge by.", valueName: "file"), completion: .file())
  var test: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rarer words become <unk> (default: 2).", valueName: "n"))
  var minCount: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Times through the text (default: 8).", valueName: "n"))
  var epochs: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Adam's rate (default: 0.004 after 500 steps of warm-up).", valueName: "x"))
  var learningRate: Double?
  @Option(
    help: """
      How words are predicted: full, sampled, nce, adaptive or class, as in train lm (default: class, \
      which trains fast on vocabularies like these).
      """)
  var softmax: OutputKind?

  /// The corpus, and how nets are trained on it.
  func read(
    _ settings: inout Settings, quick: Bool
  ) throws -> (corpus: WordCorpus, training: WordTraining, inputs: [(role: String, path: String?)])
  {
    func file(_ key: String, _ value: String?) throws -> String {
      guard let path = try settings.value(key, value, .notEmpty) else {
        throw Failure.usage("--\(key) FILE is missing")
      }
      return path
    }
    let (train, valid, test) = (
      try file("train", train), try file("valid", valid), try file("test", test)
    )
    var training = WordTraining()
    training.epochs = try settings.value(
      "epochs", epochs, default: quick ? 1 : training.epochs, .upTo(1_000_000))
    training.fullRateEpochs = (training.epochs + 1) / 2
    training.rate = try settings.value("learning-rate", learningRate, default: 0.004, .positive)
    training.warmupSteps = quick ? 15 : 500
    training.steps = quick ? 150 : nil
    training.output = .standard(
      try settings.value("softmax", softmax, default: .classFactored))
    let corpus = try WordCorpus(
      training: train, validation: valid, test: test,
      minimumCount: try settings.value("min-count", minCount, default: 2, .atLeast(1)))
    return (
      corpus, training,
      [
        ("the text of --train", train), ("the text of --valid", valid),
        ("the text of --test", test),
      ]
    )
  }
}

import ArgumentParser
import Corpora
import Models
import Recurrent

/// `unroll study depth`
struct DepthVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: DepthStudy.name,
    abstract: "What are layers worth at an equal number of parameters?",
    discussion: """
      Character models of a text with 1, 2, 4 and 8 layers, with and without skip connections, two \
      seeds: about half an hour on two cores with a text of any length.

      Measurements are named N layers/CONNECTIONS/seed n.

      EXAMPLES
        unroll study depth --train train.txt --valid valid.txt
        unroll study depth --train book.txt --quick
        unroll study depth --train book.txt --cell gru --only '8 layers' --output deep
      """)

  @OptionGroup var options: StudyVerb.Options
  @Option(
    help: ArgumentHelp("Text to learn from.", valueName: "file"), completion: .file())
  var train: String?
  @Option(
    help: ArgumentHelp(
      "Text to judge by (default: the last tenth of the other).", valueName: "file"),
    completion: .file())
  var valid: String?
  @Option(help: "The recurrent cell (default: lstm).")
  var cell: CellKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "No net has more parameters (default: 200000; quick: 30000).", valueName: "n"))
  var parameters: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps of training (default: 1500; quick: 300).", valueName: "n"))
  var steps: Int?

  func run(_ console: Console) throws {
    var settings = try options.common.settings()
    let choice = try options.choice(&settings, study: DepthStudy.name)
    guard let train = try settings.value("train", train) else {
      throw Failure.usage("--train FILE is missing: the text to learn from")
    }
    let valid = try settings.value("valid", valid)
    var training = DepthStudy.Training()
    training.cell = try settings.value("cell", cell, default: training.cell)
    training.parameters = try settings.value(
      "parameters", parameters, default: choice.isQuick ? 30_000 : training.parameters,
      .upTo(1_000_000_000))
    training.steps = try settings.value(
      "steps", steps, default: choice.isQuick ? 300 : training.steps, .upTo(1_000_000_000))
    try settings.finish()
    let study = DepthStudy(
      corpus: try DepthStudy.Corpus(training: train, heldOut: valid), training: training,
      seeds: choice.seeds ?? (choice.isQuick ? 1 : 2), pattern: choice.pattern)
    if let net = DepthStudy.Net.all.first(where: { study.configuration($0) == nil }) {
      throw Failure.usage(
        "--parameters is \(training.parameters): too few for a net of "
          + "\(Format.plural(net.layers, "layer")) and \(study.corpus.vocabulary.count) characters")
    }
    try options.run(
      study, choice, console,
      inputs: [("the text of --train", train), ("the text of --valid", valid)])
  }
}

extension DepthStudy.Corpus {
  /// The texts of two files, or of one whose last tenth is held out.
  ///
  /// - Throws: what reading throws, and `Failure` for a text that is too short.
  init(training path: String, heldOut other: String?) throws {
    let text = try TextFile.read(path)
    if let other {
      (training, heldOut) = (text, try TextFile.read(other))
    } else {
      let characters = text.unicodeScalars
      let cut = characters.index(characters.startIndex, offsetBy: characters.count * 9 / 10)
      (training, heldOut) = (String(characters[..<cut]), String(characters[cut...]))
    }
    let least = 5000
    // What is held out of a text is less than the rest.
    let held = other ?? "the last tenth of \(path)"
    for (text, name, hint) in [
      (heldOut, held, other == nil ? "; give --valid" : ""), (training, path, ""),
    ] {
      let count = text.unicodeScalars.count
      guard count >= least else {
        throw Failure(
          "\(name) has \(Format.plural(count, "character")), expected \(Format.count(least)) or "
            + "more\(hint)")
      }
    }
    var builder = VocabularyBuilder(tokenizer: .characters)
    builder.add(training)
    vocabulary = try builder.build(minimumCount: 3)
    fingerprint = Models.fingerprint((training + "\0" + heldOut).utf8.lazy.map(Int32.init))
  }
}

import ArgumentParser
import Models
import Recurrent

/// The flags that say what is dropped in training. Each is also a key of a configuration file.
struct DropoutOptions<Usual: UsualRecipe>: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the values dropped from the \(Usual.input) vectors, between layers and before the "
        + "output (default: \(Self.usual)).", valueName: "p"))
  var dropout: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Of the \(Usual.input) vectors (default: as --dropout).", valueName: "p"))
  var dropoutInput: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Between layers (default: as --dropout).", valueName: "p"))
  var dropoutHidden: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Before the output (default: as --dropout).", valueName: "p"))
  var dropoutOutput: Double?
  @Flag(
    help: ArgumentHelp(
      "Drop the same values at every step of a \(Usual.sequence) (Gal & Ghahramani 2016)."))
  var variational = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the vocabulary whose vectors are dropped (default: 0).", valueName: "p"))
  var dropoutEmbedding: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the recurrent weights dropped: weight drop (default: 0).", valueName: "p"))
  var dropoutWeights: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the state dropped on its way to the next step, the same at every step "
        + "(default: 0).", valueName: "p"))
  var dropoutState: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of an LSTM's candidates dropped, so that nothing remembered is lost (default: 0).",
      valueName: "p"))
  var dropoutCandidate: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Probability that a unit keeps its state for a step (default: 0).", valueName: "p"))
  var zoneout: Double?

  private static var usual: String {
    func text(_ share: Double) -> String { share == 0 ? "0" : "\(share)" }
    return text(Usual.dropout) + (Usual.quickDropout.map { "; quick: \(text($0))" } ?? "")
  }
}

extension DropoutOptions {
  /// The rates that the flags and the configuration file ask for.
  ///
  /// - Parameter usual: the rate where none is given.
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func rates(
    _ settings: inout Settings, usual: Double = Usual.dropout
  ) throws -> NetworkDropout {
    func rate(
      _ key: String, _ flag: Double?, default fallback: Double = 0
    ) throws -> Float {
      Float(try settings.value(key, flag, default: fallback, .belowOne))
    }
    let all = try settings.value("dropout", dropout, default: usual, .belowOne)
    let rates = NetworkDropout(
      input: try rate("dropout-input", dropoutInput, default: all),
      hidden: try rate("dropout-hidden", dropoutHidden, default: all),
      output: try rate("dropout-output", dropoutOutput, default: all),
      embedding: try rate("dropout-embedding", dropoutEmbedding),
      isVariational: try settings.isOn("variational", variational),
      recurrent: RecurrentDropout(
        weights: try rate("dropout-weights", dropoutWeights),
        state: try rate("dropout-state", dropoutState),
        candidate: try rate("dropout-candidate", dropoutCandidate),
        zoneout: try rate("zoneout", zoneout)))
    guard !rates.isVariational || rates.input > 0 || rates.hidden > 0 || rates.output > 0 else {
      throw Failure.usage(
        "--variational is for --dropout, --dropout-input, --dropout-hidden and --dropout-output; found "
          + "none of them above 0")
    }
    return rates
  }
}

extension NetworkDropout {
  /// The rates as options and their values on the command line; what is not used is left out.
  var options: [String: String] {
    var options: [String: String] = [:]
    options["variational"] = isVariational ? "true" : nil
    var rates = [
      ("dropout-embedding", embedding), ("dropout-weights", recurrent.weights),
      ("dropout-state", recurrent.state), ("dropout-candidate", recurrent.candidate),
      ("zoneout", recurrent.zoneout),
    ].filter { $0.1 > 0 }
    if input == hidden, hidden == output {
      rates.append(("dropout", input))
    } else {
      rates += [("dropout-input", input), ("dropout-hidden", hidden), ("dropout-output", output)]
    }
    for (name, rate) in rates { options[name] = "\(rate)" }
    return options
  }
}

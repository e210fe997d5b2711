import ArgumentParser
import Models

/// What a length penalty divides by, by name; its power is a setting of its own.
enum LengthPenaltyKind: String, CaseIterable, ExpressibleByArgument, SettingValue {
  case power, google
}

/// The flags of every beam search, for translations and for captions. Each is also a key of a configuration file.
struct BeamFlags: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Hypotheses kept at each step; 1 is greedy (default: 5, or as many as are to be given).",
      valueName: "n"))
  var beam: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Power of the length that ln p is divided by: 0 for ln p itself (default: 1).", valueName: "x"
    ))
  var lengthPenalty: Double?

  static let keys = ["beam", "length-penalty"]
}

/// The flag of how many answers there are. It is also a key of a configuration file.
struct BestFlag: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How many to give of each, the best first (default: 1).", valueName: "n"))
  var nBest: Int?

  func value(_ settings: inout Settings) throws -> Int {
    try settings.value("n-best", nBest, default: 1, .upTo(10_000))
  }
}

/// The flags that say how translations are searched for, beside those of every beam. Each is also a key of a
/// configuration file.
struct SearchFlags: ParsableArguments {
  @Option(
    help: "What that length is: power (n) or google ((5 + n)/6; Wu et al. 2016) (default: power).")
  var lengthKind: LengthPenaltyKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Weight of what was not attended to (Wu et al. 2016; default: 0).", valueName: "x"))
  var coveragePenalty: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The least units of a translation (default: 0).", valueName: "n"))
  var minLength: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The most units of a translation (default: twice those of the source and 20).", valueName: "n"
    ))
  var maxLength: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("No n units in a row occur twice.", valueName: "n"))
  var blockNgrams: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Groups of a diverse beam (Vijayakumar et al. 2018; default: 1).", valueName: "n"))
  var groups: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Of --groups: what a unit loses that an earlier group has chosen (default: 0.5).",
      valueName: "x"))
  var diversity: Double?
  @Flag(help: "Never say <unk>.")
  var noUnknown = false

  static let keys = [
    "length-kind", "coverage-penalty", "min-length", "max-length", "block-ngrams", "groups",
    "diversity", "no-unknown",
  ]
  /// What only hypotheses beside each other have.
  static let beamOnly = ["beam", "groups", "diversity", "coverage-penalty"]

  /// What the flags and the configuration file say.
  ///
  /// - Parameter best: translations of each source.
  /// - Throws: `Failure` for values that make no sense.
  func options(
    _ settings: inout Settings, _ beams: BeamFlags, best: Int = 1
  ) throws -> SearchOptions {
    var options = try beams.options(&settings, best: best)
    if try settings.value("length-kind", lengthKind, default: .power) == .google,
      case .power(let alpha) = options.lengthPenalty
    {
      options.lengthPenalty = .google(alpha)
    }
    options.coveragePenalty = try settings.value(
      "coverage-penalty", coveragePenalty, default: 0, .notNegative)
    options.minimumLength = try settings.value("min-length", minLength, default: 0, .atLeast(0))
    options.maximumLength = try settings.value("max-length", maxLength, .atLeast(0))
    options.blockedNGram = try settings.value("block-ngrams", blockNgrams, .atLeast(1))
    options.groups = try settings.value("groups", groups, default: 1, .atLeast(1))
    let diversity = try settings.value("diversity", diversity, .notNegative)
    guard diversity == nil || options.groups > 1 else {
      throw Failure.usage("--diversity goes with --groups")
    }
    options.diversity = diversity ?? options.diversity
    options.allowsUnknown = !(try settings.isOn("no-unknown", noUnknown))
    return options
  }
}

extension BeamFlags {
  /// What the flags and the configuration file say, the rest as usual. Whether it fits together is for
  /// ``SearchOptions/fault`` to find.
  func options(_ settings: inout Settings, best: Int) throws -> SearchOptions {
    SearchOptions(
      beamSize: try settings.value("beam", beam, default: max(5, best), .upTo(10_000)), best: best,
      lengthPenalty: .power(
        try settings.value("length-penalty", lengthPenalty, default: 1, .notNegative)))
  }
}

extension SearchOptions {
  /// Refuses options that do not fit together.
  func refuseFaults() throws {
    guard let fault else { return }
    // Said by flags where it is about two of them alone.
    guard best <= beamSize else {
      throw Failure.usage(
        "--n-best is \(best), more than the hypotheses of --beam, \(beamSize)")
    }
    throw Failure.usage(fault)
  }
}

import ArgumentParser
import Models

extension EnsembleMean: ExpressibleByArgument, SettingValue {}

/// What a length penalty divides by, by name; its power is a setting of its own.
enum LengthPenaltyKind: String, CaseIterable, ExpressibleByArgument, SettingValue {
  case power, google
}

/// The flags that say how translations are searched for. Each is also a key of a configuration file.
struct SearchFlags: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Hypotheses kept at each step; 1 is greedy (default: 5).", valueName: "n"))
  var beam: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Power of the length that ln p is divided by: 0 for ln p itself (default: 1).", valueName: "x"
    ))
  var lengthPenalty: Double?
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
      "What a unit loses that an earlier group has chosen (default: 0.5).", valueName: "x"))
  var diversity: Double?
  @Flag(help: "Never say <unk>.")
  var noUnknown = false
  @Option(
    help: """
      What several models agree on: the mean of their probabilities or of their log-probabilities \
      (default: probabilities).
      """)
  var mean: EnsembleMean?

  /// What the flags and the configuration file say.
  ///
  /// - Parameter best: translations of each source.
  /// - Throws: `Failure` for values that make no sense.
  func options(_ settings: inout Settings, best: Int = 1) throws -> SearchOptions {
    let alpha = try settings.value("length-penalty", lengthPenalty, default: 1, .notNegative)
    let kind = try settings.value("length-kind", lengthKind, default: .power)
    let options = SearchOptions(
      beamSize: try settings.value("beam", beam, default: max(5, best), .upTo(10_000)), best: best,
      lengthPenalty: kind == .power ? .power(alpha) : .google(alpha),
      coveragePenalty: try settings.value(
        "coverage-penalty", coveragePenalty, default: 0, .notNegative),
      minimumLength: try settings.value("min-length", minLength, default: 0, .atLeast(0)),
      maximumLength: try settings.value("max-length", maxLength, .atLeast(0)),
      blockedNGram: try settings.value("block-ngrams", blockNgrams, .atLeast(1)),
      groups: try settings.value("groups", groups, default: 1, .atLeast(1)),
      diversity: try settings.value("diversity", diversity, default: 0.5, .notNegative),
      allowsUnknown: !(try settings.isOn("no-unknown", noUnknown)),
      mean: try settings.value("mean", mean, default: .probabilities))
    if let fault = options.fault { throw Failure.usage(fault) }
    return options
  }
}

/// The flags of an ensemble's weights.
struct EnsembleFlags: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("What each model counts (default: all alike).", valueName: "x"))
  var weights: [String] = []

  /// The models of files, as one.
  func ensemble(_ settings: inout Settings, _ paths: [String]) throws -> () throws ->
    TranslatorEnsemble
  {
    let weights = try settings.list("weights", weights).map { text -> Double in
      guard let weight = Double(text), weight > 0, weight.isFinite else {
        throw Failure.usage("--weights has \(text.debugDescription); expected numbers above 0")
      }
      return weight
    }
    guard weights.isEmpty || weights.count == paths.count else {
      throw Failure.usage(
        "\(Format.plural(weights.count, "weight")) for \(Format.plural(paths.count, "model")); "
          + "expected one each")
    }
    return { try loadTranslators(paths, weights: weights.isEmpty ? nil : weights) }
  }
}

/// The translators in some files, as one.
func loadTranslators(_ paths: [String], weights: [Double]? = nil) throws -> TranslatorEnsemble {
  let models = try paths.map { try loadTranslator($0) }
  do {
    return try TranslatorEnsemble(models, weights: weights)
  } catch {
    throw Failure("\(error)")
  }
}

/// The translator in a file.
func loadTranslator(_ path: String) throws -> Translator {
  let kind = try ModelKind(ofFile: path)
  guard kind == .neural(.translator) else {
    throw Failure("translations are of a translator; \(path) is \(kind)")
  }
  return try Translator(contentsOf: path)
}

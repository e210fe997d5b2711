import ArgumentParser
import Corpora
import Models

/// The flags that mix an n-gram model into a neural one.
struct InterpolationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Evaluate a mixture with an n-gram model, too.", valueName: "arpa-file"),
    completion: .file(extensions: ["arpa"]))
  var interpolate: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the n-grams in the probability (default: 0.5).", valueName: "x"))
  var weight: Double?
  @Option(
    help: ArgumentHelp("Text on which the best share is chosen.", valueName: "file"),
    completion: .file())
  var tune: String?

  /// What the flags and the configuration file ask for; nil without --interpolate.
  func choice(_ settings: inout Settings) throws -> InterpolationChoice? {
    let ngrams = try settings.value("interpolate", interpolate, .notEmpty)
    let weight = try settings.value(
      "weight", weight, .fraction)
    let tuning = try settings.value("tune", tune, .notEmpty)
    guard let ngrams else {
      if let name = weight != nil ? "weight" : tuning != nil ? "tune" : nil {
        throw Failure.usage("--\(name) goes with --interpolate")
      }
      return nil
    }
    guard weight == nil || tuning == nil else {
      throw Failure.usage("--tune chooses the weight; it cannot be given beside it")
    }
    return InterpolationChoice(ngrams: ngrams, weight: weight ?? 0.5, tuning: tuning)
  }
}

/// The n-gram model to be mixed into a neural one, and how much of it.
struct InterpolationChoice {
  let ngrams: String
  let weight: Double
  let tuning: String?

  /// The mixture with `model`, of the weight that was given or is best on the tuning text.
  func mixture(with model: LanguageModel) throws -> InterpolatedModel {
    var mixture: InterpolatedModel
    do {
      mixture = try InterpolatedModel(
        model, NGramLanguageModel(contentsOf: ngrams), weight: weight)
    } catch ModelError.invalidConfiguration(let fault) {
      throw Failure("\(ngrams): \(fault)")
    }
    if let tuning { try naming(tuning) { try mixture.tune(on: TextFile.read(tuning)) } }
    return mixture
  }
}

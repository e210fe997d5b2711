import ArgumentParser
import Models
import Tensors

/// The flags that have translations drawn at random. Each is also a key of a configuration file.
struct SamplingFlags: ParsableArguments {
  @Flag(help: "Draw translations at random in place of searching for the likeliest.")
  var sample = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Of --sample: below 1 the likely becomes likelier (default: 1).", valueName: "x"))
  var temperature: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Of --sample: draw from the n likeliest units only.", valueName: "n"))
  var topK: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Of --sample: draw from the likeliest units that together have probability x only.",
      valueName: "x"))
  var topP: Double?

  /// How translations are drawn.
  struct Choice {
    let rule: Sampling
    let key: RandomKey
  }

  /// What the flags and the configuration file say; nil to search. To be asked once the search's own flags
  /// were.
  func choice(_ settings: inout Settings, _ seed: SeedOption) throws -> Choice? {
    let isOn = try settings.isOn("sample", sample)
    let temperature = try settings.value("temperature", temperature, .notNegative)
    let topK = try settings.value("top-k", topK, .atLeast(1))
    let topP = try settings.value("top-p", topP, .share)
    let seed = try seed.value(&settings)
    guard isOn else {
      if let key = settings.firstGiven(of: ["temperature", "top-k", "top-p", "seed"]) {
        throw Failure.usage("--\(key) goes with --sample")
      }
      return nil
    }
    if let key = settings.firstGiven(of: SearchFlags.beamOnly) {
      throw Failure.usage("--\(key) is of a search; --sample goes without it")
    }
    return Choice(
      rule: Sampling(temperature: temperature ?? 1, topK: topK, topP: topP),
      key: RandomKey(seed: seed))
  }
}

import ArgumentParser
import Models

extension EnsembleMean: ExpressibleByArgument, SettingValue {}

/// The flag that says what several models agree on. It is also a key of a configuration file.
struct MeanFlag: ParsableArguments {
  @Option(
    help: """
      What several models agree on: the mean of their probabilities or of their log-probabilities \
      (default: probabilities).
      """)
  var mean: EnsembleMean?

  /// - Parameter count: the models that there are.
  func value(_ settings: inout Settings, models count: Int) throws -> EnsembleMean {
    let mean = try settings.value("mean", mean)
    guard mean == nil || count > 1 else { throw Failure.usage("--mean goes with several models") }
    return mean ?? .probabilities
  }
}

/// The flag of what each of several models counts. It is also a key of a configuration file.
struct WeightsFlag: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "What each model counts, behind the models on the line (default: all alike).",
      valueName: "x"))
  var weights: [String] = []

  /// nil for all alike.
  ///
  /// - Parameter count: the models that there are.
  func values(_ settings: inout Settings, models count: Int) throws -> [Double]? {
    let weights = try settings.list("weights", weights, of: "numbers above 0") { text in
      Double(text).flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
    }
    guard !weights.isEmpty else { return nil }
    guard count > 1 else { throw Failure.usage("--weights goes with several models") }
    guard weights.count == count else {
      throw Failure.usage(
        "\(Format.plural(weights.count, "weight")) for \(Format.plural(count, "model")); "
          + "expected one each")
    }
    return weights
  }
}

import ArgumentParser
import Learning

/// The flags that say for how long a model learns, by which rule and at which rate, whatever it is. Each is
/// also a key of a configuration file.
struct LearningOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Times through the training data (default: 10).", valueName: "n"))
  var epochs: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Stop after so many steps, if that is sooner.", valueName: "n"))
  var steps: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Validate every so many steps (default: after each epoch).", valueName: "n"))
  var validEvery: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Stop after so many validations in a row without improvement.", valueName: "n"))
  var patience: Int?

  @OptionGroup var optimization: OptimizerOptions

  @Option(
    help: """
      How the rate goes on: constant, exponential, plateau or cosine (default: exponential with \
      --decay, else constant).
      """)
  var schedule: ScheduleKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Factor of the rate: for each epoch after --decay-after, or at each plateau (then 0.5).",
      valueName: "x"))
  var decay: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Epochs at the full rate (default: 0).", valueName: "n"))
  var decayAfter: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps over which the rate rises (default: 0).", valueName: "n"))
  var warmup: Int?
}

extension LearningOptions {
  /// What the flags and the configuration file say.
  ///
  /// - Parameters:
  ///   - usualEpochs: the epochs unless told otherwise.
  ///   - usualRate: the learning rate of the usual optimiser unless told otherwise.
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func recipe(
    _ settings: inout Settings, epochs usualEpochs: Int = 10
  ) throws -> LearningRecipe {
    let optimizer = try optimization.recipe(&settings)
    return LearningRecipe(
      epochs: try settings.value("epochs", epochs, default: usualEpochs, .upTo(1_000_000)),
      steps: try settings.value("steps", steps, .atLeast(1)),
      validationInterval: try settings.value("valid-every", validEvery, .atLeast(1)),
      patience: try settings.value("patience", patience, .atLeast(1)),
      optimizer: optimizer, schedule: try schedule(&settings, rate: optimizer.rate))
  }

  private func schedule(_ settings: inout Settings, rate: Double) throws -> RateSchedule {
    let decay = try settings.value("decay", decay, .share)
    let after = try settings.value("decay-after", decayAfter, .atLeast(0))
    let kind = try settings.value(
      "schedule", schedule, default: decay == nil ? .constant : .exponential)
    let warmup = try settings.value("warmup", warmup, default: 0, .atLeast(0))
    let course: RateSchedule.Course
    switch kind {
    case .exponential:
      guard let decay else {
        throw Failure.usage("--schedule exponential needs --decay, the factor of each epoch")
      }
      course = .exponential(decay: decay, afterEpoch: after ?? 0)
    case .plateau:
      let factor = decay ?? 0.5
      guard factor < 1 else {
        throw Failure.usage("--decay is \(factor); expected a number below 1 for plateaus")
      }
      course = .plateau(factor: factor)
    case .constant: course = .constant
    case .cosine: course = .cosine()
    }
    if decay != nil, kind == .constant || kind == .cosine {
      throw Failure.usage("--decay is for --schedule exponential and plateau, not \(kind.rawValue)")
    }
    if after != nil, kind != .exponential {
      throw Failure.usage("--decay-after is for --schedule exponential, which --decay asks for")
    }
    return RateSchedule(base: rate, course: course, warmupSteps: warmup)
  }
}

/// For how long a model learns, by which rule and at which rate.
struct LearningRecipe: Equatable {
  var epochs: Int
  /// Steps at which it ends, if that is sooner.
  var steps: Int?
  /// Steps between two validations; nil for one after each epoch.
  var validationInterval: Int?
  /// Validations in a row without improvement after which it ends.
  var patience: Int?

  var optimizer: OptimizerRecipe
  var schedule: RateSchedule

  /// A fresh optimiser.
  func makeOptimizer() -> any Optimizer { optimizer.kind.make(optimizer.settings) }

  /// Options and their values, as on the command line.
  var options: [String: String] {
    var options = optimizer.options
    options["epochs"] = "\(epochs)"
    options["steps"] = steps.map { "\($0)" }
    options["patience"] = patience.map { "\($0)" }
    options["valid-every"] = validationInterval.map { "\($0)" }
    options["warmup"] = schedule.warmupSteps > 0 ? "\(schedule.warmupSteps)" : nil
    switch schedule.course {
    case .constant: options["schedule"] = ScheduleKind.constant.rawValue
    case .exponential(let decay, let afterEpoch):
      options["schedule"] = ScheduleKind.exponential.rawValue
      options["decay"] = "\(decay)"
      options["decay-after"] = "\(afterEpoch)"
    case .plateau(let factor, _):
      options["schedule"] = ScheduleKind.plateau.rawValue
      options["decay"] = "\(factor)"
    case .cosine: options["schedule"] = ScheduleKind.cosine.rawValue
    }
    return options
  }

  /// Throws `Failure` for what needs data to validate on, where there are none.
  func refuseWithoutValidation() throws {
    if validationInterval != nil {
      throw Failure.usage("--valid-every needs a text to validate on: --valid FILE")
    }
    if optimizer.kind == .ntASGD || optimizer.settings.averageAfter != nil {
      let flag = optimizer.kind == .ntASGD ? "--optimizer nt-asgd" : "--average-after"
      throw Failure.usage(
        "\(flag) averages once validation stops to improve, so it needs a text to validate on: "
          + "--valid FILE")
    }
  }
}

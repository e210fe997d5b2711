import ArgumentParser
import Learning

/// The flags that say for how long a model learns, whatever it is. Each is also a key of a configuration file.
struct LearningOptions<Usual: UsualRecipe>: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Times through the training data (default: \(Usual.epochs)).", valueName: "n"))
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
}

extension LearningOptions {
  /// What the flags and the configuration file say.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func recipe(
    _ settings: inout Settings, _ optimizer: OptimizerOptions, _ schedule: ScheduleOptions<Usual>
  ) throws -> LearningRecipe {
    let optimizer = try optimizer.recipe(&settings)
    return LearningRecipe(
      epochs: try settings.value("epochs", epochs, default: Usual.epochs, .upTo(1_000_000)),
      steps: try settings.value("steps", steps, .atLeast(1)),
      validationInterval: try settings.value("valid-every", validEvery, .atLeast(1)),
      patience: try settings.value("patience", patience, .atLeast(1)),
      optimizer: optimizer, schedule: try schedule.schedule(&settings, rate: optimizer.rate))
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

  /// Throws `Failure` for an optimiser that looks at a loss more than once, which only language models
  /// let it do.
  ///
  /// - Parameter models: what is trained instead, such as "taggers".
  func refuseObjectives(for models: String) throws {
    guard optimizer.kind.takesObjective else { return }
    throw Failure.usage(
      "--optimizer \(optimizer.kind.rawValue) is for language models, not for \(models)")
  }

  /// Throws `Failure` for what needs data to validate on, where there are none.
  ///
  /// - Parameter judge: what the model is to be judged by, if that is not the loss.
  func refuseWithoutValidation(judge: String? = nil) throws {
    for (flag, isGiven) in [
      ("--valid-every", validationInterval != nil), ("--patience", patience != nil),
      ("--judge \(judge ?? "")", judge != nil),
    ] where isGiven {
      throw Failure.usage("\(flag) needs a text to validate on: --valid FILE")
    }
    if optimizer.kind == .ntASGD || optimizer.settings.averageAfter != nil {
      let flag = optimizer.kind == .ntASGD ? "--optimizer nt-asgd" : "--average-after"
      throw Failure.usage(
        "\(flag) averages once validation stops to improve, so it needs a text to validate on: "
          + "--valid FILE")
    }
  }
}

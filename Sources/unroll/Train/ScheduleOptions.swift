import ArgumentParser
import Learning

/// The flags that say how the learning rate goes on. Each is also a key of a configuration file.
struct ScheduleOptions<Usual: UsualRecipe>: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How the rate goes on: constant, exponential, plateau or cosine (default: exponential with "
        + "--decay, else \(Usual.schedule.rawValue))."))
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

extension ScheduleOptions {
  /// The schedule that the flags and the configuration file ask for, from `rate` on.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func schedule(_ settings: inout Settings, rate: Double) throws -> RateSchedule {
    let decay = try settings.value("decay", decay, .share)
    let after = try settings.value("decay-after", decayAfter, .atLeast(0))
    let kind = try settings.value(
      "schedule", schedule, default: decay == nil ? Usual.schedule : .exponential)
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

import ArgumentParser
import Corpora
import Learning
import Models
import Recurrent

/// The flags of the recipe. Each is also a key of a configuration file.
struct LanguageModelOptions: ParsableArguments {
  @OptionGroup var architecture: ArchitectureOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Rarer tokens become <unk> (default: 1, so none).", valueName: "n"))
  var minCount: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("At most so many tokens; the others become <unk>.", valueName: "n"))
  var vocabularySize: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Sequences side by side (default: 32).", valueName: "n"))
  var batch: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Steps between updates, through which gradients flow (default: 35 words, 100 characters).",
      valueName: "n"))
  var bptt: Int?
  @Flag(
    help: """
      Vary the steps between updates around --bptt, and with --loss-unit token the rate with them \
      (Merity et al. 2018).
      """)
  var varyBptt = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Penalty on large activations of the highest layer (AR; default: 0).", valueName: "x"))
  var activationPenalty: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Penalty on activations of the highest layer that change fast (TAR; default: 0).",
      valueName: "x"))
  var temporalPenalty: Double?
  @Option(
    help: """
      Divide a step's loss by its tokens (token), or by its sequences (sequence), as Zaremba et \
      al. do (default: token).
      """)
  var lossUnit: LanguageModelTask.LossUnit?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Times through the text (default: 10).", valueName: "n"))
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
  @OptionGroup var start: StartOptions
}

extension LanguageModelOptions {
  /// The recipe that the flags and the configuration file make.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func recipe(_ settings: inout Settings, seed: UInt64) throws -> LanguageModelRecipe {
    let configuration = try architecture.configuration(&settings)
    let minimumCount = try settings.value("min-count", minCount, .atLeast(1))
    let vocabularySize = try settings.value("vocabulary-size", vocabularySize, .atLeast(3))
    if let minimumCount, let vocabularySize {
      throw Failure.usage(
        "--min-count \(minimumCount) and --vocabulary-size \(vocabularySize) both say which words "
          + "are rare; expected one of them")
    }
    let optimizer = try optimization.recipe(&settings)
    let bptt = try settings.value("bptt", bptt, .upTo(1_000_000))
    let variesBPTT = try settings.isOn("vary-bptt", varyBptt)
    if configuration.unit == .sentence, bptt != nil || variesBPTT {
      throw Failure.usage(
        "--\(bptt == nil ? "vary-bptt" : "bptt") is for --unit stream; gradients flow through all of a "
          + "sentence")
    }
    let recipe = LanguageModelRecipe(
      configuration: configuration,
      minimumCount: minimumCount ?? 1, vocabularySize: vocabularySize,
      batch: try settings.value("batch", batch, default: 32, .upTo(1_000_000)),
      bptt: bptt ?? (configuration.level == .words ? 35 : 100), variesBPTT: variesBPTT,
      penalty: ActivationPenalty(
        activation: Float(
          try settings.value("activation-penalty", activationPenalty, default: 0, .notNegative)),
        temporal: Float(
          try settings.value("temporal-penalty", temporalPenalty, default: 0, .notNegative))),
      lossUnit: try settings.value("loss-unit", lossUnit, default: .token),
      epochs: try settings.value("epochs", epochs, default: 10, .upTo(1_000_000)),
      steps: try settings.value("steps", steps, .atLeast(1)),
      validationInterval: try settings.value("valid-every", validEvery, .atLeast(1)),
      patience: try settings.value("patience", patience, .atLeast(1)),
      optimizer: optimizer, schedule: try schedule(&settings, rate: optimizer.rate),
      start: try start.recipe(&settings, for: configuration), seed: seed)
    if optimizer.kind.takesObjective {
      let name = optimizer.kind.rawValue
      guard configuration.dropout.isNone else {
        throw Failure.usage(
          "--optimizer \(name) looks at a loss more than once, so nothing may be dropped; found "
            + "dropout in the recipe")
      }
      guard optimizer.kind != .hessianFree || configuration.hasTangents else {
        let cells = CellKind.allCases.filter(\.hasTangents).map(\.rawValue)
        throw Failure.usage(
          "--optimizer \(name) goes with the cells \(cells.joined(separator: ", ")), without a "
            + "projection")
      }
      guard !variesBPTT else {
        throw Failure.usage("--optimizer \(name) goes with no --vary-bptt")
      }
      guard configuration.vanishingPenalty == 0 else {
        throw Failure.usage("--optimizer \(name) goes with no --vanishing-penalty")
      }
      guard recipe.penalty == ActivationPenalty() else {
        throw Failure.usage("--optimizer \(name) goes with no --activation- or --temporal-penalty")
      }
    }
    return recipe
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

extension LanguageModelConfiguration {
  /// Whether its layers have the tangents that the Hessian-free method needs.
  fileprivate var hasTangents: Bool { cell.hasTangents && projection == nil }
}

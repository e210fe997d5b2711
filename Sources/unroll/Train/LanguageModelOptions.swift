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
  @OptionGroup var learning: LearningOptions
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
    let learning = try learning.recipe(&settings)
    let optimizer = learning.optimizer
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
      learning: learning,
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
}

extension LanguageModelConfiguration {
  /// Whether its layers have the tangents that the Hessian-free method needs.
  fileprivate var hasTangents: Bool { cell.hasTangents && projection == nil }
}

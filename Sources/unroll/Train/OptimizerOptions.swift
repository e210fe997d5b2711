import ArgumentParser
import Learning

/// The flags of the optimiser and its hyper-parameters. Each is also a key of a configuration file.
struct OptimizerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The optimiser: \(OptimizerKind.allCases.map(\.rawValue).joined(separator: ", ")) "
        + "(default: adam)."))
  var optimizer: OptimizerKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The learning rate (default: 0.002 for adam and adamw, 1 for sgd, as usual for others).",
      valueName: "x"))
  var learningRate: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Momentum of sgd, nt-asgd, rmsprop or shampoo.", valueName: "x"))
  var momentum: Double?
  @Flag(help: "Nesterov's momentum, for sgd and nt-asgd.")
  var nesterov = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Memory of adam's mean (default: 0.9).", valueName: "x"))
  var beta1: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Memory of adam's variance (default: 0.999).", valueName: "x"))
  var beta2: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Memory of the squares (adadelta 0.9, rmsprop 0.99), of shampoo's statistics (1).",
      valueName: "x"))
  var rho: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("What keeps steps finite where gradients vanish.", valueName: "x"))
  var epsilon: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Weight decay (default: 0; 0.01 for adamw).", valueName: "x"))
  var weightDecay: Double?
  @Flag(help: "Take rmsprop's variance about the mean.")
  var centred = false
  @Flag(
    help: """
      Change only the rows of adam's matrices that a batch has gradients for, those of its words in tables \
      and of its samples or classes in outputs (as PyTorch's SparseAdam).
      """)
  var lazy = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Average the weights once the validation loss has not improved for so many validations "
        + "(default: 5 for nt-asgd, never for others).", valueName: "n"))
  var averageAfter: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Greatest side of shampoo's blocks (default: 128).", valueName: "n"))
  var blockSize: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps that shampoo's roots serve (default: 50).", valueName: "n"))
  var rootInterval: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Pairs that l-bfgs keeps (default: 10).", valueName: "n"))
  var history: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Iterations of l-bfgs in a step (default: 1), products of hessian-free at most (250).",
      valueName: "n"))
  var iterations: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Damping that hessian-free starts from (default: 1).", valueName: "x"))
  var damping: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How much of the damping holds the hidden states (default: 0).", valueName: "x"))
  var structuralDamping: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Greatest global norm of the gradient; 0 for any (default: 5).", valueName: "x"))
  var clip: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Greatest size of an element of the gradient.", valueName: "x"))
  var clipValue: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Batches whose gradients are averaged for one update (default: 1).", valueName: "n"))
  var accumulate: Int?
}

/// An optimiser as it is asked for, and what is done to the gradients before it sees them.
struct OptimizerRecipe: Equatable {
  var kind: OptimizerKind
  var settings: OptimizerSettings
  var rate: Double
  /// nil for no clipping.
  var clip: Double?
  var clipValue: Double?
  var accumulation: Int
}

extension OptimizerOptions {
  /// The optimiser that the flags and the configuration file make.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func recipe(_ settings: inout Settings) throws -> OptimizerRecipe {
    let kind = try settings.value("optimizer", optimizer, default: .adam)
    let usualRate = kind == .adam || kind == .adamw ? 0.002 : kind.usualRate
    var chosen = OptimizerSettings()
    // A momentum of 0 is none, for every kind.
    let momentum = try settings.value("momentum", momentum, .belowOne)
    chosen.momentum = momentum == 0 ? nil : momentum
    chosen.nesterov = try settings.isOn("nesterov", nesterov) ? true : nil
    chosen.beta1 = try settings.value("beta1", beta1)
    chosen.beta2 = try settings.value("beta2", beta2)
    chosen.rho = try settings.value("rho", rho)
    chosen.epsilon = try settings.value("epsilon", epsilon)
    chosen.weightDecay = try settings.value("weight-decay", weightDecay, .notNegative)
    chosen.isCentred = try settings.isOn("centred", centred) ? true : nil
    chosen.isLazy = try settings.isOn("lazy", lazy) ? true : nil
    chosen.averageAfter = try settings.value("average-after", averageAfter, .atLeast(0))
    chosen.blockSize = try settings.value("block-size", blockSize, .atLeast(1))
    chosen.rootInterval = try settings.value("root-interval", rootInterval, .atLeast(1))
    chosen.history = try settings.value("history", history, .atLeast(1))
    chosen.iterations = try settings.value("iterations", iterations, .atLeast(1))
    chosen.damping = try settings.value("damping", damping, .positive)
    chosen.structuralDamping = try settings.value(
      "structural-damping", structuralDamping, .notNegative)
    if let fault = chosen.fault(for: kind) { throw Failure.usage("--\(fault)") }
    // A norm of 0 is no clipping, for every kind.
    let clip = try settings.value("clip", clip, .notNegative)
    let limit = clip ?? (kind.takesObjective ? 0 : 5)
    let recipe = OptimizerRecipe(
      kind: kind, settings: chosen,
      rate: try settings.value("learning-rate", learningRate, default: usualRate, .positive),
      clip: limit > 0 ? limit : nil,
      clipValue: try settings.value("clip-value", clipValue, .positive),
      accumulation: try settings.value("accumulate", accumulate, default: 1, .atLeast(1)))
    if kind.takesObjective {
      guard recipe.accumulation == 1 else {
        throw Failure.usage(
          "--accumulate is for optimisers that add gradients up; \(kind.rawValue) looks at one batch "
            + "a step")
      }
      guard recipe.clip == nil, recipe.clipValue == nil else {
        throw Failure.usage(
          "--clip and --clip-value are for optimisers that follow the gradient; \(kind.rawValue) "
            + "chooses the length of its steps by the loss")
      }
    }
    return recipe
  }
}

extension OptimizerRecipe {
  /// As options and their values on the command line; what is not given is left out.
  var options: [String: String] {
    var options = ["optimizer": kind.rawValue, "learning-rate": "\(rate)"]
    for (name, value) in [
      ("momentum", settings.momentum), ("beta1", settings.beta1), ("beta2", settings.beta2),
      ("rho", settings.rho), ("epsilon", settings.epsilon),
      ("weight-decay", settings.weightDecay), ("damping", settings.damping),
      ("structural-damping", settings.structuralDamping), ("clip", clip),
      ("clip-value", clipValue),
    ] {
      options[name] = value.map { "\($0)" }
    }
    for (name, value) in [
      ("average-after", settings.averageAfter), ("block-size", settings.blockSize),
      ("root-interval", settings.rootInterval), ("history", settings.history),
      ("iterations", settings.iterations), ("accumulate", accumulation > 1 ? accumulation : nil),
    ] {
      options[name] = value.map { "\($0)" }
    }
    for (name, isOn) in [
      ("nesterov", settings.nesterov), ("centred", settings.isCentred), ("lazy", settings.isLazy),
    ] {
      options[name] = isOn == true ? "true" : nil
    }
    return options
  }
}

import ArgumentParser
import Models
import Recurrent

/// What a weight matrix can start as, by name.
enum StartKind: String, CaseIterable, ExpressibleByArgument, SettingValue {
  case glorot, orthogonal, identity, sparse

  /// 15 connections a unit, as Martens (2010) has them.
  private static let connections = 15

  var inputInitializer: Initializer {
    switch self {
    case .glorot: .glorot
    case .orthogonal: .orthogonal()
    case .identity: .identity
    case .sparse: .sparse(connections: Self.connections)
    }
  }

  /// Of a spectral radius of 1.1 where it is sparse (Sutskever et al. 2013).
  var recurrentInitializer: Initializer {
    self == .sparse ? .sparse(connections: Self.connections, radius: 1.1) : inputInitializer
  }
}

/// The flags that say how the weights of a model start.
struct StartOptions: ParsableArguments {
  @Option(
    help: """
      Start of the matrices from the inputs: glorot, orthogonal or sparse (15 connections a unit) \
      (default: glorot).
      """)
  var inputInit: StartKind?
  @Option(
    help: """
      Start of the recurrent matrices: glorot, orthogonal, identity or sparse (15 connections a \
      unit, spectral radius 1.1) (default: orthogonal).
      """)
  var recurrentInit: StartKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Factor of orthogonal recurrent matrices (default: 1).", valueName: "x"))
  var recurrentGain: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Start all matrices uniform in ±x instead.", valueName: "x"))
  var initRange: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Start of the forget gates' biases (default: 1).", valueName: "x"))
  var forgetBias: Double?

  /// The start that the flags and the configuration file ask for.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func recipe(
    _ settings: inout Settings, for cell: CellKind
  ) throws -> StartRecipe {
    let recipe = StartRecipe(
      range: try settings.value("init-range", initRange, .positive),
      input: try settings.value("input-init", inputInit),
      recurrent: try settings.value("recurrent-init", recurrentInit),
      recurrentGain: try settings.value("recurrent-gain", recurrentGain, .positive),
      forgetBias: try forgetGateBias(&settings, cell))
    let given = [
      ("input-init", recipe.input != nil), ("recurrent-init", recipe.recurrent != nil),
      ("recurrent-gain", recipe.recurrentGain != nil),
    ]
    if let (name, _) = given.first(where: { $0.1 }) {
      guard recipe.range == nil else {
        throw Failure.usage(
          "--init-range starts all matrices alike, so --\(name) cannot be beside it")
      }
    }
    let ofMatrices = given + [("init-range", recipe.range != nil)]
    if cell == .irnn, let (name, _) = ofMatrices.first(where: { $0.1 }) {
      throw Failure.usage("--cell irnn has a start of its own, so --\(name) cannot be beside it")
    }
    guard recipe.input != .identity else {
      throw Failure.usage("--input-init is identity, which is for recurrent matrices")
    }
    guard recipe.recurrentGain == nil || (recipe.recurrent ?? .orthogonal) == .orthogonal else {
      throw Failure.usage("--recurrent-gain is for --recurrent-init orthogonal")
    }
    return recipe
  }

  private func forgetGateBias(_ settings: inout Settings, _ cell: CellKind) throws -> Double? {
    let bias = try settings.value("forget-bias", forgetBias, .finite)
    guard cell.hasForgetGate else {
      guard bias == nil else {
        let cells = CellKind.allCases.filter(\.hasForgetGate).map(\.rawValue)
        throw Failure.usage(
          "--forget-bias is for cells with a forget gate (\(cells.joined(separator: ", "))), not for "
            + cell.rawValue)
      }
      return nil
    }
    return bias ?? 1
  }
}

extension CellKind {
  /// Whether one of its gates forgets, and so has a bias to start open with.
  fileprivate var hasForgetGate: Bool { lstmVariant != nil || self == .memoryGated }
}

/// How the weights of a model start.
struct StartRecipe: Equatable {
  /// All matrices are uniform in ±this.
  var range: Double?
  /// nil for Glorot's.
  var input: StartKind?
  /// nil for orthogonal matrices.
  var recurrent: StartKind?
  /// Of orthogonal recurrent matrices; nil for 1.
  var recurrentGain: Double?
  /// nil for a cell without forget gates.
  var forgetBias: Double?

  var initialization: ModelInitialization {
    let forgetBias = Float(forgetBias ?? 1)
    if let range { return .uniform(Float(range), forgetBias: forgetBias) }
    var gates = GateParameters.Initialization(forgetBias: forgetBias)
    if let input { gates.input = input.inputInitializer }
    if let recurrent { gates.recurrent = recurrent.recurrentInitializer }
    if let recurrentGain { gates.recurrent = .orthogonal(gain: Float(recurrentGain)) }
    return ModelInitialization(gates: gates)
  }

  /// Options and their values, as on the command line; what is as usual is left out, but for the bias.
  var options: [String: String] {
    var options: [String: String] = [:]
    options["forget-bias"] = forgetBias.map { "\($0)" }
    options["init-range"] = range.map { "\($0)" }
    options["input-init"] = input?.rawValue
    options["recurrent-init"] = recurrent?.rawValue
    options["recurrent-gain"] = recurrentGain.map { "\($0)" }
    return options
  }
}

import ArgumentParser
import Recurrent

/// The flags of a stack of recurrent layers. Each is also a key of a configuration file.
struct LayerOptions<Usual: UsualRecipe>: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The recurrent cell: \(Self.cells.map(\.rawValue).joined(separator: ", ")) "
        + "(default: \(Usual.cell.rawValue)\(Self.exception))."))
  var cell: CellKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Units of a layer (default: \(Usual.hidden)).", valueName: "n"))
  var hidden: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Recurrent layers (default: \(Usual.layers)).", valueName: "n"))
  var layers: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Features to which an LSTM projects its outputs (default: none).", valueName: "n"))
  var projection: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Inputs that --cell window sees, the present one among them (default: "
        + "\(CellKind.usualWindow)).", valueName: "n",
      visibility: Usual.isDecoder ? .hidden : .default))
  var window: Int?
  @Option(
    help: ArgumentHelp(
      "Skip connections: input (the \(Usual.input) vectors join every layer's input), residual "
        + "(every layer but the lowest adds its input to its output) or none (default: none)."))
  var skip: SkipConnections?
  @Flag(
    help: ArgumentHelp(
      "Learn the state before the first \(Usual.input), which is zero otherwise.",
      visibility: Usual.isDecoder ? .hidden : .default))
  var learnInitialState = false

  /// The parser itself lists all cells.
  private static var exception: String {
    Usual.isDecoder ? "; not window, which carries no state" : ""
  }

  private static var cells: [CellKind] {
    CellKind.allCases.filter { $0 != .window || !Usual.isDecoder }
  }
}

/// The layers that flags and configuration file ask for, not yet checked against one another.
struct LayerChoice: Equatable {
  var cell: CellKind
  /// H
  var hidden: Int
  /// L
  var layers: Int
  /// P; nil for none.
  var projection: Int?
  /// n, for the cell `window`.
  var window: Int
  var connections: SkipConnections
  var learnsInitialState: Bool

  /// The features of a layer's output, in one direction.
  var outputs: Int { projection ?? hidden }
}

extension LayerOptions {
  /// What the flags and the configuration file say.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves. The rest is for
  ///   `StackConfiguration.fault` to find.
  func choice(_ settings: inout Settings) throws -> LayerChoice {
    let cell = try settings.value("cell", cell, default: Usual.cell)
    let window = try settings.value("window", window, .upTo(1000))
    guard window == nil || cell == .window else {
      throw Failure.usage("--window is for --cell window, not for \(cell.rawValue)")
    }
    return LayerChoice(
      cell: cell,
      hidden: try settings.value("hidden", hidden, default: Usual.hidden, .upTo(1_000_000)),
      layers: try settings.value("layers", layers, default: Usual.layers, .upTo(1000)),
      projection: try settings.value("projection", projection, .upTo(1_000_000)),
      window: window ?? CellKind.usualWindow,
      connections: try settings.value("skip", skip, default: .none),
      learnsInitialState: try settings.isOn("learn-initial-state", learnInitialState))
  }
}

extension StackConfiguration {
  /// The layers as options and their values on the command line; what is not used is left out.
  var options: [String: String] {
    var options = [
      "cell": cell.rawValue, "hidden": "\(hiddenSize)", "layers": "\(layers)",
    ]
    options["projection"] = projection.map { "\($0)" }
    options["window"] = cell == .window ? "\(window)" : nil
    options["skip"] = connections == .none ? nil : connections.rawValue
    options["learn-initial-state"] = learnsInitialState ? "true" : nil
    return options
  }
}

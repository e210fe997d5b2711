import Corpora
import Foundation
import Recurrent
import Tensors

/// A forecaster: reads a series of D variables, and says at each step how the next k will be distributed.
///
/// ```
/// x̂_t = (x_t - mean) / deviation                          of the training data, by variable
/// h_t = RNN(x̂_1 … x̂_t)                                    L layers of any cell
/// (a, r) = W h_t + b                                      k·D numbers each
/// x̂_{t+j} ~ N(x̂_t + a_j, s_j²),   s_j = ln(1 + e^{r_j}) + 10⁻³,   j = 1 … k
/// ```
///
/// The mean is the last value and what the net adds to it, so it starts near the naive forecast. Each of
/// the k steps has outputs of its own; none is fed back. Trained by the likelihood (as DeepAR, Salinas et
/// al. 2020, whose steps are sampled one after the other).
public struct Forecaster: Module {
  /// The architecture.
  public let configuration: ForecasterConfiguration
  /// The names of the variables, D of them.
  public let variables: [String]
  /// What takes them to mean 0 and deviation 1.
  public let scale: Standardization
  /// How it was trained; nil for a fresh model.
  public var trainingRecord: TrainingRecord?

  let network: RecurrentStack
  let output: Linear

  public var parameters: [Parameter] { network.parameters + output.parameters }

  /// Steps of a series that are read at once, with the state carried on, so that memory stays bounded.
  static let longestPiece = 1000
  /// Values that are predicted at once, at most, unless a single step has more.
  static let mostValues = 1 << 20

  /// A fresh forecaster of the variables of `tables`, which have the same ones.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)``, also for tables that differ in their variables.
  public init(
    _ configuration: ForecasterConfiguration, learningFrom tables: [SeriesTable],
    initialization: ModelInitialization = .init(), key: RandomKey
  ) throws(ModelError) {
    guard let first = tables.first else {
      throw .invalidConfiguration("no series to learn from")
    }
    for table in tables where table.variables != first.variables {
      throw .invalidConfiguration(
        "the variables of the series differ: \(first.variables.joined(separator: ", ")) and "
          + table.variables.joined(separator: ", "))
    }
    try self.init(
      Blueprint(
        architecture: configuration, variables: first.variables,
        scale: Standardization(width: first.series.width, of: tables.lazy.map(\.series))),
      initialization: initialization, key: key)
  }

  /// A fresh forecaster.
  init(
    _ blueprint: Blueprint, initialization: ModelInitialization, key: RandomKey
  ) throws(ModelError) {
    try Self.validate(blueprint)
    configuration = blueprint.architecture
    variables = blueprint.variables
    scale = blueprint.scale
    let stack = configuration.stack(width: variables.count)
    network = RecurrentStack(stack, initialization: initialization.gates, key: key.child(0))
    output = Linear(
      inputs: stack.outputSize, outputs: 2 * configuration.horizon * variables.count,
      name: "output", initializer: initialization.output, key: key.child(1))
  }

  /// Means and deviations of the next steps after each of some standardised steps.
  ///
  /// - Parameter inputs: [T, B, D].
  /// - Returns: means and deviations [T, B, k·D], those of the first step first, and the last states.
  func predict(
    _ inputs: Tensor, lengths: [Int32]? = nil, from state: RecurrentStack.State? = nil, mode: Mode
  ) -> (means: Variable, deviations: Variable, state: RecurrentStack.State) {
    let rates = configuration.dropout
    func drop(_ x: Variable, _ rate: Float, _ mode: Mode) -> Variable {
      rates.isVariational
        ? x.variationalDropout(rate, mode: mode) : x.dropout(rate, mode: mode)
    }
    let (hidden, last) = network.run(
      drop(Variable(inputs), rates.input, mode.child(0)), lengths: lengths, from: state,
      mode: mode.child(1))
    let parts = output(drop(hidden, rates.output, mode.child(2)), mode: mode)
      .split(into: 2, axis: 2)
    let now = Variable.concatenate(
      Array(repeating: Variable(inputs), count: configuration.horizon), axis: 2)
    let raw = parts[1]
    // ln(1 + e^r), in which nothing overflows.
    let deviations = raw.relu() + (1 + (-raw.abs()).exp()).log() + Float(1e-3)
    return (now + parts[0], deviations, last)
  }
}

extension Forecaster: StoredModel {
  /// What a forecaster is made from but its weights.
  public struct Blueprint: Codable, Sendable {
    /// The architecture.
    public var architecture: ForecasterConfiguration
    /// The names of the variables.
    public var variables: [String]
    /// What standardises them.
    public var scale: Standardization

    /// The recurrent layers.
    public var stack: StackConfiguration { architecture.stack(width: variables.count) }
  }

  /// ``ModelTask/forecaster``
  public static let task = ModelTask.forecaster

  /// Configuration, variables and scale.
  public var blueprint: Blueprint {
    Blueprint(architecture: configuration, variables: variables, scale: scale)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for what makes no forecaster.
  public static func validate(_ blueprint: Blueprint) throws(ModelError) {
    try blueprint.architecture.validate()
    if let fault = blueprint.scale.fault { throw .invalidConfiguration(fault) }
    guard blueprint.scale.width == blueprint.variables.count else {
      throw .invalidConfiguration(
        "\(blueprint.variables.count) variables with a scale of \(blueprint.scale.width)")
    }
    guard Set(blueprint.variables).count == blueprint.variables.count else {
      throw .invalidConfiguration("two variables have the same name")
    }
  }

  /// The parameters' names and shapes.
  public static func tensorShapes(_ blueprint: Blueprint) -> [(name: String, shape: [Int])] {
    let outputs = 2 * blueprint.architecture.horizon * blueprint.variables.count
    return blueprint.stack.parameterShapes() + [
      ("output.weight", [outputs, blueprint.stack.outputSize]), ("output.bias", [outputs]),
    ]
  }

  /// A model of zeros.
  public init(_ blueprint: Blueprint) throws {
    try self.init(blueprint, initialization: .zero, key: RandomKey(seed: 0))
  }
}

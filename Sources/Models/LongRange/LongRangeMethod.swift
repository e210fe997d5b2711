import Foundation
import Learning
import Recurrent
import Tensors

/// A way to train a recurrent net on a ``LongRangeTask``: the cell, how it starts, and how it is
/// changed. A value, so that a table of methods is a list.
public struct LongRangeMethod: Sendable {
  /// How the weights start.
  public enum Start: Sendable {
    /// As given; all biases but the forget gates' at zero.
    case given(GateParameters.Initialization)
    /// The library's usual start, but for the gates' biases, which are drawn so that memories last from
    /// 1 to `span` steps (Tallec & Ollivier 2018): `ln u` with u uniform in [1, span - 1) for the gate
    /// that keeps (f of an LSTM, z of a GRU), its negative for the LSTM's i.
    case chrono(span: Int)
  }

  /// How the weights are changed.
  public enum Rule: Sendable {
    case sgd
    case adam
    /// ``HessianFree``, with the weight of its structural damping. A step's gradient is that of the
    /// whole batch, its curvature that of the first `curvature` sequences.
    case hessianFree(structuralDamping: Double, curvature: Int, maxIterations: Int)
  }

  /// What it is called in tables.
  public var name: String
  /// The cell of its one layer.
  public var cell: CellKind
  /// H.
  public var hiddenSize: Int
  /// How its weights begin.
  public var start: Start
  /// How they are changed.
  public var rule: Rule
  /// The learning rate, constant.
  public var rate: Double
  /// Gradients of a greater norm are scaled down to it (Pascanu et al. 2013); nil to leave them.
  public var clipNorm: Double?
  /// ``TrainingPlan/overflowDecay``.
  public var overflowDecay: Double?
  /// What the regulariser Ω of Pascanu et al. (2013) counts; for a simple recurrent net only.
  public var vanishingPenalty: Float
  /// B, sequences a step.
  public var batch: Int

  /// A method of the given parts.
  public init(
    name: String, cell: CellKind, hiddenSize: Int = 50, start: Start = .given(.init()),
    rule: Rule, rate: Double, clipNorm: Double?, overflowDecay: Double? = nil,
    vanishingPenalty: Float = 0, batch: Int
  ) {
    precondition(
      vanishingPenalty == 0 || cell == .rnn || cell == .rnnReLU,
      "the penalty on vanishing gradients is for a simple recurrent net, not for \(cell.rawValue)")
    if case .hessianFree = rule {
      precondition(
        vanishingPenalty == 0 && clipNorm == nil && overflowDecay == nil,
        "Hessian-free optimisation follows the loss, without a penalty and without clipping")
    }
    self.name = name
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.start = start
    self.rule = rule
    self.rate = rate
    self.clipNorm = clipNorm
    self.overflowDecay = overflowDecay
    self.vanishingPenalty = vanishingPenalty
    self.batch = batch
  }

  /// The rule, before its first step.
  func makeOptimizer() -> any Optimizer {
    switch rule {
    case .sgd: SGD()
    case .adam: Adam()
    case .hessianFree(let structuralDamping, _, let maxIterations):
      HessianFree(structuralDamping: structuralDamping, maxIterations: maxIterations)
    }
  }

  /// One layer of the cell.
  func makeCell(inputSize: Int, key: RandomKey) -> AnyCell {
    var initialization = GateParameters.Initialization()
    switch start {
    case .given(let given): initialization = given
    case .chrono: initialization.forgetBias = 0
    }
    let made = CellConfiguration(
      cell, inputSize: inputSize, hiddenSize: hiddenSize, vanishingPenalty: vanishingPenalty
    ).makeCell(place: LayerPlace(), initialization: initialization, key: key)
    // W_ih, W_hh and b_ih come first in every cell.
    if case .chrono(let span) = start {
      remember(over: span, made.parameters[2], key: key.child(2))
    }
    return made
  }

  /// Draws the biases of ``Start/chrono(span:)``.
  private func remember(over span: Int, _ bias: Parameter, key: RandomKey) {
    let lasting = key.uniform([hiddenSize], from: 1, to: Float(max(span, 3) - 1)).scalars
      .map { logf($0) }
    // Gates are i, f, g, o and r, z, n.
    let keeping: (keep: Int, write: Int?) =
      switch cell {
      case .lstm: (1, 0)
      case .gru, .gruResetBefore: (1, nil)
      default: preconditionFailure("\(cell.rawValue) has no gates to keep memories with")
      }
    var scalars = bias.value.scalars
    for (unit, time) in lasting.enumerated() {
      scalars[keeping.keep * hiddenSize + unit] = time
      if let write = keeping.write { scalars[write * hiddenSize + unit] = -time }
    }
    bias.value = Tensor(shape: bias.shape, scalars: scalars)
  }
}

import Foundation
import Learning
import Recurrent
import Tensors

/// A way to train a recurrent net on a ``LongRangeTask``: the cell, how it starts, and how it is
/// changed. A value, so that a table of methods is a list.
public struct LongRangeMethod: Sendable, Equatable {
  /// How the recurrent matrix of a net without gates starts; gates start as the library's cells do.
  public enum Start: Sendable, Equatable {
    /// Glorot into the cell, orthogonal within it, the forget gates' bias as given.
    case usual(forgetBias: Float)
    /// Normal numbers, the recurrent ones scaled to a spectral radius (Pascanu et al. 2013 start with
    /// 0.95); those from the input have the given deviation.
    case random(radius: Float, inputDeviation: Float)
    /// As usual, but the gates' biases drawn so that memories last from 1 to `span` steps (Tallec &
    /// Ollivier 2018): `ln u` with u uniform in [1, span - 1) for the gate that keeps (f of an LSTM, z
    /// of a GRU), its negative for the LSTM's i.
    case chrono(span: Int)
    /// The identity, and normal numbers of deviation 0.001 from the input (Le et al. 2015).
    case identity
  }

  /// How the weights are changed.
  public enum Rule: String, Sendable {
    case sgd
    case adam
  }

  /// What it is called in tables.
  public var name: String
  public var cell: CellKind
  /// H.
  public var hiddenSize: Int
  public var start: Start
  public var rule: Rule
  /// The learning rate, constant.
  public var rate: Double
  /// Gradients of a greater norm are scaled down to it (Pascanu et al. 2013); nil to leave them.
  public var clipNorm: Double?
  /// What the regulariser Ω of Pascanu et al. (2013) counts; for a simple recurrent net only.
  public var vanishingPenalty: Float
  /// B, sequences a step.
  public var batch: Int

  /// A method of the given parts.
  public init(
    name: String, cell: CellKind, hiddenSize: Int = 50, start: Start = .usual(forgetBias: 1),
    rule: Rule, rate: Double, clipNorm: Double?, vanishingPenalty: Float = 0, batch: Int
  ) {
    precondition(
      vanishingPenalty == 0 || cell == .rnn || cell == .rnnReLU,
      "the penalty on vanishing gradients is for a simple recurrent net, not for \(cell.rawValue)")
    self.name = name
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.start = start
    self.rule = rule
    self.rate = rate
    self.clipNorm = clipNorm
    self.vanishingPenalty = vanishingPenalty
    self.batch = batch
  }

  /// The rule, before its first step.
  func makeOptimizer() -> any Optimizer {
    switch rule {
    case .sgd: SGD()
    case .adam: Adam()
    }
  }

  /// One layer of the cell.
  func makeCell(inputSize: Int, key: RandomKey) -> AnyCell {
    var initialization = GateParameters.Initialization()
    switch start {
    case .usual(let forgetBias): initialization.forgetBias = forgetBias
    case .chrono: initialization.forgetBias = 0
    case .random: initialization.recurrent = .zero
    case .identity: initialization.recurrent = .identity
    }
    let made = makeBareCell(inputSize: inputSize, initialization, key: key)
    // W_ih, W_hh and b_ih come first in every cell.
    let (input, recurrent) = (made.parameters[0], made.parameters[1])
    switch start {
    case .usual: break
    case .chrono(let span): remember(over: span, made.parameters[2], key: key.child(2))
    case .random(let radius, let deviation):
      input.value = key.child(0).normal(input.shape).scaled(deviation)
      recurrent.value = scaled(key.child(1).normal(recurrent.shape), toRadius: Double(radius))
    case .identity: input.value = key.child(0).normal(input.shape).scaled(0.001)
    }
    return made
  }

  private func makeBareCell(
    inputSize: Int, _ initialization: GateParameters.Initialization, key: RandomKey
  ) -> AnyCell {
    guard cell == .rnn || cell == .rnnReLU else {
      return CellConfiguration(cell, inputSize: inputSize, hiddenSize: hiddenSize)
        .makeCell(place: LayerPlace(), initialization: initialization, key: key)
    }
    var elman = ElmanCell(
      inputSize: inputSize, hiddenSize: hiddenSize, activation: cell == .rnn ? .tanh : .relu,
      initialization: initialization, key: key)
    elman.vanishingGradientPenalty = vanishingPenalty
    return AnyCell(elman)
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

  /// A matrix of gates [G·H, H], each gate scaled to the spectral radius.
  private func scaled(_ matrix: Tensor, toRadius radius: Double) -> Tensor {
    let size = hiddenSize * hiddenSize
    let scalars = matrix.scalars
    let gates = stride(from: 0, to: scalars.count, by: size).map { start in
      let gate = scalars[start..<start + size].map(Double.init)
      let own = Eigenvalues(of: gate, size: hiddenSize)?.spectralRadius ?? 1
      return gate.map { Float($0 * radius / max(own, 1e-12)) }
    }
    return Tensor(shape: matrix.shape, scalars: gates.flatMap(\.self))
  }
}

extension Tensor {
  fileprivate func scaled(_ factor: Float) -> Tensor {
    Tensor(shape: shape, scalars: scalars.map { $0 * factor })
  }
}

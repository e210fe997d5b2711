import Foundation
import Tensors

/// Hessian-free optimisation (Martens 2010), with the structural damping of recurrent nets (Martens &
/// Sutskever 2011).
///
/// ```
/// φ(δ) = L(w) + gᵀδ + ½ δᵀ(G + λμS + λI)δ       what the loss is taken for, around w
/// δ    ≈ argmin φ                               by conjugate gradients, products G·v alone
/// w    = w + α δ
/// ```
/// G is the Gauss-Newton matrix (``GaussNewtonMatrix``), S the curvature of the distance that the hidden
/// states move. λ follows how well φ has foretold the loss (Levenberg-Marquardt): with
/// ρ = (L(w + δ) - L(w)) / (φ(δ) - φ(0)), λ becomes λ·c where ρ < ¼ and λ/c where ρ > ¾.
///
/// Conjugate gradients start from the last solution, somewhat shortened, so that they go on where they
/// were stopped; they are preconditioned by (squared gradients + λ)^κ where the objective knows those.
/// Of the points on their way the latest is taken whose loss is not above that of the one before. α
/// starts from the rate, usually 1, and shrinks by 0.8 until L(w + αδ) ≤ L(w) + 0.01·α·gᵀδ; if that
/// never comes true, w stays.
public struct HessianFree: ObjectiveOptimizer {
  /// λ at first.
  public let damping: Double
  /// c, by which λ changes.
  public let dampingFactor: Double
  /// μ.
  public let structuralDamping: Double
  /// Products a step, at most.
  public let maxIterations: Int
  /// ε of the stop: conjugate gradients go on while a step lowers φ by about this share.
  public let tolerance: Double
  /// How much of the last solution the next one starts from.
  public let warmStart: Double
  /// κ; 0 for no preconditioner.
  public let preconditioning: Double
  /// λ now, the last solution.
  public var state = OptimizerState()

  /// Martens' numbers unless told otherwise.
  public init(
    damping: Double = 1, dampingFactor: Double = 1.5, structuralDamping: Double = 0,
    maxIterations: Int = 250, tolerance: Double = 5e-4, warmStart: Double = 0.95,
    preconditioning: Double = 0.75
  ) {
    precondition(damping > 0, "damping is above 0, not \(damping)")
    precondition(dampingFactor > 1, "the factor of damping is above 1, not \(dampingFactor)")
    precondition(structuralDamping >= 0, "structural damping is at least 0")
    precondition(maxIterations >= 1, "at least one product a step, not \(maxIterations)")
    precondition(0 <= warmStart && warmStart <= 1, "the warm start is in [0, 1], not \(warmStart)")
    self.damping = damping
    self.dampingFactor = dampingFactor
    self.structuralDamping = structuralDamping
    self.maxIterations = maxIterations
    self.tolerance = tolerance
    self.warmStart = warmStart
    self.preconditioning = preconditioning
  }

  /// Which rule it is.
  public var kind: OptimizerKind { .hessianFree }

  /// The hyper-parameters by name.
  public var hyperparameters: [String: String] {
    [
      "damping": "\(damping)", "damping factor": "\(dampingFactor)",
      "structural damping": "\(structuralDamping)", "CG iterations": "\(maxIterations)",
      "CG tolerance": "\(tolerance)", "warm start": "\(warmStart)",
      "preconditioning": "\(preconditioning)",
    ]
  }

  /// Needs the loss; see ``step(_:rate:)``.
  public mutating func step(parameters: [Parameter], rate: Double, gradientScale: Double) {
    preconditionFailure("Hessian-free optimisation steps along an objective, not a gradient")
  }

  /// Changes the parameters of `objective`, a ``CurvatureObjective``, once. They stay as they are where
  /// the loss or its gradient is no number, and where no step lowers the loss.
  ///
  /// Throws ``TrainingError/invalidPlan(_:)`` for an objective of another kind, and what the objective
  /// throws.
  public mutating func step(_ objective: any Objective, rate: Double) throws -> ObjectiveStep {
    guard let objective = objective as? any CurvatureObjective else {
      throw TrainingError.invalidPlan(
        "Hessian-free optimisation needs an objective whose curvature is known")
    }
    let parameters = objective.parameters
    let loss = try objective.lossAndGradient()
    let gradient = parameters.map(\.denseGradient)
    let norm = TensorVector.dot(gradient, gradient).squareRoot()
    var report = ObjectiveStep(loss: loss, gradientNorm: norm)
    guard loss.isFinite, norm.isFinite, norm > 0 else { return report }
    for parameter in parameters { state.updates[parameter.name, default: 0] += 1 }

    let damping = state.numbers[Self.damping] ?? self.damping
    let solution = try solve(objective, gradient, damping: damping)
    var search = StepSearch(
      objective: objective, origin: parameters.map(\.value), loss: loss, gradient: gradient)
    let chosen = try search.backtrack(solution.iterates)
    // From a warm start φ can be above φ(0) yet: then it has foretold nothing.
    let model = chosen.iterate.model
    let ratio = model < 0 ? (chosen.loss - loss) / model : 0
    let length = try search.shorten(chosen, from: rate)

    state.numbers[Self.damping] = damping * factor(ratio)
    remember(length > 0 ? solution.last.x : nil, parameters)
    report.notes = [
      "damping": damping, "cg iterations": Double(solution.iterations),
      "chosen iteration": Double(chosen.iterate.iteration), "reduction ratio": ratio,
      "step length": length, "evaluations": Double(search.evaluations),
    ]
    return report
  }

  private static let damping = "damping"
  private static let direction = "direction"

  private func factor(_ ratio: Double) -> Double {
    // What is no number was foretold badly.
    if !(ratio >= 0.25) { return dampingFactor }
    return ratio > 0.75 ? 1 / dampingFactor : 1
  }

  /// The minimum of φ, and points on the way there.
  private func solve(
    _ objective: any CurvatureObjective, _ gradient: [Tensor], damping: Double
  ) throws -> ConjugateGradients.Solution {
    let curvature = try objective.curvature(structuralDamping: structuralDamping * damping)
    let start = objective.parameters.map { parameter in
      state.tensors[OptimizerState.name(Self.direction, parameter)]?
        .scaled(by: Float(warmStart)) ?? Tensor(zeros: parameter.shape)
    }
    let squares = preconditioning > 0 ? objective.squaredGradients : nil
    let solver = ConjugateGradients(maxIterations: maxIterations, tolerance: tolerance)
    return try solver.solve(
      gradient.map { $0.scaled(by: -1) }, from: start,
      preconditioner: squares?.map { $0.plus(damping, toPower: preconditioning) }
    ) { direction in
      var product = try curvature.product(direction)
      TensorVector.add(damping, direction, to: &product)
      return product
    }
  }

  /// Keeps a solution for the next step to start from; nil to start from nothing.
  private mutating func remember(_ solution: [Tensor]?, _ parameters: [Parameter]) {
    for (index, parameter) in parameters.enumerated() {
      state.tensors[OptimizerState.name(Self.direction, parameter)] = solution?[index]
    }
  }
}

/// Looks for a step that lowers the loss.
private struct StepSearch {
  let objective: any CurvatureObjective
  /// w.
  let origin: [Tensor]
  /// L(w).
  let loss: Double
  let gradient: [Tensor]
  /// How often the loss was asked for.
  private(set) var evaluations = 0

  init(
    objective: any CurvatureObjective, origin: [Tensor], loss: Double, gradient: [Tensor]
  ) {
    self.objective = objective
    self.origin = origin
    self.loss = loss
    self.gradient = gradient
  }

  /// A solution with its loss.
  struct Candidate {
    let iterate: ConjugateGradients.Iterate
    let loss: Double
  }

  /// From the last iterate back, as long as the loss gets lower.
  mutating func backtrack(_ iterates: [ConjugateGradients.Iterate]) throws -> Candidate {
    let last = iterates[iterates.count - 1]
    var best = Candidate(iterate: last, loss: try loss(at: last.x, length: 1))
    for iterate in iterates.dropLast().reversed() {
      let candidate = Candidate(iterate: iterate, loss: try loss(at: iterate.x, length: 1))
      // Leaves a loss that is no number behind, and never goes to one.
      guard candidate.loss < best.loss || best.loss.isNaN else { break }
      best = candidate
    }
    return best
  }

  /// Goes `rate` times the candidate, or a part of that which lowers the loss enough. Leaves the
  /// parameters there, or where they were.
  ///
  /// - Returns: α, 0 if there was no such part.
  mutating func shorten(_ candidate: Candidate, from rate: Double) throws -> Double {
    let slope = TensorVector.dot(gradient, candidate.iterate.x)
    var length = rate
    if slope < 0 {
      for _ in 0..<Self.trials {
        let value =
          length == 1 ? candidate.loss : try loss(at: candidate.iterate.x, length: length)
        if value <= loss + 0.01 * length * slope {
          move(candidate.iterate.x, length: length)
          return length
        }
        length *= 0.8
      }
    }
    for (parameter, value) in zip(objective.parameters, origin) { parameter.value = value }
    return 0
  }

  /// 0.8³⁰ is a thousandth.
  private static let trials = 30

  private mutating func loss(at direction: [Tensor], length: Double) throws -> Double {
    evaluations += 1
    move(direction, length: length)
    return try objective.loss()
  }

  private func move(_ direction: [Tensor], length: Double) {
    var point = origin
    TensorVector.add(length, direction, to: &point)
    for (parameter, value) in zip(objective.parameters, point) { parameter.value = value }
  }
}

extension Tensor {
  /// (x + shift)^power
  fileprivate func plus(_ shift: Double, toPower power: Double) -> Tensor {
    Tensor(shape: shape) { result in
      withUnsafeBufferPointer { x in
        for i in result.indices { result[i] = Float(pow(Double(x[i]) + shift, power)) }
      }
    }
  }
}

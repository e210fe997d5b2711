import Recurrent
import Tensors
import TestSupport
import Testing

@testable import Learning

@Suite struct HessianFreeTests {
  /// ½ (w - m)ᵀA(w - m) with A diagonal, over two parameters.
  private final class Quadratic: CurvatureObjective {
    let parameters = [Parameter("a", Tensor(zeros: [3])), Parameter("b", Tensor(zeros: [2]))]
    let scales: [Float] = [1, 10, 100, 0.5, 3]
    let minimum: [Float] = [1, -2, 0.5, 3, -1]
    private(set) var evaluations = 0

    private var offsets: [Double] {
      zip(parameters.flatMap(\.value.scalars), minimum).map { Double($0) - Double($1) }
    }

    func loss() -> Double {
      evaluations += 1
      return zip(offsets, scales).reduce(0) { $0 + 0.5 * $1.0 * $1.0 * Double($1.1) }
    }

    func lossAndGradient() -> Double {
      let gradient = zip(offsets, scales).map { Float($0 * Double($1)) }
      parameters[0].setGradient(.dense(Tensor(shape: [3], scalars: gradient[..<3])))
      parameters[1].setGradient(.dense(Tensor(shape: [2], scalars: gradient[3...])))
      return loss()
    }

    struct Diagonal: CurvatureMatrix {
      let scales: [Float]
      func product(_ v: [Tensor]) -> [Tensor] {
        let all = zip(v.flatMap(\.scalars), scales).map { $0 * $1 }
        return [
          Tensor(shape: [3], scalars: all[..<3]), Tensor(shape: [2], scalars: all[3...]),
        ]
      }
    }

    func curvature(structuralDamping: Double) -> any CurvatureMatrix { Diagonal(scales: scales) }
  }

  @Test("finds the minimum of a quadratic in one step when there is hardly any damping")
  func quadratic() throws {
    let objective = Quadratic()
    var rule = HessianFree(damping: 1e-7)
    let report = try rule.step(objective, rate: 1)
    let w = objective.parameters.flatMap(\.value.scalars).map(Double.init)
    // Of the order of the damping and of rounding.
    #expect(relativeError(w, objective.minimum.map(Double.init)) < 1e-4)
    #expect(abs((report.notes["reduction ratio"] ?? 0) - 1) < 1e-3)
    // The model was right, so the damping goes down.
    #expect(rule.state.numbers["damping"] == 1e-7 * (1 / 1.5))
  }

  /// A loss that its curvature says nothing about: it only rises.
  private final class Misleading: CurvatureObjective {
    let parameters = [Parameter("w", Tensor(zeros: [1]))]
    func loss() -> Double { Double(abs(parameters[0].value[0])) }
    func lossAndGradient() -> Double {
      parameters[0].setGradient(.dense(Tensor(repeating: 1, shape: [1])))
      return loss()
    }
    struct Identity: CurvatureMatrix {
      func product(_ v: [Tensor]) -> [Tensor] { v }
    }
    func curvature(structuralDamping: Double) -> any CurvatureMatrix { Identity() }
  }

  @Test("stays where it is, and damps more, when no step lowers the loss")
  func misled() throws {
    let objective = Misleading()
    var rule = HessianFree(damping: 1)
    let report = try rule.step(objective, rate: 1)
    #expect(objective.parameters[0].value[0] == 0)
    #expect(report.notes["step length"] == 0)
    #expect(rule.state.numbers["damping"] == 1.5)
    #expect(rule.state.tensors.isEmpty)
  }

  @Test("needs an objective whose curvature is known")
  func refusal() {
    struct Plain: Objective {
      let parameters: [Parameter] = []
      func loss() -> Double { 0 }
      func lossAndGradient() -> Double { 0 }
    }
    var rule = HessianFree()
    #expect(throws: TrainingError.self) { try rule.step(Plain(), rate: 1) }
  }

  @Test("learns to say at the end of ten steps which symbol came first, where gradients are small")
  func firstSymbol() throws {
    let task = FirstSymbolTask()
    var rule = HessianFree(damping: 0.1, structuralDamping: 0.1, maxIterations: 60)
    for _ in 0..<15 { _ = try rule.step(task.objective(parts: 2), rate: 1) }
    #expect(try task.objective(parts: 1).loss() < 0.05)
  }

  @Test("takes the same steps however many threads there are")
  func threads() throws {
    let runs = try [1, 2].map { threads in
      try ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        let task = FirstSymbolTask()
        var rule = HessianFree(damping: 0.1, structuralDamping: 0.1, maxIterations: 30)
        for _ in 0..<3 { _ = try rule.step(task.objective(parts: 2), rate: 1) }
        return task.parameters.flatMap(\.value.scalars)
      }
    }
    #expect(runs[0].elementsEqual(runs[1]))
  }

  @Test("a copy of its state goes on bit for bit")
  func resumes() throws {
    func run(interrupted: Bool) throws -> [Float] {
      let task = FirstSymbolTask()
      var rule = HessianFree(damping: 0.1, structuralDamping: 0.1, maxIterations: 30)
      for step in 0..<4 {
        if step == 2, interrupted {
          let state = rule.state
          rule = HessianFree(damping: 0.1, structuralDamping: 0.1, maxIterations: 30)
          rule.state = state
        }
        _ = try rule.step(task.objective(parts: 2), rate: 1)
      }
      return task.parameters.flatMap(\.value.scalars)
    }
    #expect(try run(interrupted: true).elementsEqual(run(interrupted: false)))
  }

  @Test("the squared gradients of parts are those of cases where a part is a case")
  func squaredGradients() throws {
    let task = FirstSymbolTask(cases: 6)
    let objective = task.objective(parts: 6)
    _ = try objective.lossAndGradient()
    let found = try #require(objective.squaredGradients).flatMap(\.scalars).map(Double.init)
    var expected = [Double](repeating: 0, count: found.count)
    for index in 0..<6 {
      for parameter in task.parameters { parameter.clearGradient() }
      task.loss(of: index..<index + 1, .training(RandomKey(seed: 1)), damping: 0).backward()
      let gradient = task.parameters.flatMap(\.denseGradient.scalars)
      for i in expected.indices { expected[i] += Double(gradient[i] * gradient[i]) / 6 }
    }
    #expect(relativeError(found, expected) < 1e-5)
  }

  @Test("an objective gives the same loss, gradient and curvature in one part and in three")
  func parts() throws {
    let task = FirstSymbolTask(cases: 6)
    let direction = task.parameters.enumerated().map {
      Tensor.random($1.shape, seed: UInt64($0))
    }
    let results = try [1, 3].map { parts in
      let objective = task.objective(parts: parts)
      let loss = try objective.loss()
      #expect(abs(try objective.lossAndGradient() - loss) < 1e-6)
      let gradient = task.parameters.flatMap(\.denseGradient.scalars).map(Double.init)
      let product = try objective.curvature(structuralDamping: 0.3).product(direction)
      return (loss, gradient, product.flatMap(\.scalars).map(Double.init))
    }
    #expect(abs(results[0].0 - results[1].0) < 1e-6)
    #expect(relativeError(results[0].1, results[1].1) < 1e-5)
    #expect(relativeError(results[0].2, results[1].2) < 1e-5)
  }
}

/// Sequences of eleven symbols, of which the first alone is to be said at the end.
private final class FirstSymbolTask {
  let stack: RecurrentStack
  let readOut: Linear
  let cases: Int
  private let symbols: [Float]
  private static let steps = 11

  var parameters: [Parameter] { stack.parameters + readOut.parameters }

  init(cases: Int = 64) {
    self.cases = cases
    stack = RecurrentStack(
      .rnn, inputSize: 1, hiddenSize: 10, layers: 1,
      initialization: .init(
        input: .sparse(connections: 15, deviation: 0.3),
        recurrent: .sparse(connections: 5, radius: 1)), key: RandomKey(seed: 1))
    readOut = Linear(inputs: 10, outputs: 2, name: "out", key: RandomKey(seed: 2))
    symbols = RandomKey(seed: 3).uniform(cases * Self.steps).map { $0 < 0.5 ? -1 : 1 }
  }

  /// The summed loss of some cases.
  func loss(of range: Range<Int>, _ mode: Mode, damping: Double) -> Variable {
    let inputs = (0..<Self.steps).flatMap { t in range.map { symbols[$0 * Self.steps + t] } }
    let (states, last) = stack.run(
      Variable(Tensor(shape: [Self.steps, range.count, 1], scalars: inputs)), mode: mode)
    let loss = readOut(last.layers[0].output, mode: mode).crossEntropy(
      targets: range.map { symbols[$0 * Self.steps] < 0 ? 0 : 1 }, reduction: .sum)
    return damping > 0 ? loss + states.proximity(weight: Float(damping)) : loss
  }

  func objective(parts: Int) -> RecordedObjective {
    let size = cases / parts
    return RecordedObjective(parameters: parameters, parts: parts, cases: cases) {
      part, mode, damping in
      .init(
        total: self.loss(of: part * size..<(part + 1) * size, mode, damping: damping), cases: size)
    }
  }
}

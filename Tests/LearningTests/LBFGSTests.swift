import Foundation
import Tensors
import Testing

@testable import Learning

/// A loss given in Double, with parameters in Float as ever.
private final class Formula: Objective {
  let parameters: [Parameter]
  private let formula: ([Double]) -> (loss: Double, gradient: [Double])
  private(set) var evaluations = 0

  init(_ start: [[Float]], _ formula: @escaping ([Double]) -> (loss: Double, gradient: [Double])) {
    parameters = start.enumerated().map {
      Parameter("w\($0)", Tensor(shape: [$1.count], scalars: $1))
    }
    self.formula = formula
  }

  var point: [Double] { parameters.flatMap { $0.value.scalars.map(Double.init) } }

  func loss() -> Double { formula(point).loss }

  func lossAndGradient() -> Double {
    evaluations += 1
    let (loss, gradient) = formula(point)
    var start = 0
    for parameter in parameters {
      let part = gradient[start..<start + parameter.count].map { Float($0) }
      parameter.setGradient(.dense(Tensor(shape: parameter.shape, scalars: part)))
      start += parameter.count
    }
    return loss
  }
}

@Suite("L-BFGS")
struct LBFGSTests {
  /// Σ λ_i (w_i - 1)² / 2
  private func quadratic(_ eigenvalues: [Double], start: [[Float]]) -> Formula {
    Formula(start) { w in
      let gradient = zip(w, eigenvalues).map { $1 * ($0 - 1) }
      return (zip(w, gradient).reduce(0) { $0 + ($1.0 - 1) * $1.1 / 2 }, gradient)
    }
  }

  private func rosenbrock() -> Formula {
    Formula([[-1.2], [1]]) { w in
      let (a, b) = (1 - w[0], w[1] - w[0] * w[0])
      return (a * a + 100 * b * b, [-2 * a - 400 * w[0] * b, 200 * b])
    }
  }

  @Test("with exact line searches a quadratic in n dimensions takes n steps")
  func quadraticTermination() throws {
    let objective = quadratic([1, 2, 5, 10, 30], start: [[3, -2], [0.5, 4, -1]])
    var optimizer = LBFGS(history: 5)
    optimizer.lineSearch.curvature = 1e-4
    let start = objective.loss()
    for _ in 0..<4 { _ = try optimizer.step(objective, rate: 1) }
    #expect(objective.loss() > 1e-6 * start)
    _ = try optimizer.step(objective, rate: 1)
    // (1e-6)² from the Floats, times the condition of 30.
    #expect(objective.loss() < 1e-9 * start)
  }

  @Test("Rosenbrock's valley is followed to its end", arguments: [1, 5, 10])
  func valley(_ history: Int) throws {
    let objective = rosenbrock()
    var optimizer = LBFGS(history: history)
    var losses: [Double] = []
    for _ in 0..<60 where objective.loss() > 1e-9 {
      losses.append(try optimizer.step(objective, rate: 1).loss)
    }
    #expect(zip(losses, losses.dropFirst()).allSatisfy { $0 > $1 })
    #expect(losses.count < (history == 1 ? 60 : 45))
    #expect(objective.point.allSatisfy { abs($0 - 1) < 1e-4 })
  }

  @Test("several iterations a step are several steps on one loss")
  func iterations() throws {
    let (one, three) = (rosenbrock(), rosenbrock())
    var single = LBFGS()
    var triple = LBFGS(iterations: 3)
    for _ in 0..<3 { _ = try single.step(one, rate: 1) }
    let report = try triple.step(three, rate: 1)
    #expect(one.point == three.point)
    #expect(single.state.tensors == triple.state.tensors)
    // The gradient at the end of an iteration is that at the beginning of the next.
    #expect(three.evaluations == one.evaluations - 2)
    #expect(report.notes["evaluations"] == Double(three.evaluations))
  }

  @Test("a state put back goes on as if never taken out, at every step")
  func resumed() throws {
    let straight = rosenbrock()
    let broken = rosenbrock()
    var optimizer = LBFGS(history: 3)
    var state = OptimizerState()
    for step in 0..<12 {
      _ = try optimizer.step(straight, rate: 1)
      var fresh = LBFGS(history: 3)
      fresh.state = state
      _ = try fresh.step(broken, rate: 1)
      state = fresh.state
      #expect(straight.point == broken.point, "step \(step + 1)")
      #expect(state == optimizer.state)
    }
    #expect(state.numbers["pairs"] == 3)
  }

  @Test("the number of threads changes nothing")
  func threads() throws {
    func trained(threads: Int) throws -> ([Tensor], OptimizerState) {
      try ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        let sizes = [40_000, 17]
        let objective = Formula(
          sizes.map { RandomKey(seed: 8).child($0).normal([$0]).scalars }
        ) { w in
          let gradient = w.indices.map { (1 + Double($0 % 7)) * w[$0] }
          return (zip(w, gradient).reduce(0) { $0 + $1.0 * $1.1 / 2 }, gradient)
        }
        var optimizer = LBFGS()
        for _ in 0..<3 { _ = try optimizer.step(objective, rate: 1) }
        return (objective.parameters.map(\.value), optimizer.state)
      }
    }
    let (one, two) = (try trained(threads: 1), try trained(threads: 2))
    let isSame = one.0 == two.0 && one.1 == two.1
    #expect(isSame)
  }

  @Test("at a minimum, and where the loss is no number, nothing moves")
  func standstill() throws {
    let minimum = quadratic([1, 2], start: [[1, 1]])
    var optimizer = LBFGS()
    #expect(try optimizer.step(minimum, rate: 1).gradientNorm == 0)
    #expect(minimum.point == [1, 1])
    let nowhere = Formula([[1]]) { _ in (.nan, [1]) }
    #expect(try optimizer.step(nowhere, rate: 1).loss.isNaN)
    #expect(nowhere.point == [1])
    #expect(optimizer.state.tensors.isEmpty)
  }

  @Test("a loss that is no number beyond a border is kept away from")
  func border() throws {
    let objective = Formula([[3]]) { w in
      w[0] > 0 ? (w[0] - log2(w[0]), [1 - 1 / (w[0] * 0.6931471805599453)]) : (.nan, [.nan])
    }
    var optimizer = LBFGS()
    for _ in 0..<8 { _ = try optimizer.step(objective, rate: 50) }
    #expect(abs(objective.point[0] - 1 / 0.6931471805599453) < 1e-3)
  }

  @Test("the step found satisfies the strong Wolfe conditions", arguments: [1e-3, 0.1, 1, 7, 100])
  func wolfe(first: Double) throws {
    // φ(α) = 1 - α / (α² + 2), with its minimum at √2 (Moré & Thuente 1994, their first).
    func trial(_ step: Double) -> WolfeSearch.Trial {
      let d = step * step + 2
      return WolfeSearch.Trial(
        step: step, value: 1 - step / d, slope: (2 * step * step - d) / (d * d), parameters: [],
        gradient: [])
    }
    for curvature in [0.9, 0.1, 0.001] {
      let search = WolfeSearch(curvature: curvature)
      let start = trial(0)
      let (result, evaluations) = search.search(from: start, first: first, trial)
      let found = try #require(result)
      #expect(found.value <= start.value + 1e-4 * found.step * start.slope + 1e-7)
      #expect(abs(found.slope) <= curvature * abs(start.slope))
      #expect(evaluations < 15)
    }
  }
}

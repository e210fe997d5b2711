import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Models of long-range problems")
struct LongRangeModelTests {
  private let method = LongRangeMethod(
    name: "LSTM", cell: .lstm, hiddenSize: 8, rule: .adam, rate: 0.02, clipNorm: 1, batch: 20)

  @Test("an LSTM solves the temporal order of twelve symbols, and the same run comes again")
  func solved() throws {
    let run = LongRangeRun(
      TemporalOrderProblem(span: 12), method,
      limits: .init(sequences: 30_000, checkInterval: 1000, checked: 200, tested: 1000), seed: 1)
    var checks = 0
    let result = try #require(try run { _ in checks += 1 })
    #expect(result.ending == .solved)
    #expect(result.wrong <= 0.01 && result.sequences < 30_000)
    #expect(checks == result.checks.count && result.checks.last?.sequences == result.sequences)
    let again = try ThreadTeam.$current.withValue(.solo) { try run() }
    #expect(again?.checks == result.checks && again?.wrong == result.wrong)
  }

  @Test("a run that cannot learn is given up after its sequences, one that explodes has diverged")
  func givenUp() throws {
    var run = LongRangeRun(
      TemporalOrderProblem(span: 20), method,
      limits: .init(sequences: 200, checkInterval: 100, checked: 100, tested: 200), seed: 1)
    let unsolved = try #require(try run())
    #expect(unsolved.ending == .unsolved && unsolved.sequences == 200 && unsolved.wrong > 0.5)

    run.problem = AddingProblem(span: 20)
    run.method.cell = .rnnReLU
    run.method.rule = .sgd
    run.method.rate = 1e4
    run.method.clipNorm = nil
    let diverged = try #require(try run())
    #expect(diverged.ending == .diverged && diverged.wrong > 0.5)

    let flag = InterruptFlag()
    flag.raise()
    let interrupted = run.makeTask()
    #expect(try run(interrupted, interrupt: flag) == nil)
    #expect(interrupted.sequences <= run.method.batch)
    run.method.rate = 0.01
    run.secondsLimit = 0
    #expect(try run()?.ending == .outOfTime)
  }

  @Test("an interrupt ends a step of a second-order rule within")
  func interruptedWithin() throws {
    let hessianFree = LongRangeMethod(
      name: "", cell: .rnn, hiddenSize: 5,
      rule: .hessianFree(structuralDamping: 0.1, curvature: 100, maxIterations: 20), rate: 1,
      clipNorm: nil, batch: 200)
    let run = LongRangeRun(
      AddingProblem(span: 10), hessianFree,
      limits: .init(sequences: 200, checkInterval: 200, checked: 100, tested: 100), seed: 1)
    let flag = InterruptFlag()
    flag.raise()
    let task = run.makeTask()
    let start = task.parameters.map(\.value)
    #expect(try run(task, interrupt: flag) == nil)
    #expect(task.parameters.map(\.value) == start && task.checks.isEmpty)
  }

  /// Weights of zero and a bias of the read-out: the outputs are known.
  private func constant(_ problem: any LongRangeProblem, bias: (Int) -> Float) -> LongRangeModel {
    let model = LongRangeModel(method, for: problem, key: RandomKey(seed: 1))
    for parameter in model.parameters { parameter.value = Tensor(zeros: parameter.shape) }
    model.readOut.bias.value = Tensor(
      shape: [problem.outputSize], scalars: (0..<problem.outputSize).map(bias))
    return model
  }

  @Test("a net without memory has the loss that the papers give")
  func baselines() {
    let adding = AddingProblem(span: 200)
    let half = constant(adding) { _ in 0.5 }.judge(
      adding.batch(0, of: 4000, part: .heldOut, seed: 1))
    // Each number adds 1/48, unless it is the first pair's, which is so for 0.1 + 0.9/98 of them. The
    // standard error is 0.0007.
    #expect(abs(half.loss - (2 - 0.1 - 0.9 / 98) / 48) < 0.0025)
    #expect((0.8...0.9).contains(half.wrong))

    let copy = CopyMemoryProblem(span: 30)
    let blanks = constant(copy) { $0 == 8 ? 0 : $0 == 9 ? -100 : -30 }.judge(
      copy.batch(0, of: 50, part: .heldOut, seed: 1))
    // Sure of blanks, which costs 30 nats for each of ten symbols.
    #expect(blanks.wrong == 1)
    #expect(abs(blanks.loss - 10 * 30 / 50) < 1e-4)

    let order = TemporalOrderProblem(span: 30)
    let guess = constant(order) { _ in 0 }.judge(order.batch(0, of: 1000, part: .heldOut, seed: 1))
    #expect(abs(guess.loss - log(4)) < 1e-6)
    // Always the first class: a quarter is right, standard deviation 1.4 %.
    #expect((0.69...0.81).contains(guess.wrong))
  }

  @Test("each sequence's gradient reaches the weights whatever the problem")
  func gradients() {
    for kind in LongRangeKind.allCases {
      let problem = kind.problem(span: 12)
      let model = LongRangeModel(method, for: problem, key: RandomKey(seed: 2))
      model.loss(problem.batch(0, of: 3, part: .training, seed: 1), mode: .training(.init(seed: 1)))
        .backward()
      #expect(GradientNorm.global(model.parameters) > 1e-4)
      for parameter in model.parameters {
        if case .none = parameter.gradient { Issue.record("\(parameter.name) has no gradient") }
      }
    }
  }

  @Test("memories of a chrono start last from one step to the span")
  func chrono() {
    var method = method
    method.hiddenSize = 200
    method.start = .chrono(span: 100)
    for (cell, keep) in [(CellKind.lstm, 1), (.gru, 1)] {
      method.cell = cell
      let bias = method.makeCell(inputSize: 3, key: RandomKey(seed: 3)).parameters[2].value.scalars
      let kept = bias[keep * 200..<(keep + 1) * 200]
      // A gate of bias b keeps about 1 + exp(b) steps.
      #expect(kept.allSatisfy { $0 >= 0 && $0 <= logf(99) })
      let mean = kept.reduce(0) { $0 + expf($1) } / 200
      #expect((42...58).contains(mean))  // 50 expected, standard deviation 2
      #expect(zip(bias, kept).allSatisfy { cell == .lstm ? $0 == -$1 : $0 == 0 })
      #expect(bias[400...].allSatisfy { $0 == 0 })
    }
  }

  @Test("the loss by parts, as Hessian-free optimisation asks for it, is the loss")
  func objective() throws {
    var method = method
    method.cell = .rnn
    method.batch = 250
    method.rule = .hessianFree(structuralDamping: 0.1, curvature: 100, maxIterations: 20)
    for kind in LongRangeKind.allCases {
      let problem = kind.problem(span: 12)
      let task = LongRangeTask(method, problem, limits: .init(sequences: 1000), seed: 1)
      let position = StepPosition(epoch: 1, index: 1, step: 1, key: RandomKey(seed: 1))
      let objective = try #require(task.objective(at: position))
      let parts = (0..<3).map { part in
        problem.batch(3 + part, of: part < 2 ? 100 : 50, part: .training, seed: 1)
      }
      let losses = parts.map { task.model.judge($0).loss * Double($0.count) }
      let expected = losses.reduce(0, +) / 250
      #expect(abs(try objective.loss() - expected) < 1e-5 * expected)
      #expect(objective.cases == 250 && task.sequences == 500)
    }
    method.rule = .adam
    let other = LongRangeTask(
      method, TemporalOrderProblem(span: 12), limits: .init(sequences: 1000), seed: 1)
    #expect(other.objective(at: .init(epoch: 1, index: 0, step: 0, key: .init(seed: 1))) == nil)
  }

  @Test("Hessian-free optimisation learns, and the penalty on vanishing gradients changes the run")
  func rules() throws {
    var method = method
    method.cell = .rnn
    method.rule = .hessianFree(structuralDamping: 0.03, curvature: 100, maxIterations: 30)
    method.rate = 1
    method.clipNorm = nil
    method.batch = 200
    var run = LongRangeRun(
      RandomPermutationProblem(span: 8), method,
      limits: .init(sequences: 6000, checkInterval: 1000, checked: 200, tested: 500), seed: 1)
    #expect(try run()?.ending == .solved)

    run.method.rule = .sgd
    run.method.batch = 20
    run.method.rate = 0.05
    run.limits.sequences = 1000
    let plain = try #require(try run())
    run.method.vanishingPenalty = 2
    let penalised = try #require(try run())
    #expect(plain.checks != penalised.checks)
  }
}

import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

/// Language models under Hessian-free optimisation and L-BFGS, through the trainer.
@Suite("The objective of training a language model")
struct ObjectiveTests {
  private let text = String(repeating: "a b c d e\n", count: 30)

  private func task(_ unit: TextUnit, dropout: Float = 0) throws -> LanguageModelTask {
    let model = try makeModel(
      text, unit: unit, cell: .rnn, hidden: 8, dropout: dropout, range: 0.3)
    return try LanguageModelTask(model, text: text, batch: 5, window: 9)
  }

  private func rule(_ kind: OptimizerKind = .hessianFree) -> any ObjectiveOptimizer {
    kind == .lbfgs
      ? LBFGS(history: 5, iterations: 3)
      : HessianFree(damping: 0.1, structuralDamping: 0.1, maxIterations: 25)
  }

  private func position(_ index: Int) -> StepPosition {
    StepPosition(epoch: 1, index: index, step: index, key: RandomKey(seed: 3).child(index))
  }

  @Test("is the loss of ordinary training, with its gradient and the state that it leaves")
  func sameLoss() throws {
    for unit in TextUnit.allCases {
      let (first, second) = (try task(unit), try task(unit))
      for index in 0..<2 {
        first.beginEpochIfFirst(index)
        second.beginEpochIfFirst(index)
        for parameter in first.parameters + second.parameters { parameter.clearGradient() }
        let objective = try #require(try first.objective(at: position(index)))
        let loss = try objective.lossAndGradient()
        let ordinary = try second.loss(at: position(index))
        #expect(objective.cases == ordinary.tokens)
        #expect(abs(loss - ordinary.mean) < 1e-6)
        #expect(abs(try objective.loss() - loss) < 1e-6)
        for (a, b) in zip(first.parameters, second.parameters) {
          let error = relativeError(a.denseGradient.scalars, b.denseGradient.scalars)
          #expect(error < 1e-5)
        }
        #expect(first.carriedState == second.carriedState)
        // A line search asks again elsewhere, and may not stay there.
        let carried = first.carriedState
        for parameter in first.parameters {
          parameter.value = parameter.value.scaled(by: 2)
          parameter.clearGradient()
        }
        _ = try objective.lossAndGradient()
        #expect(first.carriedState == carried)
        for parameter in first.parameters { parameter.value = parameter.value.scaled(by: 0.5) }
      }
    }
  }

  @Test("is minimised by the trainer", arguments: [OptimizerKind.hessianFree, .lbfgs])
  func trains(_ kind: OptimizerKind) throws {
    for unit in TextUnit.allCases {
      let plan = TrainingPlan(epochs: 4, seed: 1, schedule: RateSchedule(base: 1))
      let summary = try Trainer(try task(unit), rule(kind), plan).run().summary
      let losses = summary.epochs.map(\.trainingLoss)
      #expect(losses.last! < 0.3)
    }
  }

  @Test(
    "a run that is interrupted and resumed is the same run, and the log has the optimiser's notes",
    arguments: [OptimizerKind.hessianFree, .lbfgs])
  func resumes(_ kind: OptimizerKind) throws {
    try withTemporaryFolder { folder in
      func run(_ name: String, interruption: Int?) throws -> [Float] {
        let directory = "\(folder)/\(name)"
        let plan = TrainingPlan(
          epochs: 1, seed: 1, schedule: RateSchedule(base: 1),
          checkpoints: CheckpointPolicy(directory: directory), logInterval: 1)
        let task = try task(.stream)
        let interrupt = InterruptFlag()
        let log = RunLog(path: "\(folder)/\(name).log")
        let outcome = try Trainer(task, rule(kind), plan, log: log, interrupt: interrupt) {
          if case .step(let progress) = $0, progress.step == interruption { interrupt.raise() }
        }.run()
        guard case .interrupted = outcome else {
          return task.parameters.flatMap(\.value.scalars)
        }
        let resumed = try self.task(.stream)
        _ = try Trainer(resumed, rule(kind), plan).run(resuming: true)
        return resumed.parameters.flatMap(\.value.scalars)
      }
      let (whole, cut) = (try run("whole", interruption: nil), try run("cut", interruption: 2))
      #expect(whole.elementsEqual(cut))
      let log = try String(contentsOfFile: "\(folder)/whole.log", encoding: .utf8)
      let notes =
        kind == .lbfgs
        ? ["\"step_length\":", "\"pairs\":5"] : ["\"damping\":0.1,", "\"cg_iterations\":"]
      for note in notes { #expect(log.contains(note)) }
    }
  }

  @Test("a model with dropout has none, and a task without one is refused")
  func refusals() throws {
    #expect(throws: ModelError.self) { try task(.stream, dropout: 0.2).objective(at: position(0)) }

    final class Plain: TrainingTask {
      let parameters = [Parameter("w", Tensor(zeros: [1]))]
      let stepsPerEpoch = 1
      func loss(at position: StepPosition) -> StepLoss { StepLoss(sum: 0, tokens: 1) }
    }
    let plan = TrainingPlan(epochs: 1, seed: 1, schedule: RateSchedule(base: 1))
    #expect(throws: TrainingError.self) { try Trainer(Plain(), rule(), plan).run() }
    let several = TrainingPlan(
      epochs: 1, accumulation: 2, seed: 1, schedule: RateSchedule(base: 1))
    #expect(throws: TrainingError.invalidPlan("a step of l-bfgs has one batch, not 2")) {
      try Trainer(try task(.stream), rule(.lbfgs), several).run()
    }
    let clipped = TrainingPlan(epochs: 1, seed: 1, schedule: RateSchedule(base: 1), clipNorm: 5)
    #expect(throws: TrainingError.self) {
      try Trainer(try task(.stream), rule(.lbfgs), clipped).run()
    }
    let varied = try LanguageModelTask(
      makeModel(text, cell: .rnn, hidden: 8), text: text, batch: 5, window: 9, variesWindow: true)
    #expect(throws: ModelError.self) { try varied.objective(at: position(0)) }
  }
}

extension LanguageModelTask {
  fileprivate func beginEpochIfFirst(_ index: Int) {
    if index == 0 { beginEpoch(1, key: RandomKey(seed: 1)) }
  }
}

private func relativeError(_ a: [Float], _ b: [Float]) -> Double {
  let difference = zip(a, b).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
  let norm = b.reduce(0.0) { $0 + Double($1) * Double($1) }
  return (norm > 0 ? difference / norm : difference).squareRoot()
}

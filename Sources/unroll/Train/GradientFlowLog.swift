import Learning
import Models

/// Writes how gradients flow into the log of a run: at its start and every so many steps.
struct GradientFlowLog {
  let task: LanguageModelTask
  let log: RunLog
  /// Steps from one measurement to the next.
  let interval: Int

  func handle(_ event: TrainingEvent) {
    switch event {
    case .began(let start) where start.stepsDone == 0: append(step: 0, epoch: 1)
    case .step(let progress) where progress.step % interval == 0:
      append(step: progress.step, epoch: progress.epoch)
    default: break
    }
  }

  private func append(step: Int, epoch: Int) {
    // A log that cannot be written to ends the run with the next line of the run's own.
    try? log.append(task.gradientFlow(), task.model.recurrentSpectrum, step: step, epoch: epoch)
  }
}

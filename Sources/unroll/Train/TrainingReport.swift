import Learning
import Models

extension Console {
  /// Tells what came of a complete run: a line, or an object of JSON.
  func report(
    _ result: TrainingRun.Result<some StoredModel>, output: String, seconds: Double, json: Bool,
    measure: LossMeasure = .perplexity
  ) throws {
    let (summary, best) = (result.summary, result.summary.best)
    if json {
      try self.result(
        JSON.members([
          "model": .string(output), "parameters": .integer(result.model.parameterCount),
          "steps": .integer(summary.steps), "epochs": .integer(summary.epochs.count),
          "end": .string(summary.end.rawValue),
          "training_loss": summary.epochs.last.map { .number($0.trainingLoss) },
          "validation_loss": best.map { .number($0.loss) },
          "validation_perplexity": measure.hasPerplexity
            ? best.map { .number(exp($0.loss)) } : nil,
          "validation_accuracy": measure == .errorRate ? best.map { .number(1 - $0.loss) } : nil,
          "best_epoch": best.map { .integer($0.epoch) },
          "tokens_per_second": .number(result.tokensPerSecond.rounded()),
          "seconds": .number((seconds * 10).rounded() / 10),
        ]).text)
      return
    }
    var line = "\(output): "
    if let best {
      line += "validation \(measure.figure(best.loss)) (epoch \(best.epoch))"
    } else if let epoch = summary.epochs.last {
      line += measure.training(epoch.trainingLoss)
    }
    line += ", \(Format.plural(summary.steps, "step")) in \(Format.duration(seconds))"
    if summary.end == .outOfPatience { line += ", stopped early" }
    try self.result(line)
  }
}

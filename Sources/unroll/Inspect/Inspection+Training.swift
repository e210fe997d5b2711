import Foundation
import Learning
import Models

/// How a model was trained.
extension Inspection {
  static func lines(_ record: TrainingRecord?, _ measure: LossMeasure) -> [String] {
    guard let record else { return ["training      not recorded"] }
    var lines = [
      "training      \(Format.plural(record.steps, "step")), "
        + "\(Format.plural(record.epochs.count, "epoch")), seed \(record.seed)",
      "  text        \(Format.count(record.trainingTokens)) tokens, fingerprint "
        + "\(record.trainingFingerprint)",
    ]
    // What is on or off is off without its flag, and on with the flag alone.
    let recipe = record.recipe.filter { $0.value != "false" }.sorted { $0.key < $1.key }
      .map { $0.value == "true" ? "--\($0.key)" : "--\($0.key) \($0.value)" }
      .joined(separator: " ")
    lines.append("  recipe      \(recipe)")
    for epoch in record.epochs {
      let validation =
        epoch.validationLoss.map { "  validation \(measure.figure($0))" } ?? ""
      lines.append(
        "  epoch \(padded("\(epoch.epoch)", to: 5)) \(measure.training(epoch.trainingLoss))"
          + validation)
    }
    if let best = record.best {
      lines.append(
        "  kept        step \(Format.count(best.step)), validation \(measure.figure(best.loss))")
    }
    return lines
  }

  static func json(_ record: TrainingRecord) -> JSON {
    JSON.members([
      "seed": .string(String(record.seed)), "steps": .integer(record.steps),
      "training_tokens": .integer(record.trainingTokens),
      "training_fingerprint": .string(record.trainingFingerprint),
      "recipe": .object(
        record.recipe.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }),
      "epochs": .array(
        record.epochs.map {
          JSON.members([
            "epoch": .integer($0.epoch), "step": .integer($0.step),
            "training_loss": .number($0.trainingLoss),
            "validation_loss": $0.validationLoss.map { .number($0) }, "rate": .number($0.rate),
          ])
        }),
      "best": record.best.map {
        JSON.members([
          "epoch": .integer($0.epoch), "step": .integer($0.step), "loss": .number($0.loss),
        ])
      },
    ])
  }
}

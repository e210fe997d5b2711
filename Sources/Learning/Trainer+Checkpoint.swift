import Foundation
import ModelFiles
import Tensors

extension Trainer {
  /// What the run is: the plan's identity and all that the numbers of the run depend on. The number
  /// of epochs is part of it only where the rate depends on it, so other runs can be prolonged.
  var identity: [String: String] {
    var identity = plan.identity
    identity["optimizer"] = optimizer.kind.rawValue
    for (name, value) in optimizer.hyperparameters { identity[name] = value }
    identity["learning rate"] = "\(plan.schedule.base)"
    identity["schedule"] = "\(plan.schedule.course)"
    identity["warm-up steps"] = "\(plan.schedule.warmupSteps)"
    identity["seed"] = "\(plan.seed)"
    identity["steps per epoch"] = "\(task.stepsPerEpoch)"
    identity["accumulation"] = plan.accumulation > 1 ? "\(plan.accumulation)" : nil
    identity["clip value"] = plan.clipValue.map { "\($0)" }
    identity["clip norm"] = plan.clipNorm.map { "\($0)" }
    identity["overflow decay"] = plan.overflowDecay.map { "\($0)" }
    identity["patience"] = plan.patience.map { "\($0)" }
    identity["validation interval"] = plan.validationInterval.map { "\($0)" }
    identity["step limit"] = plan.stepLimit.map { "\($0)" }
    if case .cosine = plan.schedule.course { identity["epochs"] = "\(plan.epochs)" }
    return identity
  }

  /// Makes the folder, and finds out before the work whether it can be written to.
  func prepareFolder() throws {
    guard let directory = plan.checkpoints?.directory else { return }
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw TrainingError.unwritable(path: directory, reason: error.localizedDescription)
    }
    try AtomicFile.checkWritable(Checkpoint.path(in: directory))
  }

  /// The run as it is now. Tensors share their memory until the next step changes them.
  func checkpoint() throws -> Checkpoint {
    var bestTensors: [String: Tensor] = [:]
    // The parameters as they are may stand for the best, unless it is averages that are kept.
    let isPresent =
      record.best?.step == record.step && optimizer.averages(of: parameters) == nil
    if let best, !isPresent {
      for (parameter, value) in zip(parameters, best) { bestTensors[parameter.name] = value }
    }
    return Checkpoint(
      record: Checkpoint.Record(
        identity: identity, run: record, optimizerUpdates: optimizer.state.updates,
        optimizerNumbers: optimizer.state.numbers.isEmpty ? nil : optimizer.state.numbers,
        logBytes: try log?.byteCount),
      parameters: Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.value) }),
      optimizer: optimizer.state.tensors, carried: task.carriedState, best: bestTensors)
  }

  /// Takes over the run in the plan's folder, apart from the carried state. Nothing is changed
  /// before everything has been checked.
  func loadCheckpoint() throws -> Checkpoint {
    guard let directory = plan.checkpoints?.directory else {
      throw TrainingError.invalidPlan(
        "a run is resumed from a folder of checkpoints, none is given")
    }
    let path = Checkpoint.path(in: directory)
    let checkpoint = try Checkpoint(path: path)
    let differences = checkpoint.differences(identity: identity, parameters: parameters)
    guard differences.isEmpty else {
      throw TrainingError.foreignCheckpoint(path: path, differences: differences)
    }
    let byName = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0) })
    for (name, tensor) in checkpoint.optimizer {
      // The name is `slot.parameter`.
      let words = name.split(separator: ".", maxSplits: 1).map(String.init)
      let expected = words.last.flatMap { byName[$0] }.flatMap {
        optimizer.shape(ofSlot: words[0], for: $0)
      }
      guard words.count == 2, expected == tensor.shape else {
        throw TrainingError.unusableCheckpoint(
          path: path, reason: "optimizer.\(name) of shape \(tensor.shape) fits no parameter")
      }
    }
    let run = checkpoint.record.run
    let best = run.best.map {
      $0.step == run.step && checkpoint.best.isEmpty ? checkpoint.parameters : checkpoint.best
    }
    if let best, let missing = parameters.first(where: { best[$0.name]?.shape != $0.shape }) {
      throw TrainingError.unusableCheckpoint(
        path: path, reason: "it has no best.\(missing.name) of shape \(missing.shape)")
    }
    for parameter in parameters {
      if let value = checkpoint.parameters[parameter.name] { parameter.value = value }
    }
    self.best = best.map { best in parameters.compactMap { best[$0.name] } }
    optimizer.state = OptimizerState(
      updates: checkpoint.record.optimizerUpdates, tensors: checkpoint.optimizer,
      numbers: checkpoint.record.optimizerNumbers ?? [:])
    record = run
    lastCheckpoint = path
    return checkpoint
  }
}

import ArgumentParser
import Foundation
import Learning
import ModelFiles

/// The flags that say where a training run is kept.
struct KeepingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder of the run's checkpoint and log (default: OUTPUT.checkpoint while it runs).",
      valueName: "folder"),
    completion: .directory)
  var checkpoint: String?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Save the run every so many steps.", valueName: "n")
  )
  var checkpointEvery: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Save the run every x minutes (default: 10).", valueName: "x"))
  var checkpointMinutes: Double?
  @Flag(help: "Go on with the run that was saved.")
  var resume = false
  @Option(
    help: ArgumentHelp(
      "Write the run's log, JSON lines, to a file (default: log.jsonl in the --checkpoint folder).",
      valueName: "file"),
    completion: .file())
  var log: String?

  /// The files of a run whose model goes to `output`.
  func files(_ settings: inout Settings, output: String) throws -> RunFiles {
    RunFiles(
      output: output,
      checkpointFolder: try settings.value("checkpoint", checkpoint, .notEmpty),
      checkpointSteps: try settings.value("checkpoint-every", checkpointEvery, .atLeast(1)),
      checkpointSeconds: 60
        * (try settings.value("checkpoint-minutes", checkpointMinutes, default: 10, .positive)),
      isResumed: try settings.isOn("resume", resume),
      log: try settings.value("log", log, .notEmpty))
  }
}

/// Where a training run is kept.
struct RunFiles {
  /// Where the model goes.
  var output: String
  /// nil for a folder beside the output that is gone when the run is complete.
  var checkpointFolder: String?
  var checkpointSteps: Int?
  var checkpointSeconds: Double
  var isResumed: Bool
  /// nil for none, or the one in the folder of checkpoints if that was asked for.
  var log: String?

  /// The folder of checkpoints.
  var folder: String { checkpointFolder ?? output + ".checkpoint" }
  /// The run's log; nil for none.
  var logPath: String? { log ?? checkpointFolder.map { "\($0)/log.jsonl" } }

  /// The files that are written, each with its option.
  var outputs: [(option: String, path: String?)] {
    [
      ("--output", output), ("--checkpoint", Checkpoint.path(in: folder)),
      (log == nil ? "--checkpoint" : "--log", logPath),
    ]
  }

  /// When and where checkpoints are written.
  var checkpoints: CheckpointPolicy {
    CheckpointPolicy(
      directory: folder, everySteps: checkpointSteps, everySeconds: checkpointSeconds)
  }

  /// A word about an earlier run that was stopped and is about to be written over.
  var earlierRun: String? {
    guard !isResumed, Checkpoint.exists(in: folder) else { return nil }
    return "\(folder) holds an earlier run, which this one replaces; --resume would go on with it"
  }

  /// Takes the folder away that was made beside the output, unless there is more in it.
  func removeFolder(withCheckpoint: Bool) {
    guard checkpointFolder == nil else { return }
    if withCheckpoint { try? FileManager.default.removeItem(atPath: Checkpoint.path(in: folder)) }
    rmdir(folder)
  }
}

import ModelFiles
import Models
import Tensors

/// A training run as a verb has set it up: what it reads, and where its model goes.
protocol TrainingSetup {
  associatedtype Model: StoredModel

  var files: RunFiles { get }
  /// The files that it reads, each with what it is. Throws where a file that names others cannot be read.
  var inputs: [(role: String, path: String?)] { get throws }
  /// How its losses are told.
  var measure: LossMeasure { get }

  /// Trains and writes the model.
  ///
  /// - Throws: `ExitCode` if a signal has stopped it, after it was saved.
  func run(_ console: Console) throws -> TrainingRun.Result<Model>
}

extension CommonOptions {
  /// Makes a training run, and tells what came of it.
  func train(_ setup: some TrainingSetup, threads: Int, _ console: Console) throws {
    try refuseSharedFiles(outputs: setup.files.outputs, inputs: try setup.inputs)
    let start = secondsNow()
    let result = try withThreads(threads) {
      // Before anything is read, which may take a while.
      try AtomicFile.checkWritable(setup.files.output)
      return try setup.run(console)
    }
    try console.report(
      result, output: setup.files.output, seconds: secondsNow() - start, json: json,
      measure: setup.measure)
  }
}

/// What a model is judged by as it learns.
enum HeldOut: Equatable {
  case nothing
  /// What is in a file.
  case file(String)
  /// A share of what there is to learn from.
  case share(Double)

  /// - Throws: `Failure` if both flags are given.
  init(valid: String?, share: Double?) throws {
    switch (valid, share) {
    case (nil, nil): self = .nothing
    case (let path?, nil): self = .file(path)
    case (nil, let share?): self = .share(share)
    default:
      throw Failure.usage(
        "--valid and --valid-share both say what is held out; expected one of them")
    }
  }

  /// The file, if it is one.
  var path: String? {
    if case .file(let path) = self { path } else { nil }
  }

  /// The share, if it is one.
  var share: Double? {
    if case .share(let share) = self { share } else { nil }
  }
}

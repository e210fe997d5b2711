import ArgumentParser
import Corpora
import Models

/// The flags that say which pairs a translator learns from. Each is also a key of a configuration file.
struct PairOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Sources to learn from, one a line.", valueName: "file"),
    completion: .file())
  var source: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Their targets, line by line.", valueName: "file"), completion: .file())
  var target: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Instead: pairs to learn from, source, tab and target on a line.", valueName: "file"),
    completion: .file())
  var train: [String] = []
  @Option(
    help: ArgumentHelp("Sources to judge the model by as it learns.", valueName: "file"),
    completion: .file())
  var validSource: String?
  @Option(
    help: ArgumentHelp("Their targets.", valueName: "file"), completion: .file())
  var validTarget: String?
  @Option(
    help: ArgumentHelp(
      """
      Instead: pairs to judge it by; lines with the same source, and further targets behind tabs, are targets \
      that are all right.
      """, valueName: "file"),
    completion: .file())
  var valid: String?

  func choice(_ settings: inout Settings) throws -> PairChoice {
    let sources = try settings.list("source", source)
    let targets = try settings.list("target", target)
    let pairs = try settings.list("train", train)
    guard pairs.isEmpty || sources.isEmpty && targets.isEmpty else {
      throw Failure.usage(
        "--train and --\(sources.isEmpty ? "target" : "source") both say what is learned from; expected one "
          + "of them")
    }
    let validSource = try settings.value("valid-source", validSource, .notEmpty)
    let validTarget = try settings.value("valid-target", validTarget, .notEmpty)
    let valid = try settings.value("valid", valid, .notEmpty)
    guard sources.count == targets.count else {
      throw Failure.usage(
        "\(Format.plural(sources.count, "file")) of --source and \(targets.count) of --target; expected "
          + "as many of each")
    }
    guard (validSource == nil) == (validTarget == nil) else {
      throw Failure.usage("--valid-source and --valid-target go together")
    }
    guard valid == nil || validSource == nil else {
      throw Failure.usage(
        "--valid and --valid-source both say what is held out; expected one of them")
    }
    return PairChoice(
      training: zip(sources, targets).map { .pair(source: $0, target: $1) }
        + pairs.map(ParallelFile.tabbed),
      validation: valid.map(ParallelFile.tabbed)
        ?? validSource.map { .pair(source: $0, target: validTarget ?? "") })
  }
}

/// The pairs that are learned from, and those that are held out.
struct PairChoice: Equatable {
  var training: [ParallelFile]
  var validation: ParallelFile?

  /// The files that are learned from.
  var names: String {
    training.flatMap { $0.inputs("train", side: "").compactMap(\.path) }.joined(separator: ", ")
  }
}

extension ParallelFile {
  /// The files, each with what it is.
  ///
  /// - Parameters:
  ///   - flag: of a file with both sides; side: what stands before the flags of files with one.
  func inputs(_ flag: String, side: String) -> [(role: String, path: String?)] {
    switch self {
    case .pair(let source, let target):
      [("a file of --\(side)source", source), ("a file of --\(side)target", target)]
    case .tabbed(let path): [("a file of --\(flag)", path)]
    }
  }

  /// The sources, each with all its targets: what is judged by.
  func references() throws -> ReferenceSet {
    switch self {
    case .pair(let source, let target): try ReferenceSet(source: source, targets: [target])
    case .tabbed(let path): try ReferenceSet(reading: path).grouped
    }
  }
}

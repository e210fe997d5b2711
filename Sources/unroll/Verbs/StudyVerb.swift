import ArgumentParser
import Foundation
import Learning
import ModelFiles

/// `unroll study`: figures and tables of the lecture, made again.
struct StudyVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Make a figure or a table of the lecture again, with results and a report.",
    discussion: """
      A study measures many small things one by one and keeps each in results.json as soon as it is \
      found: the same command goes on where it was stopped. Threads measure side by side.

      EXAMPLES
        unroll study long-range --quick
        unroll study long-range --only 'adding/LSTM/*' --seeds 5
        unroll study gradient-flow
      """,
    subcommands: [
      LongRangeVerb.self, GradientFlowVerb.self, DepthVerb.self, WordsVersusCharactersVerb.self,
      RecurrenceVerb.self, TreeVerb.self, TranslationStudyVerb.self, SentenceSpaceVerb.self,
    ])

  /// The flags of all studies.
  struct Options: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Folder of results.json and report.html (default: study-NAME).", valueName: "folder"),
      completion: .directory)
    var output: String?
    @Flag(help: "A small grid that is done in two minutes.")
    var quick = false
    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Seeds 1 to n for each measurement.", valueName: "n"))
    var seeds: Int?
    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "Only measurements whose name has this in it; * is any text. Can be repeated.",
        valueName: "pattern"))
    var only: [String] = []
    @OptionGroup var common: CommonOptions

    /// What all studies read from their flags and the configuration file.
    struct Choice {
      let threads: Int
      let output: String
      let isQuick: Bool
      let seeds: Int?
      let pattern: CellPattern
    }

    func choice(_ settings: inout Settings, study: String) throws -> Choice {
      let isQuick = try settings.isOn("quick", quick)
      return Choice(
        threads: try common.threadCount(&settings),
        output: try settings.value(
          "output", output, default: "study-\(study)" + (isQuick ? "-quick" : ""), .notEmpty),
        isQuick: isQuick, seeds: try settings.value("seeds", seeds, .upTo(1000)),
        pattern: CellPattern(patterns: try settings.list("only", only)))
    }

    /// Runs a study to its end and tells its results.
    ///
    /// - Parameter inputs: the files that it reads, each with what it is.
    /// - Throws: `ExitCode` if a signal has stopped it, after all that was found is saved.
    func run<S: Study>(
      _ study: S, _ choice: Choice, _ console: Console,
      inputs: [(role: String, path: String?)] = []
    ) throws {
      guard !study.cells.isEmpty else {
        throw Failure.usage(
          "--only matches no measurement of \(S.name); their names are like "
            + S.cellExample)
      }
      try common.refuseSharedFiles(
        outputs: ["results.json", "report.html"].map { ("--output", choice.output + "/" + $0) },
        inputs: inputs)
      do {
        try FileManager.default.createDirectory(
          atPath: choice.output, withIntermediateDirectories: true)
      } catch {
        throw Failure("cannot make the folder \(choice.output): \(systemReason(error))")
      }
      let interrupt = InterruptFlag()
      let runner = try StudyRunner(
        study, folder: choice.output, jobs: choice.threads, interrupt: interrupt, console)
      let interrupts = Interrupts {
        interrupt.raise()
        console.message("\nstopping; once more to stop at once")
      }
      defer { interrupts.stop() }
      let done = try runner.run()
      if let status = interrupts.exitStatus, done < study.cells.count {
        let command = shellCommand([Invocation.tool] + CommandLine.arguments.dropFirst())
        console.message(
          "stopped after \(Format.count(done)) of \(Format.count(study.cells.count)) measurements, "
            + "saved to \(choice.output); go on with\n  \(command)")
        throw ExitCode(status)
      }
      try tell(study, runner.findings, choice, console)
    }

    private func tell<S: Study>(
      _ study: S, _ findings: StudyFindings<S>, _ choice: Choice, _ console: Console
    ) throws {
      guard common.json else {
        try console.writeResult(study.table(findings))
        return try console.result("\nreport  \(choice.output)/report.html")
      }
      let encoder = JSONEncoder.ofFindings()
      for cell in study.cells {
        guard let finding = findings[cell] else { continue }
        let value = String(decoding: try encoder.encode(finding), as: UTF8.self)
        try console.result("{\"cell\":\(JSON.string(cell.id).text),\"finding\":\(value)}")
      }
    }
  }
}

/// `unroll study long-range`
struct LongRangeVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: LongRangeStudy.name,
    abstract: "How far back can a recurrent net learn to look, by method and length?",
    discussion: """
      Four problems whose answer lies T steps back (adding, temporal-order, copy-memory, \
      random-permutation), T from 50 to 1000, several methods, three seeds: some hours on two \
      cores. A length is not tried where two shorter ones were solved with no seed.

      Measurements are named PROBLEM/METHOD/T=n/seed n.

      EXAMPLES
        unroll study long-range --quick
        unroll study long-range --only temporal-order --output order
        unroll study long-range --only 'adding/*/T=400' --seeds 5
      """)

  @OptionGroup var options: StudyVerb.Options
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "A run is given up after so many sequences, one of a costlier method after a share of them "
        + "(default: 1000000; quick: 20000).",
      valueName: "n"))
  var sequences: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "A run is given up after so many minutes; results then depend on the machine (default: no limit).",
      valueName: "x"))
  var minutes: Double?

  func run(_ console: Console) throws {
    var settings = try options.common.settings()
    let choice = try options.choice(&settings, study: LongRangeStudy.name)
    var grid = choice.isQuick ? LongRangeStudy.Grid.quick : .full
    grid.limits.sequences = try settings.value(
      "sequences", sequences, default: grid.limits.sequences, .upTo(1_000_000_000))
    let minutes = try settings.value("minutes", minutes, .positive)
    try settings.finish()
    let study = LongRangeStudy(
      grid: grid, seeds: choice.seeds ?? grid.seeds, pattern: choice.pattern, minutes: minutes)
    try options.run(study, choice, console)
  }
}

/// `unroll study gradient-flow`
struct GradientFlowVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: GradientFlowStudy.name,
    abstract: "How does the error flow back through cells of several kinds?",
    discussion: """
      The norm of the gradient in the state by distance from the loss, at the start and after \
      training on the temporal order of 200 symbols, three seeds: some minutes on two cores.

      Measurements are named NET/seed n.

      EXAMPLES
        unroll study gradient-flow --quick
        unroll study gradient-flow --only LSTM --only GRU --output gates
      """)

  @OptionGroup var options: StudyVerb.Options
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("T, the symbols of a sequence (default: 200; quick: 50).", valueName: "n"))
  var steps: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Training ends after so many sequences (default: 100000; quick: 10000).", valueName: "n"))
  var sequences: Int?

  func run(_ console: Console) throws {
    var settings = try options.common.settings()
    let choice = try options.choice(&settings, study: GradientFlowStudy.name)
    let isQuick = choice.isQuick
    let steps = try settings.value(
      "steps", steps, default: isQuick ? 50 : 200,
      Requirement(text: "an integer from 10 to 10000") { (10...10_000).contains($0) })
    let sequences = try settings.value(
      "sequences", sequences, default: isQuick ? 10_000 : 100_000, .upTo(1_000_000_000))
    try settings.finish()
    let study = GradientFlowStudy(
      span: steps, sequences: sequences, seeds: choice.seeds ?? (isQuick ? 2 : 3),
      pattern: choice.pattern)
    try options.run(study, choice, console)
  }
}

import ArgumentParser
import CKernels
import Foundation
import Models
import Recurrent
import Tensors

/// `unroll bench`: how fast this machine trains and predicts.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure speed.",
    discussion: """
      fraction_of_peak is the share of the machine's multiply-add peak, measured in the same run on \
      the same threads, that goes into the net's matrix products.

      EXAMPLES
        unroll bench train
        unroll bench train --shape lm-medium --threads 2 --json
        unroll bench step --shape step-h512-l2 --seconds 5
        unroll bench cells
        unroll bench trees
        unroll bench translator
      """,
    subcommands: [
      BenchTrain.self, BenchStep.self, BenchCells.self, BenchTrees.self, BenchTranslator.self,
    ])

  /// The flags of train and step.
  struct Options: ParsableArguments {
    @Option(help: ArgumentHelp("One shape of the grid (default: all).", valueName: "name"))
    var shape: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("Seconds to measure for.", valueName: "x"))
    var seconds: Double?
    @OptionGroup var common: CommonOptions

    /// What they read from their flags and the configuration file.
    struct Choice {
      let threads: Int
      let shape: String?
      let seconds: Double
    }

    func choice(_ settings: inout Settings, seconds standard: Double) throws -> Choice {
      Choice(
        threads: try common.threadCount(&settings), shape: try settings.value("shape", shape),
        seconds: try settings.value("seconds", seconds, default: standard, .positive))
    }
  }

  /// What precedes the results for a reader.
  static func heading(threads: Int) -> String {
    "\(Format.plural(threads, "thread")), \(String(cString: unroll_isa_name(unroll_isa_current())))"
  }

  /// The shape of a name, or what to say instead.
  static func find<Shape>(_ name: String, in shapes: [(name: String, shape: Shape)]) throws -> Shape
  {
    if let found = shapes.first(where: { $0.name == name }) { return found.shape }
    let names = shapes.map(\.name).filter { $0 != "tiny" }
    throw Failure.usage(
      "--shape is \(name); expected one of \(names.joined(separator: ", "))")
  }
}

/// `unroll bench train`
struct BenchTrain: Verb {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Time full training steps: forward, backward, clip, update.",
    discussion: """
      Shapes: \(TrainShape.all.map(\.name).joined(separator: ", ")).

      EXAMPLES
        unroll bench train
        unroll bench train --shape char-lstm --threads 2 --json
        unroll bench train --softmax sampled nce adaptive class --rounds 3
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      Output layers (sampled, nce, adaptive, class) to compare with the full softmax, in turn, on words \
      that follow Zipf's law.
      """, valueName: "kind"))
  var softmax: [String] = []
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rounds of the comparison of --softmax (default: 3).", valueName: "n"))
  var rounds: Int?
  @OptionGroup var options: Bench.Options

  func run(_ console: Console) throws {
    var settings = try options.common.settings()
    let choice = try options.choice(&settings, seconds: 8)
    let kinds = try outputKinds(&settings)
    let rounds = try settings.value("rounds", rounds, .upTo(1000))
    try settings.finish()
    guard kinds.isEmpty else { return try compare(kinds, choice, rounds: rounds ?? 3, console) }
    guard rounds == nil else { throw Failure.usage("--rounds goes with --softmax") }
    let (threads, seconds) = (choice.threads, choice.seconds)
    guard let name = choice.shape else {
      return try measureApart(threads: threads, seconds: seconds, console)
    }
    let shapes = (TrainShape.all + [.tiny]).map { (name: $0.name, shape: $0) }
    let shape = try Bench.find(name, in: shapes)
    if !options.common.json { console.message(Bench.heading(threads: threads)) }
    let measurement = try withThreads(threads) { try TrainMeasurement(shape, seconds: seconds) }
    let memory = peakMemoryMB()
    if options.common.json {
      try console.result(
        JSON.members([
          "name": .string(name), "threads": .integer(threads),
          "tokens_per_second": .number((measurement.tokensPerSecond * 10).rounded() / 10),
          "fraction_of_peak": .number((measurement.fractionOfPeak * 1e4).rounded() / 1e4),
          "peak_memory_mb": .number((memory * 10).rounded() / 10),
        ]).text)
    } else {
      try console.result(
        String(
          format: "%@ %12.0f tokens/s %6.1f %% of peak %8.0f MB",
          name.padding(toLength: 12, withPad: " ", startingAt: 0), measurement.tokensPerSecond,
          measurement.fractionOfPeak * 100, memory))
    }
  }

  /// The kinds of `--softmax`: each once, without the full one, which is always there.
  private func outputKinds(_ settings: inout Settings) throws -> [OutputKind] {
    let others = OutputKind.allCases.filter { $0 != .full }
    var kinds: [OutputKind] = []
    for name in try settings.list("softmax", softmax) {
      guard let kind = others.first(where: { $0.rawValue == name }), !kinds.contains(kind) else {
        throw Failure.usage(
          "--softmax has \(name); expected \(others.map(\.rawValue).joined(separator: ", ")), each once"
        )
      }
      kinds.append(kind)
    }
    return kinds
  }

  private func compare(
    _ kinds: [OutputKind], _ choice: Bench.Options.Choice, rounds: Int, _ console: Console
  ) throws {
    let shapes = (TrainShape.all + [.tiny]).map { (name: $0.name, shape: $0) }
    let shape = try Bench.find(choice.shape ?? TrainShape.largeVocabulary, in: shapes)
    if !options.common.json { console.message(Bench.heading(threads: choice.threads)) }
    let comparison = try withThreads(choice.threads) {
      try OutputComparison(shape, kinds: kinds, rounds: rounds, seconds: choice.seconds)
    }
    for finding in comparison.findings {
      let (speed, ratio) = (middle(of: finding.speeds), middle(of: finding.ratios))
      let (low, high) = (finding.ratios.min() ?? ratio, finding.ratios.max() ?? ratio)
      if options.common.json {
        try console.result(
          JSON.members([
            "name": .string(shape.name), "softmax": .string(finding.kind.rawValue),
            "threads": .integer(choice.threads), "rounds": .integer(rounds),
            "tokens_per_second": .number((speed * 10).rounded() / 10),
            "times_full": .number((ratio * 1e3).rounded() / 1e3),
            "times_full_lowest": .number((low * 1e3).rounded() / 1e3),
            "times_full_highest": .number((high * 1e3).rounded() / 1e3),
          ]).text)
      } else {
        try console.result(
          String(
            format: "%@ %@ %10.0f tokens/s %6.2f times full (%.2f to %.2f)",
            shape.name.padding(toLength: 12, withPad: " ", startingAt: 0),
            finding.kind.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0), speed, ratio,
            low, high))
      }
    }
  }

  /// Measures each shape in a process of its own, so that its peak of memory is its own.
  private func measureApart(threads: Int, seconds: Double, _ console: Console) throws {
    let json = options.common.json
    if !json { console.message(Bench.heading(threads: threads)) }
    for shape in TrainShape.all {
      let process = Process()
      process.executableURL = Bundle.main.executableURL
      process.arguments = [
        "bench", "train", "--shape", shape.name, "--threads", "\(threads)", "--seconds",
        "\(seconds)",
      ]
      if json { process.arguments?.append("--json") }
      // Our own heading does for all.
      if !json { process.standardError = FileHandle.nullDevice }
      try process.run()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        throw Failure("the measurement of \(shape.name) ended with \(process.terminationStatus)")
      }
    }
  }
}

/// `unroll bench step`
struct BenchStep: Verb {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Time single steps: one token in, logits out, state carried.",
    discussion: """
      Shapes: \(StepShape.all.map(\.name).joined(separator: ", ")); batches of 1 and 8. The \
      median of all threads or of one alone, whichever is less.

      EXAMPLES
        unroll bench step
        unroll bench step --shape step-h256-l1 --json
        unroll bench step --precision half
      """)

  @OptionGroup var options: Bench.Options
  @Option(
    help: "Precision of the weights: single, or half as convert writes them (default: single).")
  var precision: WeightPrecision?

  func run(_ console: Console) throws {
    var settings = try options.common.settings()
    let choice = try options.choice(&settings, seconds: 2)
    let precision = try settings.value("precision", precision, default: .single)
    try settings.finish()
    let named = (StepShape.all + [.tiny]).map { (name: $0.name, shape: $0) }
    let shapes = try choice.shape.map { [try Bench.find($0, in: named)] } ?? StepShape.all
    if !options.common.json { console.message(Bench.heading(threads: choice.threads)) }
    for shape in shapes {
      for batch in StepShape.batches {
        let measurement = try withThreads(choice.threads) {
          try StepMeasurement(
            shape, batch: batch, precision: precision, seconds: choice.seconds / 2)
        }
        try report(shape.name, choice.threads, batch, measurement, console)
      }
    }
  }

  private func report(
    _ name: String, _ threads: Int, _ batch: Int, _ measurement: StepMeasurement,
    _ console: Console
  ) throws {
    if options.common.json {
      return try console.result(
        JSON.members([
          "name": .string(name), "threads": .integer(threads), "batch": .integer(batch),
          "microseconds": .number((measurement.microseconds * 10).rounded() / 10),
          "fraction_of_peak": .number((measurement.fractionOfPeak * 1e4).rounded() / 1e4),
          "peak_memory_mb": .number((peakMemoryMB() * 10).rounded() / 10),
        ]).text)
    }
    try console.result(
      String(
        format: "%@ batch %d %10.1f µs %6.1f %% of peak",
        name.padding(toLength: 16, withPad: " ", startingAt: 0), batch, measurement.microseconds,
        measurement.fractionOfPeak * 100))
  }
}

/// `unroll bench cells`
struct BenchCells: Verb {
  static let configuration = CommandConfiguration(
    commandName: "cells",
    abstract: "Time training steps of one layer of every cell.",
    discussion: """
      Forward, backward and update, T = 50, B = 32, all cells in turn; beside each the time a token \
      as a multiple of the plain cell's of its family. The last line is the LSTM once more, written \
      from plain operations as a cell of one's own would be.

      EXAMPLES
        unroll bench cells
        unroll bench trees
        unroll bench translator
        unroll bench cells --hidden 128 --seconds 1 --json
      """)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Units, and features of an input (default: 512).", valueName: "n"))
  var hidden: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Seconds to measure each cell for (default: 2).", valueName: "x"))
  var seconds: Double?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    var extent = CellMeasurement.Extent()
    extent.features = try settings.value("hidden", hidden, default: extent.features, .upTo(2048))
    let seconds = try settings.value("seconds", seconds, default: 2, .positive)
    try settings.finish()
    if !common.json { console.message(Bench.heading(threads: threads)) }
    let found = withThreads(threads) {
      CellMeasurement(CellEntry.all, extent, seconds: seconds).seconds
    }
    for entry in CellEntry.all {
      guard let time = found[entry.name], let base = found[entry.base] else { continue }
      let rate = Double(extent.steps * extent.batch) / time
      if common.json {
        try console.result(
          JSON.members([
            "name": .string(entry.name), "threads": .integer(threads),
            "hidden": .integer(extent.features),
            "tokens_per_second": .number((rate * 10).rounded() / 10),
            "times": .number((time / base * 1e3).rounded() / 1e3), "of": .string(entry.base),
          ]).text)
      } else {
        try console.result(
          String(
            format: "%@ %12.0f tokens/s %8.2f times the time of %@",
            entry.name.padding(toLength: 24, withPad: " ", startingAt: 0), rate, time / base,
            entry.base))
      }
    }
  }
}

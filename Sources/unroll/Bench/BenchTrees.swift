import ArgumentParser
import Corpora
import Foundation
import Models
import Recurrent

/// `unroll bench trees`
struct BenchTrees: Verb {
  static let configuration = CommandConfiguration(
    commandName: "trees",
    abstract: "Time a classifier of trees: full training steps, and reading.",
    discussion: """
      Embedding, tree cell, softmax on the root; a step is forward, backward, clip and Adam. Trees of a \
      file, or 1,000 expressions of ListOps.

      EXAMPLES
        unroll bench trees --threads 1
        unroll bench trees --file train.conllu --cell child-sum --batch 25 --json
      """)

  @Option(
    help: ArgumentHelp("Trees to measure with (default: ListOps).", valueName: "file"),
    completion: .file())
  var file: String?
  @Option(help: "How trees are taken: trees, binary or sequence (default: trees).")
  var reading: TreeReading?
  @Option(help: "The tree cell: child-sum, n-ary or recursive (default: child-sum).")
  var cell: TreeCellKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Features of a word's vector (default: 128).", valueName: "n"))
  var embedding: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Units of a node's state (default: 128).", valueName: "n"))
  var hidden: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Trees side by side (default: 32).", valueName: "n"))
  var batch: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Seconds to measure for (default: 5).", valueName: "x"))
  var seconds: Double?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let file = try settings.value("file", file, .notEmpty)
    let reading = try settings.value("reading", reading, default: .trees)
    let cell = try settings.value("cell", cell, default: .childSum)
    let embedding = try settings.value("embedding", embedding, default: 128, .upTo(8192))
    let hidden = try settings.value("hidden", hidden, default: 128, .upTo(8192))
    let batch = try settings.value("batch", batch, default: 32, .upTo(1_000_000))
    let seconds = try settings.value("seconds", seconds, default: 5, .positive)
    try settings.finish()
    if !common.json { console.message(Bench.heading(threads: threads)) }
    let bank =
      try file.map { try TreeFormat(ofFile: $0).read(file: $0, as: reading) }
      ?? ListOps().bank(.training, count: 1000, seed: 1, reading)
    let measurement = try withThreads(threads) {
      try TreeMeasurement(
        bank,
        TreeClassifierConfiguration(
          words: WordEncoderConfiguration(lookUpSize: embedding), reading: reading, cell: cell,
          hiddenSize: hidden, arity: try bank.arity(for: cell)),
        batch: batch, seconds: seconds)
    }
    if common.json {
      return try console.result(
        JSON.members([
          "name": .string(cell.rawValue), "threads": .integer(threads),
          "nodes": .number((measurement.nodesPerTree * 10).rounded() / 10),
          "trees_per_second": .number((measurement.trainedPerSecond * 10).rounded() / 10),
          "trees_per_processor_second": .number(
            (measurement.trainedPerProcessorSecond * 10).rounded() / 10),
          "read_per_second": .number((measurement.readPerSecond * 10).rounded() / 10),
          "peak_memory_mb": .number((peakMemoryMB() * 10).rounded() / 10),
        ]).text)
    }
    try console.result(
      String(
        format: "%@ %6.1f nodes a tree  training %8.0f trees/s  reading %8.0f trees/s",
        cell.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0),
        measurement.nodesPerTree, measurement.trainedPerSecond, measurement.readPerSecond))
  }
}

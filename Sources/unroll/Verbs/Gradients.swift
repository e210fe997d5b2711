import ArgumentParser
import Corpora
import Foundation
import Learning
import ModelFiles
import Models

/// `unroll gradients`
struct Gradients: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Show how gradients flow back through a model's layers and time.",
    discussion: """
      Reads windows of a text side by side, which begin equally far apart over all of it (the first \
      lines, if the model is one of sentences), each from a fresh state and without dropout. Shows \
      the norm of the loss's gradient with respect to every layer's state at every step; how much a \
      state depends on an earlier one (the singular values of the Jacobian); how often gates are \
      nearly shut or open; and the spectra of the recurrent matrices. With --last the loss is that \
      of the last step alone, so what arrives earlier came all the way back.

      EXAMPLES
        unroll gradients model.safetensors text.txt
        unroll gradients model.safetensors text.txt --last --steps 100 --html gradients.html
        unroll gradients model.safetensors text.txt --json
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "A text file.", completion: .file())
  var file: String
  @Option(
    help: ArgumentHelp("Draw it as a page too.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var html: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps of a window (default: 50).", valueName: "n"))
  var steps: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Windows side by side (default: 8).", valueName: "n"))
  var batch: Int?
  @Flag(help: "Take the loss of the last step alone.")
  var last = false
  @Flag(
    help: """
      Compute the Jacobians of a state of more than 1,024 numbers too, which can take minutes.
      """)
  var jacobians = false
  @OptionGroup var common: CommonOptions

  /// Above this the Jacobians of one layer take more than some ten seconds.
  private static let largestState = 1024

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let html = try settings.value("html", html, .notEmpty)
    let steps = try settings.value("steps", steps, default: 50, .upTo(1_000_000))
    let batch = try settings.value("batch", batch, default: 8, .upTo(1_000_000))
    let isLastOnly = try settings.isOn("last", last)
    let isForced = try settings.isOn("jacobians", jacobians)
    try settings.finish()
    try common.refuseSharedFiles(
      outputs: [("--html", html)],
      inputs: [("the model that is read", model), ("the text that is read", file)])
    if let html { try AtomicFile.checkWritable(html) }
    try withThreads(threads) {
      let model = try loadLanguageModel(model, for: "gradients")
      let batch = try read(file, for: model, steps: steps, batch: batch, isLastOnly)
      let hasJacobians = isForced || model.largestStateSize <= Self.largestState
      let report = GradientReport(
        model: self.model, file: file, architecture: model.configuration.summary, batch: batch,
        isLastOnly: isLastOnly,
        flow: model.gradientFlow(
          on: batch,
          distances: hasJacobians ? GradientReport.distances(below: batch.steps + 1) : []),
        spectrum: model.recurrentSpectrum)
      if let html { try AtomicFile.write(report.page.html, to: html) }
      if common.json {
        try console.result(report.json.text)
        return
      }
      try console.writeResult(report.text)
      if !hasJacobians {
        console.message(
          "a layer's state has \(Format.count(model.largestStateSize)) numbers, so the Jacobians are "
            + "left out; --jacobians computes them")
      }
      if let html { try console.result("\npage        \(html)") }
    }
  }

  private func read(
    _ file: String, for model: LanguageModel, steps: Int, batch: Int, _ isLastOnly: Bool
  ) throws -> FlowBatch {
    let text = try TextFile.read(file)
    do {
      return try FlowBatch(text, for: model, steps: steps, batch: batch, lastOnly: isLastOnly)
    } catch let error as ModelError {
      throw Failure("\(file): \(error)")
    } catch let error as CorpusError {
      throw Failure("\(file): \(error)")
    }
  }
}

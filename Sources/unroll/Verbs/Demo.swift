import ArgumentParser
import Foundation
import Learning
import ModelFiles
import Models

/// `unroll demo`
struct Demo: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Learn the text under a folder in about two minutes, and show what came of it.",
    discussion: """
      Gathers the text files under PATH, trains a character LSTM on them, compares it on held-out \
      text with a unigram and a trigram model, and writes the model and a report. Ctrl-C ends the \
      training early and keeps what was learnt.

      How many steps fit into the time is measured, so two runs differ even with one seed.

      EXAMPLES
        unroll demo
        unroll demo ~/Documents/novel --minutes 5
        unroll demo book.txt --output book-demo
      """)

  @Argument(help: "A folder or a text file (default: the current folder).", completion: .file())
  var path: String = "."
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Minutes of training (default: 2).", valueName: "x")
  )
  var minutes: Double?
  @Option(
    help: ArgumentHelp("Folder of the results (default: unroll-demo).", valueName: "folder"),
    completion: .directory)
  var output: String?
  @Flag(help: .hidden)
  var tiny = false
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let seed = try seed.value(&settings)
    let minutes = try settings.value("minutes", minutes, default: 2, .positive)
    let output = try settings.value("output", output, default: "unroll-demo", .notEmpty)
    try settings.finish()

    var gatherer = TextGatherer()
    gatherer.ownOutput = output
    let text = try gatherer.gather(path)
    try common.refuseSharedFiles(
      outputs: ["model.safetensors", "report.html"].map { ("--output", output + "/" + $0) },
      inputs: text.files.map { ("a text that is read", filePath($0)) })
    try prepare(output)
    console.message(
      "\(Format.count(text.characters)) characters from \(Format.plural(text.files.count, "file")); "
        + "training for about \(Format.duration(minutes * 60))")
    let training = DemoTraining(
      seconds: minutes * 60, seed: seed, text: text, shape: tiny ? .tiny : .usual)
    try withThreads(threads) {
      let result = try train(training, console)
      console.message("comparing and sampling")
      let findings = try DemoFindings(
        result.model, text, sampleLength: training.shape.sampleLength, seed: seed)
      let commands = commands(output, training)
      try save(training, result, to: output + "/model.safetensors")
      let report = RunReport(
        training, result, findings, folder: folderName, commands: commands)
      try AtomicFile.write(report.html, to: output + "/report.html")
      try tell(result, findings, output, commands, console)
    }
  }

  /// Makes the folder, and finds out before the work whether it can be written to.
  private func prepare(_ output: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: output, withIntermediateDirectories: true)
    } catch {
      throw Failure("cannot make the folder \(output): \(systemReason(error))")
    }
    try AtomicFile.checkWritable(output + "/model.safetensors")
    try AtomicFile.checkWritable(output + "/report.html")
  }

  private func train(_ training: DemoTraining, _ console: Console) throws -> DemoTraining.Result {
    let interrupt = InterruptFlag()
    let interrupts = Interrupts {
      interrupt.raise()
      console.message("\nending the training here; once more to stop at once")
    }
    defer { interrupts.stop() }
    var bar = ProgressBar(console)
    let result = try training.run(interrupt: interrupt) { event in
      switch event {
      case .step(let progress): bar.show(ProgressLine(progress))
      case .validated(let validation):
        bar.say(
          "step \(Format.count(validation.step))  held-out loss \(Format.number(validation.loss))"
            + "  perplexity \(Format.number(exp(validation.loss)))")
      default: break
      }
    }
    bar.clear()
    return result
  }

  private func save(
    _ training: DemoTraining, _ result: DemoTraining.Result, to path: String
  ) throws {
    var model = result.model
    var recipe: [String: String] = [:]
    let flags = training.flags
    for index in stride(from: 0, to: flags.count, by: 2) {
      recipe[String(flags[index].dropFirst(2))] = flags[index + 1]
    }
    recipe["steps"] = "\(result.summary.steps)"
    model.trainingRecord = TrainingRecord(
      recipe: recipe, seed: training.seed, trainingTokens: result.task.trainingTokens,
      trainingFingerprint: result.task.trainingFingerprint, steps: result.summary.steps,
      epochs: result.summary.epochs, best: result.summary.best)
    try model.save(to: path)
  }

  /// What the text is called in the report.
  private var folderName: String {
    let name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    return name.isEmpty || name == "/" ? path : name
  }

  /// Three commands that work as they stand.
  private func commands(_ output: String, _ training: DemoTraining) -> [String] {
    let (tool, model) = (Invocation.tool, output + "/model.safetensors")
    let largest = training.text.files.max { size(of: $0) < size(of: $1) } ?? ""
    let file = filePath(largest)
    return [
      [tool, "generate", model, "--length", "1000", "--temperature", "0.7", "--seed", "2"],
      [tool, "evaluate", model, file],
      [tool, "train", "lm", "--train", file] + training.flags
        + ["--epochs", "20", "--output", output + "/own.safetensors"],
    ].map(shellCommand)
  }

  private func filePath(_ file: String) -> String {
    if file.isEmpty { return path }
    if path == "." { return file }
    return path.hasSuffix("/") ? path + file : path + "/" + file
  }

  private func size(of file: String) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: filePath(file))
    return (attributes?[.size] as? NSNumber)?.intValue ?? 0
  }

  private func tell(
    _ result: DemoTraining.Result, _ findings: DemoFindings, _ output: String,
    _ commands: [String], _ console: Console
  ) throws {
    if common.json {
      return try console.result(json(result, findings, output, commands).text)
    }
    var lines = ["held-out perplexity, a character:"]
    for baseline in findings.baselines {
      lines.append("  \(baseline.name)    \(Format.number(baseline.perplexity))")
    }
    lines.append("  this LSTM  \(Format.number(findings.evaluation.perplexity))")
    for sample in findings.samples {
      lines += ["", "--- temperature \(sample.temperature) ---", sample.text]
    }
    lines += [
      "", "model   \(output)/model.safetensors", "report  \(output)/report.html", "", "try next:",
    ]
    lines += commands.map { "  " + $0 }
    try console.writeResult(lines.joined(separator: "\n") + "\n")
  }

  private func json(
    _ result: DemoTraining.Result, _ findings: DemoFindings, _ output: String,
    _ commands: [String]
  ) -> JSON {
    JSON.members([
      "model": .string(output + "/model.safetensors"), "report": .string(output + "/report.html"),
      "steps": .integer(result.summary.steps),
      "seconds": .number((result.seconds * 10).rounded() / 10),
      "tokens_per_second": .number(result.tokensPerSecond.rounded()),
      "tokens": .integer(findings.evaluation.tokens),
      "cross_entropy": .number(findings.evaluation.crossEntropy),
      "perplexity": .number(findings.evaluation.perplexity),
      "baselines": .object(
        findings.baselines.map { ("\($0.name)_perplexity", .number($0.perplexity)) }),
      "samples": .array(
        findings.samples.map {
          JSON.members(["temperature": .number($0.temperature), "text": .string($0.text)])
        }),
      "commands": .array(commands.map { .string($0) }),
    ])
  }
}

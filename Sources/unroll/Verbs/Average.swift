import ArgumentParser
import ModelFiles
import Models

/// `unroll average`
struct Average: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Write the mean of models: their weights, number by number.",
    discussion: """
      Of models of one architecture and vocabulary, such as several checkpoints of a run: the mean often does \
      better than any of them, and costs no more than one.

      EXAMPLES
        unroll average epoch8.safetensors epoch9.safetensors epoch10.safetensors \
      --output mean.safetensors
      """)

  @Argument(help: "Model files.", completion: .file(extensions: ["safetensors"]))
  var models: [String]
  @Option(help: ArgumentHelp("Where the mean goes.", valueName: "file"))
  var output: String?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    _ = try common.threadCount(&settings)
    let output = try settings.value("output", output, .notEmpty)
    try settings.finish()
    guard let output else { throw Failure.usage("nowhere to put the mean: --output FILE") }
    guard models.count >= 2 else {
      throw Failure.usage("\(Format.plural(models.count, "model")); a mean is of at least 2")
    }
    try common.refuseSharedFiles(
      outputs: [("--output", output)], inputs: models.map { ("a model", $0) })
    let first = try loadModel(models[0])
    var mean = try ModelMean(first)
    for path in models.dropFirst() { try mean.add(try loadModel(path), from: path) }
    try mean.finish().save(to: output)
    if common.json {
      return try console.result(
        JSON.members([
          "output": .string(output), "models": .integer(models.count),
          "parameters": .integer(first.parameterCount),
        ]).text)
    }
    console.message(
      "\(output): the mean of \(Format.count(models.count)) models of "
        + "\(Format.count(first.parameterCount)) weights")
  }
}

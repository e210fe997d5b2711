import ArgumentParser
import Foundation
import Models

/// `unroll convert`
struct Convert: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Write a model with weights of another precision.",
    discussion: """
      Half precision keeps 11 bits of each weight. The file is half as large, and generating token by \
      token, which waits for the weights to be read, up to twice as fast. Arithmetic stays single \
      precision; evaluate shows what the rounding costs.

      EXAMPLES
        unroll convert model.safetensors --output small.safetensors
        unroll convert small.safetensors --output again.safetensors --precision single
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Option(help: ArgumentHelp("Where the new model goes.", valueName: "file"))
  var output: String?
  @Option(help: "Precision of the weights: half or single (default: half).")
  var precision: WeightPrecision?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    _ = try common.threadCount(&settings)
    let output = try settings.value("output", output, .notEmpty)
    let precision = try settings.value("precision", precision, default: .half)
    try settings.finish()
    guard let output else { throw Failure.usage("nowhere to put the model: --output FILE") }
    // Onto the model itself is allowed: the file is replaced when the new one is whole.
    try common.refuseSharedFiles(outputs: [("--output", output)])
    let loaded = try loadModel(model)
    let before = try bytes(of: model)
    try loaded.save(to: output, precision: precision)
    let after = try bytes(of: output)
    if common.json {
      return try console.result(
        JSON.members([
          "output": .string(output), "precision": .string(precision.rawValue),
          "parameters": .integer(loaded.parameterCount), "bytes": .integer(after),
          "bytes_before": .integer(before),
        ]).text)
    }
    console.message(
      "\(output): \(Format.count(loaded.parameterCount)) weights in \(precision.rawValue) precision, "
        + "\(Format.count(after)) bytes; \(model) has \(Format.count(before))")
  }

  private func bytes(of path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.size] as? NSNumber)?.intValue ?? 0
  }
}

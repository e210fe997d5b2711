import ArgumentParser
import Foundation
import Models
import Tensors

/// `unroll generate`
struct Generate: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Let a model write.",
    discussion: """
      The text appears as it is drawn. The same seed gives the same text.

      EXAMPLES
        unroll generate model.safetensors
        unroll generate model.safetensors --prompt "To be" --length 1000 --temperature 0.8
        unroll generate model.safetensors --top-p 0.9 --seed 3 | head -20
        unroll generate model.safetensors --temperature 0      # always the likeliest
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Option(help: ArgumentHelp("What to continue (default: nothing).", valueName: "text"))
  var prompt: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Tokens to write (default: 500 characters, 100 words).", valueName: "n"))
  var length: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Below 1 the likely becomes likelier; 0 takes the likeliest (default: 1).", valueName: "x"))
  var temperature: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Draw from the n likeliest tokens only.", valueName: "n"))
  var topK: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Draw from the likeliest tokens that together have probability x only.", valueName: "x"))
  var topP: Double?
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let prompt = try settings.value("prompt", prompt, default: "")
    let length = try settings.value("length", length, .atLeast(1))
    let sampling = Sampling(
      temperature: try settings.value("temperature", temperature, default: 1, .notNegative),
      topK: try settings.value("top-k", topK, .atLeast(1)),
      topP: try settings.value("top-p", topP, .share))
    let key = RandomKey(seed: try seed.value(&settings))
    try settings.finish()

    try withThreads(threads) {
      let model = try loadLanguageModel(model, for: "generate")
      let usual = model.configuration.level == .words ? 100 : 500
      var text = ""
      var failure: (any Error)?
      if !common.json { try console.writeResult(prompt) }
      try model.generate(
        prompt: prompt, length: length ?? usual, sampling: sampling, key: key
      ) { piece in
        if common.json {
          text += piece
          return true
        }
        do { try console.writeResult(piece) } catch { failure = error }
        return failure == nil
      }
      if let failure { throw failure }
      try common.json
        ? console.result(JSON.members(["prompt": .string(prompt), "text": .string(text)]).text)
        : console.writeResult("\n")
    }
  }
}

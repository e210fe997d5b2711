import ArgumentParser
import Corpora
import Foundation
import Models

/// `unroll evaluate`
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how well a model predicts a text.",
    discussion: """
      The whole text counts, its first token too; the state is carried from beginning to end. \
      Perplexity is e to the cross-entropy, which is in nats a token.

      EXAMPLES
        unroll evaluate model.safetensors test.txt
        unroll evaluate model.safetensors test.txt --json
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "A text file.", completion: .file())
  var file: String
  @OptionGroup var common: CommonOptions

  func run() throws { try run(.standard) }

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    try settings.finish()
    try withThreads(threads) {
      let model = try LanguageModel(contentsOf: model)
      let text = try EvaluationText(TextFile.read(file), for: model)
      let start = secondsNow()
      let evaluation = model.evaluate(text)
      try report(evaluation, model.configuration.level, seconds: secondsNow() - start, console)
    }
  }

  private func report(
    _ evaluation: Evaluation, _ level: Tokenizer, seconds: Double, _ console: Console
  ) throws {
    let speed = Double(evaluation.tokens) / max(seconds, 1e-9)
    if common.json {
      try console.result(
        JSON.members([
          "tokens": .integer(evaluation.tokens),
          "unknown_tokens": .integer(evaluation.unknownTokens),
          "cross_entropy": .number(evaluation.crossEntropy),
          "perplexity": .number(evaluation.perplexity),
          "bits_per_character": evaluation.bitsPerCharacter.map { .number($0) },
          "tokens_per_second": .number(speed.rounded()),
        ]).text)
      return
    }
    let unknown =
      evaluation.unknownTokens == 0
      ? "" : ", \(Format.count(evaluation.unknownTokens)) of them not in the vocabulary"
    try console.result("tokens              \(Format.count(evaluation.tokens))\(unknown)")
    try console.result(
      "cross-entropy       \(Format.number(evaluation.crossEntropy)) nats a token")
    try console.result("perplexity          \(Format.number(evaluation.perplexity))")
    if let bits = evaluation.bitsPerCharacter {
      try console.result("bits a character    \(Format.number(bits))")
    }
    try console.result("speed               \(Format.short(speed)) tokens/s")
  }
}

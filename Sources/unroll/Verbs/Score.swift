import ArgumentParser
import Foundation
import Models

/// `unroll score`
struct Score: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Give the log-probability of each line of a text.",
    discussion: """
      Each line is scored by itself, its end included, in nats. Without FILE, lines are read from \
      standard input and scored as they come.

      EXAMPLES
        unroll score model.safetensors candidates.txt | sort -rn | head -1
        echo "to be or not to be" | unroll score model.safetensors --tokens
        unroll score model.safetensors candidates.txt --tokens --json
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "A text file (default: standard input).", completion: .file())
  var file: String?
  @Flag(help: "Give the log-probability of each token too.")
  var tokens = false
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let withTokens = try settings.isOn("tokens", tokens)
    try settings.finish()
    try withThreads(threads) {
      let scoreLine = try scorer()
      let input = try file.map(openForReading) ?? STDIN_FILENO
      defer { if file != nil { close(input) } }
      var lines = LineReader(file: input, name: file ?? "standard input")
      while let line = try lines.next() {
        let score = try scoreLine(line)
        try console.writeResult(
          common.json ? json(line, score, withTokens) : text(line, score, withTokens))
      }
    }
  }

  /// What scores a line: the neural or the n-gram model in the file.
  private func scorer() throws -> (String) throws -> LineScore {
    if NGramLanguageModel.isARPA(model) {
      return try NGramLanguageModel(contentsOf: model).score(line:)
    }
    return try loadLanguageModel(model, for: "score").score(line:)
  }

  private func text(_ line: String, _ score: LineScore, _ withTokens: Bool) -> String {
    var text = String(format: "%.4f\t", score.logProbability) + line + "\n"
    guard withTokens else { return text }
    for token in score.tokens {
      // Seen as what they are: a line feed is a token of characters.
      let shown = token.token == " " ? " " : token.token.debugDescription.dropFirst().dropLast()
      text += String(format: "\t%.4f\t", token.logProbability) + shown + "\n"
    }
    return text
  }

  private func json(_ line: String, _ score: LineScore, _ withTokens: Bool) -> String {
    let tokens = score.tokens.map {
      JSON.members([
        "token": .string($0.token), "log_probability": .number($0.logProbability),
      ])
    }
    return JSON.members([
      "text": .string(line), "log_probability": .number(score.logProbability),
      "tokens": withTokens ? .array(tokens) : nil,
    ]).text + "\n"
  }
}

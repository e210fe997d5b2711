import ArgumentParser
import Foundation
import ModelFiles
import Models

/// `unroll embed`
struct Embed: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Give the vectors of words.",
    discussion: """
      The vectors that the model's network sees: looked up, or composed from characters. Without words \
      those of the whole vocabulary; with - the words of standard input, one a line.

      EXAMPLES
        unroll embed model.safetensors king queen
        unroll embed model.safetensors --format json | head -1
        echo unseenword | unroll embed model.safetensors -
        unroll embed model.safetensors --format safetensors --output vectors.safetensors
      """)

  /// How vectors are written.
  enum VectorFormat: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case tsv, json, safetensors
  }

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "Words, or - for those of standard input (default: the vocabulary).")
  var words: [String] = []
  @Option(
    help: """
      tsv (word, white space in it written \\u{20}, then numbers, separated by tabs), json (an object a \
      word) or safetensors (a matrix "vectors", and the words in the metadata) (default: tsv, json with \
      --json).
      """)
  var format: VectorFormat?
  @Option(
    help: ArgumentHelp(
      "Where vectors go (default: standard output; safetensors need a file).", valueName: "file"),
    completion: .file())
  var output: String?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let format = try settings.value("format", format, default: common.json ? .json : .tsv)
    let output = try settings.value("output", output, .notEmpty)
    try settings.finish()
    guard format != .safetensors || output != nil else {
      throw Failure.usage("--format safetensors needs a file to write to: --output FILE")
    }
    try common.refuseSharedFiles(
      outputs: [("--output", output)], inputs: [("the model that is read", model)])
    try withThreads(threads) {
      let loaded = try loadWordVectors(model, for: "embed")
      let words = try self.words == ["-"] ? readWords() : self.words
      let wanted = words.isEmpty && self.words != ["-"] ? loaded.vocabulary.tokens : words
      let vectors = try knownVectors(of: wanted, in: loaded, from: model)
      if format == .safetensors, let output {
        return try write(wanted, vectors, loaded.vectorSize, to: output)
      }
      let lines = zip(wanted, vectors).lazy.map { line($0, $1, format) }
      if let output {
        try AtomicFile.write(lines.joined(), to: output)
      } else {
        for line in lines { try console.writeResult(line) }
      }
    }
  }

  private func readWords() throws -> [String] {
    var lines = LineReader(file: STDIN_FILENO, name: "standard input")
    var words: [String] = []
    while let line = try lines.next() {
      let word = line.trimmingWhitespace()
      if !word.isEmpty { words.append(word) }
    }
    return words
  }

  private func line(_ word: String, _ vector: [Float], _ format: VectorFormat) -> String {
    switch format {
    case .json:
      JSON.members([
        "word": .string(word),
        "vector": .array(vector.map { .number(Double($0.description) ?? 0) }),
      ]).text + "\n"
    default:
      ([word.fieldSpelling] + vector.map(\.description)).joined(separator: "\t") + "\n"
    }
  }

  private func write(
    _ words: [String], _ vectors: [[Float]], _ size: Int, to path: String
  ) throws {
    let scalars = vectors.flatMap(\.self)
    try SafetensorsWriter.write(
      to: path,
      tensors: [
        TensorSource(name: "vectors", shape: [vectors.count, size]) { receive in
          scalars.withUnsafeBufferPointer(receive)
        }
      ], metadata: ["words": JSON.array(words.map { .string($0) }).text])
  }
}

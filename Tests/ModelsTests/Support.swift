import Corpora
import Foundation
import ModelFiles
import Recurrent
import Tensors

@testable import Models

/// Runs `body` with the path of a new empty folder, which is removed afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("ModelsTests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

func contents(_ path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Whether two files hold the same bytes. (An expectation that compares the arrays themselves would
/// look for their shortest difference, for minutes.)
func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool { a == b }

func write(_ bytes: [UInt8], to path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// SplitMix64 (Steele, Lea, Flood 2014), so that a failure comes back.
struct Random: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// Lines of random words, some of them empty, of a vocabulary in which the first are frequent.
func randomText(lines: Int, words: Int = 9, longest: Int = 7, seed: UInt64 = 1) -> String {
  var random = Random(state: seed)
  return (0..<lines).map { _ in
    let line = (0..<random.below(longest + 1)).map { _ in
      "w\(min(random.below(words), random.below(words)))"
    }
    return line.joined(separator: " ") + "\n"
  }.joined()
}

/// A model with a vocabulary made from `text`, and weights large enough for the tokens to have
/// clearly different probabilities.
func makeModel(
  _ text: String, level: Tokenizer = .words, unit: TextUnit = .stream, cell: CellKind = .lstm,
  embedding: Int = 3, hidden: Int = 4, layers: Int = 1, dropout: Float = 0, tied: Bool = false,
  range: Float = 2, seed: UInt64 = 1
) throws -> LanguageModel {
  var builder = VocabularyBuilder(tokenizer: level, unit: unit)
  builder.add(text)
  return try LanguageModel(
    configuration: LanguageModelConfiguration(
      level: level, unit: unit, cell: cell, embeddingSize: embedding, hiddenSize: hidden,
      layers: layers, dropout: NetworkDropout(dropout), isTied: tied),
    vocabulary: try builder.build(), initialization: .uniform(range), key: RandomKey(seed: seed))
}

extension LanguageModel {
  /// The same logits for every token, whatever was read: all weights zero but the output's bias.
  func predictAlways(_ logits: [Float]) {
    for parameter in parameters { parameter.value = Tensor(zeros: parameter.shape) }
    parameters.last!.value = Tensor(shape: [logits.count], scalars: logits)
  }

  /// ln p of each of `ids` after `start`, one step at a time, with a softmax in Double.
  func logProbabilitiesStepByStep(_ ids: [Int32], after start: Int32) -> [Double] {
    var state = initialState(batch: 1)
    var previous = start
    return ids.map { id in
      let logits: Tensor
      (logits, state) = step([previous], state)
      previous = id
      return logSoftmax(logits.scalars)[Int(id)]
    }
  }
}

func logSoftmax(_ logits: [Float]) -> [Double] {
  let logits = logits.map(Double.init)
  let highest = logits.max()!
  let sum = logits.reduce(0) { $0 + exp($1 - highest) }
  return logits.map { $0 - highest - log(sum) }
}

/// The logits of a few steps of two streams: what equal models have in common, bit for bit.
func logitsOfSteps(_ model: LanguageModel, steps: Int = 5) -> [Tensor] {
  var state = model.initialState(batch: 2)
  return (0..<steps).map { step in
    let tokens = [step, step * 3 + 1].map { Int32($0 % model.vocabulary.count) }
    let logits: Tensor
    (logits, state) = model.step(tokens, state)
    return logits
  }
}

extension LanguageModel {
  /// All that `length` tokens give.
  func generated(
    prompt: String = "", _ length: Int, _ sampling: Sampling = Sampling(), seed: UInt64 = 1
  ) throws -> String {
    var text = ""
    try generate(prompt: prompt, length: length, sampling: sampling, key: RandomKey(seed: seed)) {
      text += $0
      return true
    }
    return text
  }
}

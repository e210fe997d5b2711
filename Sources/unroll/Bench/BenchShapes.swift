import Corpora
import Models
import Recurrent
import Tensors

/// A net and a batch whose training steps are timed.
struct TrainShape: Sendable {
  let name: String
  let cell: CellKind
  /// V, E, H, L.
  let vocabulary: Int
  let embedding: Int
  let hidden: Int
  let layers: Int
  /// B and T.
  let batch: Int
  let steps: Int

  static let all: [TrainShape] = [
    TrainShape("lm-small", .lstm, 10_000, 200, 200, 2, 20, 20),
    TrainShape("lm-medium", .lstm, 10_000, 650, 650, 2, 20, 35),
    TrainShape("lm-large", .lstm, 10_000, 1500, 1500, 2, 20, 35),
    TrainShape("char-lstm", .lstm, 128, 128, 512, 2, 64, 100),
    TrainShape("char-gru", .gru, 128, 128, 512, 2, 64, 100),
    TrainShape("char-rnn", .rnn, 128, 128, 512, 2, 64, 100),
    TrainShape("vocab-100k", .lstm, 100_000, 512, 512, 1, 20, 35),
  ]
  /// The name of the shape on which output layers are compared unless told otherwise.
  static let largeVocabulary = "vocab-100k"

  /// A net that is timed in no time, for tests of the command itself.
  static let tiny = TrainShape("tiny", .lstm, 50, 8, 16, 1, 4, 5)

  init(
    _ name: String, _ cell: CellKind, _ vocabulary: Int, _ embedding: Int, _ hidden: Int,
    _ layers: Int, _ batch: Int, _ steps: Int
  ) {
    self.name = name
    self.cell = cell
    self.vocabulary = vocabulary
    self.embedding = embedding
    self.hidden = hidden
    self.layers = layers
    self.batch = batch
    self.steps = steps
  }

  /// The floating-point operations of a training step: 2 for each multiply-add of the matrix
  /// products, forward, for the gradient of the input and for that of the weights. Looking up
  /// vectors multiplies nothing, and gates and softmax are not counted.
  var operationsPerStep: Double {
    var perToken = hidden * vocabulary
    for layer in 0..<layers {
      perToken += cell.gateCount * hidden * ((layer == 0 ? embedding : hidden) + hidden)
    }
    return 2 * 3 * Double(perToken) * Double(batch * steps)
  }
}

/// A net that reads one token at a time.
struct StepShape: Sendable {
  let name: String
  let vocabulary: Int
  let embedding: Int
  let hidden: Int
  let layers: Int

  static let all = [
    StepShape(name: "step-h256-l1", vocabulary: 128, embedding: 128, hidden: 256, layers: 1),
    StepShape(name: "step-h512-l2", vocabulary: 128, embedding: 128, hidden: 512, layers: 2),
    StepShape(name: "step-lm-medium", vocabulary: 10_000, embedding: 650, hidden: 650, layers: 2),
  ]
  static let tiny = StepShape(name: "tiny", vocabulary: 50, embedding: 8, hidden: 16, layers: 1)
  static let batches = [1, 8]

  /// Of one step for one stream.
  var operations: Double {
    var count = hidden * vocabulary
    for layer in 0..<layers { count += 4 * hidden * ((layer == 0 ? embedding : hidden) + hidden) }
    return 2 * Double(count)
  }
}

/// A model of `count` words, for measurements.
func benchModel(
  _ cell: CellKind, vocabulary count: Int, counts: [Int]? = nil, embedding: Int, hidden: Int,
  layers: Int, output: OutputConfiguration = .full
) throws -> LanguageModel {
  let vocabulary = try Vocabulary(
    tokens: ["<unk>", "</s>"] + (2..<count).map(String.init), counts: counts,
    roles: [.unknown, .end])
  return try LanguageModel(
    configuration: LanguageModelConfiguration(
      level: .words, cell: cell, embeddingSize: embedding, hiddenSize: hidden, layers: layers,
      output: output),
    vocabulary: vocabulary, initialization: .uniform(0.05), key: RandomKey(seed: 1))
}

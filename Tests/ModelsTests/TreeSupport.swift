import Corpora
import Learning
import Recurrent
import Tensors

@testable import Models

/// Random trees in brackets whose label is that of the leftmost leaf, `x` or `y`, unless a `not` above it
/// turns it round; inner nodes are labelled likewise.
func treeBank(_ count: Int, seed: UInt64 = 1, widest: Int = 3, name: String = "made") -> TreeBank {
  var random = Random(state: seed)
  func draw(_ depth: Int) -> (text: String, isX: Bool) {
    if depth > 3 || random.below(3) == 0 {
      let isX = random.below(2) == 0
      return ("(\(isX ? "x" : "y") \(isX ? "a" : "b")\(random.below(4)))", isX)
    }
    let children = (0..<1 + random.below(widest)).map { _ in draw(depth + 1) }
    let turns = random.below(2) == 0
    let isX = children[0].isX != turns
    let words = turns ? " not" : ""
    return ("(\(isX ? "x" : "y")\(words) \(children.map(\.text).joined(separator: " ")))", isX)
  }
  let text = (0..<count).map { _ in draw(0).text }.joined(separator: "\n")
  do {
    return try BracketReader.read(text, name: name)
  } catch {
    preconditionFailure("\(error)")
  }
}

/// What a small classifier of trees can be made of.
struct TreeKind: Sendable {
  var cell = TreeCellKind.childSum
  var reading = TreeReading.trees
  var targets = TreeTargets.root
  var lookUp: Int? = 4
  var characters: Int?
  var lowercases = false
  var minimumCount = 1
  var wordDropout: Float = 0
  var hidden = 5
  var arity = 3
  var dropout: Float = 0

  var configuration: TreeClassifierConfiguration {
    TreeClassifierConfiguration(
      words: WordEncoderConfiguration(
        lookUpSize: lookUp,
        characters: characters.map {
          CharacterConfiguration(embeddingSize: $0, hiddenSize: $0 + 1, outputSize: $0 + 2)
        }),
      lowercases: lowercases, minimumCount: minimumCount, wordDropout: wordDropout,
      reading: reading, cell: cell, hiddenSize: hidden, arity: arity, targets: targets,
      inputDropout: dropout, outputDropout: dropout)
  }

  /// A classifier with weights large enough for its labels to differ.
  func make(_ bank: TreeBank, range: Float = 1, seed: UInt64 = 1) throws -> TreeClassifier {
    try TreeClassifier(
      configuration, learningFrom: bank.taken(reading).trees,
      initialization: .init(
        embeddingRange: range, output: .uniform(range),
        gates: .init(input: .uniform(range), recurrent: .uniform(range))),
      key: RandomKey(seed: seed))
  }
}

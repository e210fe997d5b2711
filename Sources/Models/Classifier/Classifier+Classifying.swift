import Corpora
import Foundation
import Recurrent
import Tensors

/// What a classifier says of a case.
public enum Classification: Sendable, Equatable {
  /// The probability of each class.
  case classes([Double])
  /// The probability of each label.
  case labels([Double])
  /// The number that is expected.
  case number(Double)

  /// The probabilities of classes or labels.
  public var probabilities: [Double] {
    switch self {
    case .classes(let probabilities), .labels(let probabilities): probabilities
    case .number: []
    }
  }

  /// The numbers of all classes or labels, the likeliest first, those of equal probability in their own order.
  public var ranking: [Int] {
    let probabilities = probabilities
    return probabilities.indices.sorted { (-probabilities[$0], $0) < (-probabilities[$1], $1) }
  }
}

extension Classifier {
  /// Places T·B of a batch in prediction.
  private static let batchTokens = 4096
  /// Steps of a case that are read at once. A longer one is read in equal pieces of at most as many, so that
  /// memory stays bounded: in one direction as if at once; in both, each piece is read by itself, from
  /// either end from a state of zeros.
  static let longestPiece = 2000

  /// What is said of each case. It does not depend on the others. Of a text of no words it is what is said
  /// of one word that nobody knows.
  ///
  /// - Throws: `CorpusError`, with its line, for a case that is not to be read.
  public func classify(_ cases: [LabelledCase]) throws(CorpusError) -> [Classification] {
    for item in cases { try check(item) }
    return outputs(of: cases.map(\.content)).map(classification)
  }

  /// What the output layer gives for each case.
  func outputs(of cases: [LabelledCase.Content]) -> [[Float]] {
    let read = sequences(cases)
    var result = [[Float]](repeating: [], count: cases.count)
    let short = cases.indices.filter { read.lengths[$0] <= Self.longestPiece }
    for index in cases.indices where read.lengths[index] > Self.longestPiece {
      result[index] = outputsInPieces(of: cases[index])
    }
    // There are no cases without steps.
    let batches = try? LengthBatches(
      lengths: short.map { read.lengths[$0] }, batch: 256, maximumTokens: Self.batchTokens)
    let size = output.weight.shape[0]
    for batch in batches?.sorted ?? [] {
      let chosen = batch.map { short[$0] }
      let values = outputs(of: read.batch(chosen), mode: .prediction).value.scalars
      for (row, index) in chosen.enumerated() {
        result[index] = Array(values[row * size..<(row + 1) * size])
      }
    }
    return result
  }

  /// The same for one long case.
  private func outputsInPieces(of item: LabelledCase.Content) -> [Float] {
    let pieces: [ClassifierSequences]
    switch item {
    case .text(let text):
      let tokens = tokens(of: text)
      pieces = equalPieces(of: tokens.count, longest: Self.longestPiece).map {
        ClassifierSequences(texts: [Array(tokens[$0])], for: self)
      }
    case .series(let series):
      pieces = equalPieces(of: series.steps, longest: Self.longestPiece).map {
        ClassifierSequences(series: [series[$0]], for: self)
      }
    }
    var summary = SequencePooling.Pieces(pooling)
    var state: RecurrentStack.State?
    for piece in pieces {
      let (outputs, last) = read(
        piece.batch([0]), from: network.isBidirectional ? nil : state, mode: .prediction)
      summary.add(outputs.value)
      state = last
    }
    return output(Variable(summary.summary), mode: .prediction).value.scalars
  }

  /// What is said where the output layer gives `outputs`.
  func classification(_ outputs: [Float]) -> Classification {
    switch configuration.output {
    case .classes:
      let greatest = Double(outputs.max() ?? 0)
      let weights = outputs.map { exp(Double($0) - greatest) }
      let total = weights.reduce(0, +)
      return .classes(weights.map { $0 / total })
    case .labels:
      return .labels(outputs.map { 1 / (1 + exp(-Double($0))) })
    case .number:
      guard let target else { preconditionFailure("a number without a scale") }
      return .number(Double(outputs[0] * target.deviations[0] + target.means[0]))
    }
  }
}

/// As few ranges as cover `count` steps with at most `longest` each, as equal as can be: cut at every
/// `longest`, the last might be a single step, of which little can be said by itself.
func equalPieces(of count: Int, longest: Int) -> [Range<Int>] {
  let parts = (count + longest - 1) / longest
  return (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
}

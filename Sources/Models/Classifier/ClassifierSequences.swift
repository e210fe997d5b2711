import Corpora
import Recurrent
import Tensors

/// Cases side by side, as a classifier reads them.
struct ClassifierBatch {
  enum Content {
    /// T·B words or characters, time-major; any where a case has ended.
    case words(SpelledWords)
    /// Standardised steps [T, B, D], zeros where a case has ended.
    case vectors(Tensor)
  }

  var content: Content
  /// T, the steps of the longest.
  var steps: Int
  /// The steps of each, [B].
  var lengths: [Int32]
}

/// Cases with their words by number, or their steps standardised.
struct ClassifierSequences {
  private enum Content {
    case words(WordSequences)
    case series([Series])
  }

  private let content: Content
  /// The steps of each.
  let lengths: [Int]

  /// Texts, as `model` reads them.
  init(texts: [[String]], for model: Classifier) {
    guard let table = model.vocabulary else { preconditionFailure("texts for series") }
    let words = WordSequences(
      texts, speller: model.speller, table: table, lowercases: model.configuration.lowercases)
    content = .words(words)
    lengths = words.lengths
  }

  /// Series, as `model` reads them.
  init(series: [Series], for model: Classifier) {
    guard let scale = model.scale else { preconditionFailure("series for texts") }
    content = .series(
      series.map { Series(width: $0.width, values: scale.standardized($0.values)) })
    lengths = series.map(\.steps)
  }

  /// Some cases, not empty, side by side.
  ///
  /// - Parameter dropout: the probability with which a word that occurs only once is looked up as
  ///   `<unk>`, in training.
  func batch(_ cases: [Int], dropout: Float = 0, mode: Mode = .prediction) -> ClassifierBatch {
    switch content {
    case .words(let words):
      let batch = words.batch(cases, dropout: dropout, mode: mode)
      return ClassifierBatch(
        content: .words(batch.words), steps: batch.steps, lengths: batch.lengths)
    case .series(let series):
      let steps = cases.map { lengths[$0] }.max() ?? 0
      let width = series.first?.width ?? 0
      var values = [Float](repeating: 0, count: steps * cases.count * width)
      for (row, index) in cases.enumerated() {
        for step in 0..<lengths[index] {
          let place = (step * cases.count + row) * width
          values.replaceSubrange(
            place..<place + width,
            with: series[index].values[step * width..<(step + 1) * width])
        }
      }
      return ClassifierBatch(
        content: .vectors(Tensor(shape: [steps, cases.count, width], scalars: values)),
        steps: steps, lengths: cases.map { Int32(lengths[$0]) })
    }
  }
}

extension Classifier {
  /// `cases`, which can be read, by number.
  func sequences(_ cases: [LabelledCase.Content]) -> ClassifierSequences {
    configuration.input == .series
      ? ClassifierSequences(series: cases.compactMap(\.series), for: self)
      : ClassifierSequences(texts: cases.compactMap(\.text).map(tokens), for: self)
  }
}

extension LabelledCase.Content {
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var series: Series? { if case .series(let series) = self { series } else { nil } }
}

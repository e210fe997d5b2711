import Corpora
import Foundation

/// How well a classifier does.
public enum ClassifierEvaluation: Sendable, Equatable {
  /// Which classes were taken for which, and the mean of -ln p(right class).
  case classes(ConfusionMatrix, logLoss: Double)
  /// How well labels were found, those with a probability of a half and more, and the mean over cases
  /// of -ln p(right set).
  case labels(LabelSetScores, logLoss: Double)
  /// How near the numbers came.
  case number(RegressionScores)

  /// What is wrong, as a share: of cases, of F1 over all labels, or of the variance.
  public var error: Double {
    switch self {
    case .classes(let matrix, _): 1 - matrix.accuracy
    case .labels(let scores, _): 1 - scores.micro.f1
    case .number(let scores): 1 - (scores.r2 ?? 0)
    }
  }
}

extension Classifier {
  /// Classifies `cases`, and counts what is right.
  ///
  /// - Throws: `CorpusError` that names the line of a label that is not as it should be or did not occur in
  ///   training, or of a case that is not to be read.
  public func evaluate(_ cases: [LabelledCase]) throws(CorpusError) -> ClassifierEvaluation {
    // Before the work, so that a wrong file is found out at once.
    let targets = try ClassifierTargets(cases, for: self)
    for item in cases { try check(item) }
    let outputs = outputs(of: cases.map(\.content))
    let count = labels?.count ?? 0
    switch targets {
    case .classes(let expected):
      var matrix = ConfusionMatrix(classes: count)
      var loss = 0.0
      for (outputs, label) in zip(outputs, expected) {
        let answer = classification(outputs)
        matrix.add(expected: Int(label), predicted: answer.ranking[0])
        let greatest = Double(outputs.max() ?? 0)
        let total = outputs.reduce(0) { $0 + exp(Double($1) - greatest) }
        loss += log(total) + greatest - Double(outputs[Int(label)])
      }
      return .classes(matrix, logLoss: loss / Double(max(cases.count, 1)))
    case .labels(let expected):
      var scores = LabelSetScores(labels: count)
      var loss = 0.0
      for (outputs, labels) in zip(outputs, expected) {
        let right = Set(labels.map { Int($0) })
        scores.add(expected: right, predicted: Set(outputs.indices.filter { outputs[$0] >= 0 }))
        for (label, output) in outputs.enumerated() {
          let margin = right.contains(label) ? -Double(output) : Double(output)
          loss += max(margin, 0) + log1p(exp(-margin.magnitude))
        }
      }
      return .labels(scores, logLoss: loss / Double(max(cases.count, 1)))
    case .numbers(let expected):
      var scores = RegressionScores()
      for (outputs, number) in zip(outputs, expected) {
        guard case .number(let predicted) = classification(outputs) else { continue }
        scores.add(expected: Double(number), predicted: predicted)
      }
      return .number(scores)
    }
  }
}

import Corpora

// What a case's content and label mean to a classifier.

extension LabelledCase {
  /// The content as a series of `width` features. Throws `CorpusError`, with the line, for anything else.
  func series(width: Int) throws(CorpusError) -> Series {
    switch content {
    case .text: throw fault("a text, expected a series")
    case .series(let series):
      guard series.width == width else {
        let found = series.width == 1 ? "1 dimension" : "\(series.width) dimensions"
        throw fault("a series of \(found), expected \(width)")
      }
      return series
    }
  }

  /// The one class, or the labels, that the case has.
  func labels(_ output: ClassifierOutput) throws(CorpusError) -> [String] {
    let label = label ?? ""
    guard output == .labels else {
      guard !label.isEmpty else { throw fault("the label is empty, expected one") }
      return [label]
    }
    guard !label.isEmpty else { return [] }
    var seen: [String] = []
    for part in label.split(separator: Classifier.labelSeparator, omittingEmptySubsequences: false)
    {
      guard !part.isEmpty else {
        throw fault(
          "a label is empty in \(label.debugDescription), expected one on either side of "
            + "\"\(Classifier.labelSeparator)\"")
      }
      guard !seen.contains(String(part)) else {
        throw fault("the label \(String(part).debugDescription) stands there twice")
      }
      seen.append(String(part))
    }
    return seen
  }

  /// The label as a number.
  func number() throws(CorpusError) -> Float {
    guard let number = Float(label ?? ""), number.isFinite else {
      throw fault("the label is \((label ?? "").debugDescription), expected a finite number")
    }
    return number
  }
}

/// What a classifier is to say of some cases.
enum ClassifierTargets: Sendable {
  /// A class each.
  case classes([Int32])
  /// Labels each.
  case labels([[Int32]])
  /// A number each, as it is written.
  case numbers([Float])

  /// Those of `cases`. Throws `CorpusError` that names the line of a label that is not as it should be,
  /// or did not occur in training.
  init(_ cases: [LabelledCase], for model: Classifier) throws(CorpusError) {
    let output = model.configuration.output
    var ids: [[Int32]] = []
    var numbers: [Float] = []
    for item in cases {
      if output == .number {
        numbers.append(try item.number())
      } else {
        ids.append(try model.labelIDs(of: item))
      }
    }
    switch output {
    case .classes: self = .classes(ids.map { $0[0] })
    case .labels: self = .labels(ids)
    case .number: self = .numbers(numbers)
    }
  }
}

extension Classifier {
  /// The labels of a case by number.
  fileprivate func labelIDs(of item: LabelledCase) throws(CorpusError) -> [Int32] {
    var ids: [Int32] = []
    for label in try item.labels(configuration.output) {
      guard let id = labels?.id(of: label) else {
        throw item.fault(
          "the label \(label.debugDescription) does not occur in the training data, expected one of "
            + "its \(labels?.count ?? 0)")
      }
      ids.append(id)
    }
    return ids
  }

  /// Throws `CorpusError`, with its line, unless `item` can be read.
  public func check(_ item: LabelledCase) throws(CorpusError) {
    if let scale {
      _ = try item.series(width: scale.width)
    } else if case .series = item.content {
      throw item.fault("a series, expected a text")
    }
  }
}

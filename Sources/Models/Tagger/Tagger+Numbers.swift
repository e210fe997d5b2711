import Corpora

extension Tagger {
  /// `sentences` by number, as this model reads them.
  func sequences(_ sentences: some Collection<some Collection<String>>) -> WordSequences {
    WordSequences(
      sentences, speller: encoder.composer == nil ? nil : speller, table: lookUps,
      lowercases: configuration.lowercases)
  }

  /// The labels of `sentence` by number.
  ///
  /// - Parameter refusesUnseen: whether a label that did not occur in training is an error; else it is -1.
  /// - Throws: `CorpusError` that names its line.
  func labelIDs(
    _ sentence: LabelledSentence, refusesUnseen: Bool
  ) throws(CorpusError) -> [Int32] {
    var ids: [Int32] = []
    for (index, label) in sentence.labels.enumerated() {
      guard let id = labels.id(of: label) else {
        guard refusesUnseen else {
          ids.append(-1)
          continue
        }
        throw sentence.fault(
          index,
          "the label \(label.debugDescription) does not occur in the training data, expected one of "
            + "its \(labels.count)")
      }
      ids.append(id)
    }
    return ids
  }
}

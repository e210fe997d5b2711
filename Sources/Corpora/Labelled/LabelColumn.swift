/// Which column of CoNLL-U is to be predicted.
public enum LabelColumn: String, Sendable, Codable, CaseIterable {
  /// The universal part of speech.
  case upos
  /// The part of speech of the treebank.
  case xpos
  /// All morphological features as one label; `_` is the label of words without any.
  case feats
  /// The relation to the head.
  case deprel

  /// The column of the format.
  var column: CoNLLUColumn {
    switch self {
    case .upos: .upos
    case .xpos: .xpos
    case .feats: .feats
    case .deprel: .deprel
    }
  }
}

extension CoNLLUWord {
  /// The value of a column that can be predicted.
  public subscript(column: LabelColumn) -> String {
    get {
      switch column {
      case .upos: upos
      case .xpos: xpos
      case .feats: feats
      case .deprel: deprel
      }
    }
    set {
      switch column {
      case .upos: upos = newValue
      case .xpos: xpos = newValue
      case .feats: feats = newValue
      case .deprel: deprel = newValue
      }
    }
  }
}

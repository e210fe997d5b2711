import Models
import Recurrent

extension LanguageModelConfiguration {
  /// "a word-level LSTM, 2 layers of 650 units"
  var summary: String { "a \(level.rawValue)-level \(stack.summary)" }
}

extension TaggerConfiguration {
  /// "a bidirectional LSTM, 1 layer of 2 x 200 units"
  var summary: String { "a \(stack.summary)" }
}

extension TreeClassifierConfiguration {
  /// "a child-sum Tree-LSTM of 128 units"
  var summary: String {
    let net =
      switch cell {
      case .childSum: "child-sum Tree-LSTM"
      case .nary: "\(arity)-ary Tree-LSTM"
      case .recursive: "recursive net of up to \(Format.plural(arity, "child"))"
      }
    let taken =
      switch reading {
      case .trees: ""
      case .binary: " over binary trees"
      case .sequence: " over sequences"
      }
    return "a \(net)\(taken), \(Format.plural(hiddenSize, "unit"))"
  }
}

extension StackConfiguration {
  /// "LSTM, 2 layers of 650 units", "bidirectional LSTM, 1 layer of 2 x 200 units"
  var summary: String {
    let units = Format.plural(hiddenSize, "unit")
    let seen = cell == .window ? " of \(Format.count(window))" : ""
    let projected = projection.map { ", projected to \(Format.count($0))" } ?? ""
    return (isBidirectional ? "bidirectional " : "") + "\(cell.title)\(seen), "
      + "\(Format.plural(layers, "layer")) of \(isBidirectional ? "2 x " : "")\(units)\(projected)"
  }
}

extension CellKind {
  /// The cell's name in a sentence.
  var title: String {
    switch self {
    case .rnn: "RNN"
    case .rnnReLU: "ReLU RNN"
    case .rnnNorm: "RNN with layer normalisation"
    case .irnn: "IRNN"
    case .memory: "memory cell"
    case .memoryRecurrent: "recurrent memory cell"
    case .memoryGated: "gated memory cell"
    case .lstm: "LSTM"
    case .lstmPeephole: "LSTM with peepholes"
    case .lstmCoupled: "LSTM with coupled gates"
    case .lstmNorm: "LSTM with layer normalisation"
    case .gru: "GRU"
    case .gruResetBefore: "GRU (reset before)"
    case .gruNorm: "GRU with layer normalisation"
    case .window: "feed-forward net over a window"
    }
  }
}

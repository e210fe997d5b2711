import Corpora
import Recurrent

/// The architecture of a recurrent language model.
public struct LanguageModelConfiguration: Codable, Sendable, Equatable {
  /// What a token is.
  public var level: Tokenizer
  /// Whether a text is one stream of tokens or each line a sentence by itself.
  public var unit: TextUnit
  /// The recurrent cell.
  public var cell: CellKind
  /// E, the features of a token's vector.
  public var embeddingSize: Int
  /// H, the units of a layer.
  public var hiddenSize: Int
  /// L, the layers.
  public var layers: Int
  /// The share dropped of the token vectors, between layers, and before the output (Zaremba et al.
  /// 2014); never on recurrent connections.
  public var dropout: Float
  /// Whether the output layer uses the token vectors as its matrix (Inan et al. 2017).
  public var isTied: Bool

  private enum CodingKeys: String, CodingKey {
    case level, unit, cell, layers, dropout
    case embeddingSize = "embedding_size"
    case hiddenSize = "hidden_size"
    case isTied = "tied"
  }

  /// A configuration; `validate` checks it.
  public init(
    level: Tokenizer, unit: TextUnit = .stream, cell: CellKind = .lstm, embeddingSize: Int,
    hiddenSize: Int, layers: Int, dropout: Float = 0, isTied: Bool = false
  ) {
    self.level = level
    self.unit = unit
    self.cell = cell
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.dropout = dropout
    self.isTied = isTied
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for numbers that make no network.
  public func validate() throws(ModelError) {
    func check(_ holds: Bool, _ fault: @autoclosure () -> String) throws(ModelError) {
      if !holds { throw .invalidConfiguration(fault()) }
    }
    // Far above any network, low enough that no product of sizes overflows.
    let sizes = 1...1_000_000
    try check(
      sizes.contains(embeddingSize),
      "the embedding size is between 1 and 1,000,000, not \(embeddingSize)")
    try check(
      sizes.contains(hiddenSize),
      "the number of hidden units is between 1 and 1,000,000, not \(hiddenSize)")
    try check(
      (1...1000).contains(layers), "the number of layers is between 1 and 1000, not \(layers)")
    try check(dropout >= 0 && dropout < 1, "dropout is in [0, 1), not \(dropout)")
    try check(
      !isTied || embeddingSize == hiddenSize,
      "tied weights need an embedding as wide as the hidden layers, "
        + "not \(embeddingSize) and \(hiddenSize)")
  }
  /// Throws ``ModelError/invalidConfiguration(_:)`` for a vocabulary without the line ends that words
  /// need, or the sentence marks that sentences need.
  func validate(_ vocabulary: Vocabulary) throws(ModelError) {
    if level == .words || unit == .sentence, vocabulary.end == nil {
      throw .invalidConfiguration("the vocabulary has no </s>, with which a line ends")
    }
    if unit == .sentence, vocabulary.start == nil {
      throw .invalidConfiguration("the vocabulary has no <s>, with which a sentence begins")
    }
  }

  /// The parameters' names and shapes, with V tokens, in the order of `LanguageModel.parameters`.
  func tensorShapes(vocabularySize: Int) -> [(name: String, shape: [Int])] {
    var shapes = [(name: "embedding.weight", shape: [vocabularySize, embeddingSize])]
    let rows = cell.gateCount * hiddenSize
    for layer in 0..<layers {
      shapes += [
        ("rnn.weight_ih_l\(layer)", [rows, layer == 0 ? embeddingSize : hiddenSize]),
        ("rnn.weight_hh_l\(layer)", [rows, hiddenSize]),
        ("rnn.bias_ih_l\(layer)", [rows]), ("rnn.bias_hh_l\(layer)", [rows]),
      ]
    }
    if !isTied { shapes.append(("decoder.weight", [vocabularySize, hiddenSize])) }
    return shapes + [("decoder.bias", [vocabularySize])]
  }
}

extension CellKind {
  /// The blocks of H rows in a layer's matrices.
  fileprivate var gateCount: Int {
    switch self {
    case .rnn, .rnnReLU: 1
    case .lstm: 4
    case .gru, .gruResetBefore: 3
    }
  }
}

import Tensors

/// The sizes of a ``CharacterComposer``.
public struct CharacterConfiguration: Sendable, Hashable, Codable {
  /// The features of a character's vector.
  public var embeddingSize: Int
  /// H, the units that read a word, in each direction.
  public var hiddenSize: Int
  /// E, the features of a word's vector.
  public var outputSize: Int

  private enum CodingKeys: String, CodingKey {
    case embeddingSize = "embedding_size"
    case hiddenSize = "hidden_size"
    case outputSize = "output_size"
  }

  /// Ling et al.'s (2015) sizes unless told otherwise.
  public init(embeddingSize: Int = 50, hiddenSize: Int = 150, outputSize: Int = 50) {
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
    self.outputSize = outputSize
  }

  /// What is wrong with it, in words; nil if nothing is.
  public var fault: String? {
    for (size, name) in [
      (embeddingSize, "size of a character's vector"), (hiddenSize, "number of character units"),
      (outputSize, "size of a composed vector"),
    ] where !(1...1_000_000).contains(size) {
      return "the \(name) is between 1 and 1,000,000, not \(size)"
    }
    return nil
  }

  var layer: StackConfiguration {
    StackConfiguration(
      .lstm, inputSize: embeddingSize, hiddenSize: hiddenSize, isBidirectional: true)
  }

  /// The names and shapes of a composer's parameters, of C characters.
  public func parameterShapes(
    alphabetSize: Int, prefix: String = "characters"
  ) -> [(name: String, shape: [Int])] {
    [("\(prefix).embedding.weight", [alphabetSize, embeddingSize])]
      + layer.parameterShapes(prefix: "\(prefix).rnn")
      + [
        ("\(prefix).output.weight", [outputSize, 2 * hiddenSize]),
        ("\(prefix).output.bias", [outputSize]),
      ]
  }
}

/// Vectors of words composed from their characters (Ling et al. 2015).
///
/// ```
/// x_i = E[character_i]
/// s→  = the last state of an LSTM that reads x_1 … x_m
/// s←  = the last state of another that reads x_m … x_1
/// e   = D→ s→ + D← s← + b
/// ```
/// So a word nobody has seen has a vector, near those of words spelled like it, and the parameters do
/// not grow with the vocabulary. Words are read side by side, those of like length together; a word's
/// vector does not depend on the others.
public struct CharacterComposer: Module {
  /// E [C, embedding size].
  public let embedding: Embedding
  /// Both LSTMs.
  public let layer: RecurrentLayer
  /// [D→ D←] and b.
  public let output: Linear

  public var parameters: [Parameter] {
    embedding.parameters + layer.parameters + output.parameters
  }

  /// The features of a word's vector.
  public var size: Int { output.weight.shape[0] }

  /// Words that are read side by side at least, where there are as many; fewer would not fill the
  /// matrix products, more would be padded to the longest of them.
  private static let group = 64

  /// A composer of words of an alphabet of C characters.
  ///
  /// Characters' vectors start ten times as long as words' usually do, uniform in ±1: in ±0.1 all words are
  /// composed to much the same at first, and the net that reads them learns to do without.
  public init(
    _ configuration: CharacterConfiguration, alphabetSize: Int, prefix: String = "characters",
    embeddingRange: Float = 1, outputInitializer: Initializer = .glorot,
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    precondition(configuration.fault == nil, configuration.fault ?? "")
    embedding = Embedding(
      vocabularySize: alphabetSize, size: configuration.embeddingSize,
      name: "\(prefix).embedding.weight", range: embeddingRange, key: key.child(0))
    layer =
      RecurrentStack(
        configuration.layer, prefix: "\(prefix).rnn", initialization: initialization,
        key: key.child(1)
      ).layers[0]
    output = Linear(
      inputs: 2 * configuration.hiddenSize, outputs: configuration.outputSize,
      name: "\(prefix).output", initializer: outputInitializer, key: key.child(2))
  }

  /// The vectors [N, E] of N words, each of at least one character.
  public func callAsFunction(_ words: [some Collection<Int32>], mode: Mode) -> Variable {
    guard !words.isEmpty else { return Variable(Tensor(zeros: [0, size])) }
    // From short to long; equal lengths in their own order, so that the order is fixed.
    let order = words.indices.sorted { (words[$0].count, $0) < (words[$1].count, $1) }
    var states: [Variable] = []
    var start = 0
    for place in order.indices {
      let isLast = place == order.count - 1
      let isFull =
        !isLast && place + 1 - start >= Self.group
        && words[order[place + 1]].count > words[order[place]].count
      guard isLast || isFull else { continue }
      states.append(read(order[start...place].map { Array(words[$0]) }, mode: mode))
      start = place + 1
    }
    // Back to the order in which they came.
    var places = [Int32](repeating: 0, count: words.count)
    for (place, word) in order.enumerated() { places[word] = Int32(place) }
    let all = states.count == 1 ? states[0] : Variable.concatenate(states)
    return output(all.rows(at: places), mode: mode)
  }

  /// [s→ s←] of each word, [N, 2H].
  private func read(_ words: [[Int32]], mode: Mode) -> Variable {
    let steps = words.map(\.count).max() ?? 0
    precondition(words.allSatisfy { !$0.isEmpty }, "a word has at least one character")
    var forward = [Int32](repeating: 0, count: steps * words.count)
    var backward = forward
    for (row, word) in words.enumerated() {
      for (step, character) in word.enumerated() {
        forward[step * words.count + row] = character
        backward[(word.count - 1 - step) * words.count + row] = character
      }
    }
    let lengths = words.map { Int32($0.count) }
    let ends = zip(layer.cells, [forward, backward]).enumerated().map { index, direction in
      let (cell, characters) = direction
      let vectors = embedding(characters, steps: steps, mode: mode)
      // Only the last states are wanted, so nothing is put back into the order of the word.
      return cell.run(vectors, lengths: lengths, from: nil, mode: mode.child(index)).state.parts[0]
    }
    return Variable.concatenate(ends, axis: 1)
  }
}

import Tensors

/// How the words of a model become vectors.
public struct WordEncoderConfiguration: Sendable, Hashable {
  /// The features that are looked up in a table; nil for no table.
  public var lookUpSize: Int?
  /// The features that are composed from characters; nil for none.
  public var characters: CharacterConfiguration?

  /// A table, a composer, or both side by side.
  public init(lookUpSize: Int? = nil, characters: CharacterConfiguration? = nil) {
    self.lookUpSize = lookUpSize
    self.characters = characters
  }

  /// The features of a word's vector.
  public var outputSize: Int { (lookUpSize ?? 0) + (characters?.outputSize ?? 0) }

  /// What is wrong with it, in words; nil if nothing is.
  public var fault: String? {
    if lookUpSize == nil, characters == nil {
      return "words need vectors from a table, from their characters, or both"
    }
    if let lookUpSize, !(1...1_000_000).contains(lookUpSize) {
      return "the embedding size is between 1 and 1,000,000, not \(lookUpSize)"
    }
    return characters?.fault
  }

  /// The names and shapes of an encoder's parameters, of V words and C characters.
  public func parameterShapes(
    vocabularySize: Int, alphabetSize: Int, prefix: String = ""
  ) -> [(name: String, shape: [Int])] {
    (lookUpSize.map { [("\(prefix)embedding.weight", [vocabularySize, $0])] } ?? [])
      + (characters?.parameterShapes(
        alphabetSize: alphabetSize, prefix: "\(prefix)characters") ?? [])
  }
}

/// Words as numbers and, where they are composed, as characters.
///
/// Number `i` is looked up as `i` and spelled as its spelling says; a word that a table lacks is looked
/// up as another one (`<unk>`), and spelled as itself.
public struct SpelledWords: Sendable {
  /// Rows of the table, one a word.
  public var lookUps: [Int32]
  /// Which of the spellings is whose, one a word.
  public var slots: [Int32]
  /// Those of the distinct words, each of at least one character.
  public var spellings: [ArraySlice<Int32>]

  /// Words without spellings, for a table alone.
  public init(lookUps: [Int32]) {
    self.lookUps = lookUps
    slots = []
    spellings = []
  }

  /// Words with spellings.
  ///
  /// - Parameters:
  ///   - words: numbers by which equal words are known as such.
  ///   - lookUps: rows of the table.
  ///   - spelling: the characters of a word.
  public init(_ words: [Int32], lookUps: [Int32], spelling: (Int32) -> ArraySlice<Int32>) {
    precondition(words.count == lookUps.count, "\(words.count) words, \(lookUps.count) look-ups")
    self.lookUps = lookUps
    var slots: [Int32: Int32] = [:]
    var spellings: [ArraySlice<Int32>] = []
    self.slots = words.map { word in
      if let slot = slots[word] { return slot }
      let slot = Int32(spellings.count)
      slots[word] = slot
      spellings.append(spelling(word))
      return slot
    }
    self.spellings = spellings
  }

  /// The number of words.
  public var count: Int { lookUps.count }
}

/// Vectors of words: looked up, composed from characters (Ling et al. 2015), or both side by side.
///
/// Each distinct word of a batch is composed once. In prediction the vectors of the words last seen are
/// kept, at most ``cacheLimit`` of them, until a parameter changes.
public struct WordEncoder: Module {
  /// The table [V, E]; nil where all is composed.
  public let table: Embedding?
  /// Reads characters; nil where all is looked up.
  public let composer: CharacterComposer?
  private let cache = ComposedVectors()

  /// Composed vectors that are kept in prediction.
  public static let cacheLimit = 1 << 16

  public var parameters: [Parameter] { (table?.parameters ?? []) + (composer?.parameters ?? []) }

  /// The features of a word's vector.
  public var size: Int { (table?.size ?? 0) + (composer?.size ?? 0) }

  /// An encoder of V words of an alphabet of C characters.
  public init(
    _ configuration: WordEncoderConfiguration, vocabularySize: Int, alphabetSize: Int,
    prefix: String = "", embeddingRange: Float = 0.1, characterRange: Float = 1,
    outputInitializer: Initializer = .glorot,
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    precondition(configuration.fault == nil, configuration.fault ?? "")
    table = configuration.lookUpSize.map {
      Embedding(
        vocabularySize: vocabularySize, size: $0, name: "\(prefix)embedding.weight",
        range: embeddingRange, key: key)
    }
    composer = configuration.characters.map {
      CharacterComposer(
        $0, alphabetSize: alphabetSize, prefix: "\(prefix)characters",
        embeddingRange: characterRange, outputInitializer: outputInitializer,
        initialization: initialization, key: key.child(-1))
    }
  }

  /// The vectors of `words`, laid out [steps, words.count / steps, E].
  ///
  /// - Parameter dropout: the share of the table's rows that are zeros in training; see
  ///   ``Embedding/callAsFunction(_:steps:dropout:mode:)``.
  public func callAsFunction(
    _ words: SpelledWords, steps: Int, dropout: Float = 0, mode: Mode
  ) -> Variable {
    precondition(
      steps > 0 && words.count % steps == 0, "\(words.count) words in \(steps) steps")
    var parts: [Variable] = []
    if let table {
      parts.append(table(words.lookUps, steps: steps, dropout: dropout, mode: mode))
    }
    if let composer {
      precondition(words.slots.count == words.count, "words that are composed need spellings")
      parts.append(
        composed(words.spellings, composer, mode).rows(at: words.slots)
          .reshaped(to: [steps, words.count / steps, composer.size]))
    }
    return parts.count == 1 ? parts[0] : Variable.concatenate(parts, axis: 2)
  }

  /// The composed vectors [N, E] of distinct words.
  private func composed(
    _ spellings: [ArraySlice<Int32>], _ composer: CharacterComposer, _ mode: Mode
  ) -> Variable {
    guard !mode.isTraining else { return composer(spellings, mode: mode) }
    return Variable(
      cache.vectors(of: spellings, versions: composer.parameters.map(\.version)) {
        composer($0, mode: mode).value
      })
  }
}

import ArgumentParser
import Recurrent

/// The flags that say where the vectors of words come from. Each is also a key of a configuration file.
struct WordOptions<Usual: UsualRecipe>: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Features of a \(Usual.input)'s vector (default: "
        + "\(Usual.embedding.map { "\($0)" } ?? "as --hidden")).", valueName: "n"))
  var embedding: Int?
  @Option(
    help: ArgumentHelp(
      "Where words' vectors come from: lookup (a table), characters (composed by a bidirectional "
        + "LSTM, Ling et al. 2015), or both side by side (default: \(Usual.words.rawValue))."))
  var words: WordSource?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Features of a character's vector, for --words characters or both (default: "
        + "\(Usual.characterEmbedding)).", valueName: "n"))
  var characterEmbedding: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Units that read a word's characters, in each direction (default: \(Usual.characterHidden)).",
      valueName: "n"))
  var characterHidden: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Features composed from characters, for --words both (default: as --embedding).",
      valueName: "n"))
  var characterOutput: Int?
}

extension WordOptions {
  /// The encoder that the flags and the configuration file ask for.
  ///
  /// - Parameters:
  ///   - size: the features of a vector unless told otherwise, where `Usual` names no number.
  ///   - usual: where vectors come from unless told otherwise.
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func encoder(
    _ settings: inout Settings, embedding size: Int = 100, words usual: WordSource = Usual.words
  ) throws -> WordEncoderConfiguration {
    let embedding = try settings.value(
      "embedding", embedding, default: Usual.embedding ?? size, .upTo(1_000_000))
    let source = try settings.value("words", words, default: usual)
    let sizes = (
      embedding: try settings.value("character-embedding", characterEmbedding, .upTo(1_000_000)),
      hidden: try settings.value("character-hidden", characterHidden, .upTo(1_000_000)),
      output: try settings.value("character-output", characterOutput, .upTo(1_000_000))
    )
    guard source != .lookup else {
      for (name, size) in [
        ("embedding", sizes.embedding), ("hidden", sizes.hidden), ("output", sizes.output),
      ] where size != nil {
        throw Failure.usage("--character-\(name) goes with --words characters or both")
      }
      return WordEncoderConfiguration(lookUpSize: embedding)
    }
    guard source == .both || sizes.output == nil else {
      throw Failure.usage(
        "--character-output goes with --words both; composed words have --embedding features")
    }
    return WordEncoderConfiguration(
      lookUpSize: source == .both ? embedding : nil,
      characters: CharacterConfiguration(
        embeddingSize: sizes.embedding ?? Usual.characterEmbedding,
        hiddenSize: sizes.hidden ?? Usual.characterHidden, outputSize: sizes.output ?? embedding))
  }
}

extension WordEncoderConfiguration {
  /// Where the vectors come from.
  var source: WordSource {
    characters == nil ? .lookup : lookUpSize == nil ? .characters : .both
  }

  /// The encoder as options and their values on the command line; what is not used is left out.
  var options: [String: String] {
    var options = ["embedding": "\(lookUpSize ?? outputSize)"]
    guard let characters else { return options }
    options["words"] = source.rawValue
    options["character-embedding"] = "\(characters.embeddingSize)"
    options["character-hidden"] = "\(characters.hiddenSize)"
    options["character-output"] = source == .both ? "\(characters.outputSize)" : nil
    return options
  }
}

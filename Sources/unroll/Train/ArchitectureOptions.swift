import ArgumentParser
import Corpora
import Models
import Recurrent

/// The flags of a language model's architecture and of what it drops in training. Each is also a key of
/// a configuration file.
struct ArchitectureOptions: ParsableArguments {
  @Option(help: "What a token is: word or character (default: word).")
  var level: Tokenizer?
  @Option(
    help: "stream: the text is one sequence; sentence: each line is one (default: stream).")
  var unit: TextUnit?
  @Option(
    help: ArgumentHelp(
      "The recurrent cell: \(CellKind.allCases.map(\.rawValue).joined(separator: ", ")) "
        + "(default: lstm)."))
  var cell: CellKind?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Units of a layer (default: 256).", valueName: "n"))
  var hidden: Int?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Recurrent layers (default: 2).", valueName: "n"))
  var layers: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Features to which an LSTM projects its outputs (default: none).", valueName: "n"))
  var projection: Int?
  @Option(
    help: """
      Skip connections: input (the token vectors join every layer's input), residual (every layer \
      but the lowest adds its input to its output) or none (default: none).
      """)
  var skip: SkipConnections?
  @Flag(help: "Learn the state before the first token, which is zero otherwise.")
  var learnInitialState = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Features of a token's vector (default: as --hidden).", valueName: "n"))
  var embedding: Int?
  @Option(
    help: """
      Where words' vectors come from: lookup (a table), characters (composed by a bidirectional LSTM, \
      Ling et al. 2015), or both side by side (default: lookup).
      """)
  var words: WordSource?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Features of a character's vector, for --words characters or both (default: 50).",
      valueName: "n"))
  var characterEmbedding: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Units that read a word's characters, in each direction (default: 150).", valueName: "n"))
  var characterHidden: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Features composed from characters, for --words both (default: as --embedding).",
      valueName: "n"))
  var characterOutput: Int?
  @Flag(help: "Share one matrix between the embedding and the output; needs them equally wide.")
  var tie = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the values dropped from the token vectors, between layers and before the output "
        + "(default: 0).", valueName: "p"))
  var dropout: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Of the token vectors (default: as --dropout).", valueName: "p"))
  var dropoutInput: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Between layers (default: as --dropout).", valueName: "p"))
  var dropoutHidden: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Before the output (default: as --dropout).", valueName: "p"))
  var dropoutOutput: Double?
  @Flag(help: "Drop the same values at every step of a window (Gal & Ghahramani 2016).")
  var variational = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the vocabulary whose vectors are dropped (default: 0).", valueName: "p"))
  var dropoutEmbedding: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the recurrent weights dropped: weight drop (default: 0).", valueName: "p"))
  var dropoutWeights: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the state dropped on its way to the next step, the same at every step "
        + "(default: 0).", valueName: "p"))
  var dropoutState: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of an LSTM's candidates dropped, so that nothing remembered is lost (default: 0).",
      valueName: "p"))
  var dropoutCandidate: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Probability that a unit keeps its state for a step (default: 0).", valueName: "p"))
  var zoneout: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Penalty on errors of rnn, rnn-relu or irnn that fade on their way back (Pascanu et al. "
        + "2013; default: 0).", valueName: "x"))
  var vanishingPenalty: Double?
}

extension ArchitectureOptions {
  /// The architecture that the flags and the configuration file make.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func configuration(_ settings: inout Settings) throws -> LanguageModelConfiguration {
    let hidden = try settings.value("hidden", hidden, default: 256, .upTo(1_000_000))
    let projection = try settings.value("projection", projection, .upTo(1_000_000))
    let outputs = projection ?? hidden
    let isTied = try settings.isOn("tie", tie)
    let embedding = try settings.value(
      "embedding", embedding, default: isTied ? outputs : hidden, .upTo(1_000_000))
    if isTied, embedding != outputs {
      let layer = projection == nil ? "--hidden \(hidden)" : "--projection \(outputs)"
      throw Failure.usage(
        "--tie shares one matrix between the embedding and the output, so both must be equally "
          + "wide; found --embedding \(embedding) and \(layer)")
    }
    let level = try settings.value("level", level, default: .words)
    let words = try words(&settings, level: level, embedding: embedding)
    if isTied, words.characters != nil {
      throw Failure.usage("--tie needs words that are only looked up: --words lookup")
    }
    let configuration = LanguageModelConfiguration(
      level: level,
      unit: try settings.value("unit", unit, default: .stream),
      cell: try settings.value("cell", cell, default: .lstm), embeddingSize: embedding,
      characters: words.characters, looksWordsUp: words.lookUpSize != nil, hiddenSize: hidden,
      layers: try settings.value("layers", layers, default: 2, .upTo(1000)),
      projection: projection, connections: try settings.value("skip", skip, default: .none),
      learnsInitialState: try settings.isOn("learn-initial-state", learnInitialState),
      dropout: try rates(&settings),
      vanishingPenalty: Float(
        try settings.value("vanishing-penalty", vanishingPenalty, default: 0, .notNegative)),
      isTied: isTied)
    if let fault = configuration.stack.fault { throw Failure.usage(fault) }
    return configuration
  }

  private func words(
    _ settings: inout Settings, level: Tokenizer, embedding: Int
  ) throws -> WordEncoderConfiguration {
    let source = try settings.value("words", words, default: .lookup)
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
    guard level == .words else {
      throw Failure.usage(
        "--words \(source.rawValue) composes words, and --level is \(level.rawValue)")
    }
    guard source == .both || sizes.output == nil else {
      throw Failure.usage(
        "--character-output goes with --words both; composed words have --embedding features")
    }
    return WordEncoderConfiguration(
      lookUpSize: source == .both ? embedding : nil,
      characters: CharacterConfiguration(
        embeddingSize: sizes.embedding ?? 50, hiddenSize: sizes.hidden ?? 150,
        outputSize: sizes.output ?? embedding))
  }

  private func rates(_ settings: inout Settings) throws -> LanguageModelDropout {
    func rate(
      _ key: String, _ flag: Double?, default fallback: Double = 0
    ) throws -> Float {
      Float(try settings.value(key, flag, default: fallback, .belowOne))
    }
    let all = try settings.value("dropout", dropout, default: 0, .belowOne)
    let rates = LanguageModelDropout(
      input: try rate("dropout-input", dropoutInput, default: all),
      hidden: try rate("dropout-hidden", dropoutHidden, default: all),
      output: try rate("dropout-output", dropoutOutput, default: all),
      embedding: try rate("dropout-embedding", dropoutEmbedding),
      isVariational: try settings.isOn("variational", variational),
      recurrent: RecurrentDropout(
        weights: try rate("dropout-weights", dropoutWeights),
        state: try rate("dropout-state", dropoutState),
        candidate: try rate("dropout-candidate", dropoutCandidate),
        zoneout: try rate("zoneout", zoneout)))
    guard !rates.isVariational || rates.input > 0 || rates.hidden > 0 || rates.output > 0 else {
      throw Failure.usage(
        "--variational is for --dropout, --dropout-input, --dropout-hidden and --dropout-output; found "
          + "none of them above 0")
    }
    return rates
  }
}

extension LanguageModelConfiguration {
  /// The architecture as options and their values on the command line; what is not used is left out.
  var options: [String: String] {
    var options = [
      "level": level.rawValue, "unit": unit.rawValue, "cell": cell.rawValue,
      "embedding": "\(embeddingSize)", "hidden": "\(hiddenSize)", "layers": "\(layers)",
      "tie": "\(isTied)",
    ]
    if let characters {
      options["words"] = (looksWordsUp ? WordSource.both : .characters).rawValue
      options["character-embedding"] = "\(characters.embeddingSize)"
      options["character-hidden"] = "\(characters.hiddenSize)"
      options["character-output"] = looksWordsUp ? "\(characters.outputSize)" : nil
    }
    options["projection"] = projection.map { "\($0)" }
    options["skip"] = connections == .none ? nil : connections.rawValue
    options["learn-initial-state"] = learnsInitialState ? "true" : nil
    options["variational"] = dropout.isVariational ? "true" : nil
    let recurrent = dropout.recurrent
    var rates = [
      ("dropout-embedding", dropout.embedding), ("dropout-weights", recurrent.weights),
      ("dropout-state", recurrent.state), ("dropout-candidate", recurrent.candidate),
      ("zoneout", recurrent.zoneout), ("vanishing-penalty", vanishingPenalty),
    ].filter { $0.1 > 0 }
    if dropout.input == dropout.hidden, dropout.hidden == dropout.output {
      rates.append(("dropout", dropout.input))
    } else {
      rates += [
        ("dropout-input", dropout.input), ("dropout-hidden", dropout.hidden),
        ("dropout-output", dropout.output),
      ]
    }
    for (name, rate) in rates { options[name] = "\(rate)" }
    return options
  }
}

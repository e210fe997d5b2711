import ArgumentParser
import Models
import Recurrent

extension ContextUse: ExpressibleByArgument, SettingValue {}
extension AttentionKind: ExpressibleByArgument, SettingValue {}

/// The flags of a decoder that is told of a source, be it a text or a picture. Each is also a key of a
/// configuration file.
struct DecoderOptions: ParsableArguments {
  @Option(
    help: """
      What the decoder sees of the source: initial (its first state; Sutskever et al. 2014, Vinyals et al. \
      2015), every-step (a summary; Cho et al. 2014), before (attention before a step; Bahdanau et al. 2015, Xu \
      et al. 2015) or after (attention after a step; Luong et al. 2015) (default: after).
      """)
  var context: ContextUse?
  @Option(
    help: """
      How attention compares: dot, general (Luong et al. 2015) or additive (Bahdanau et al. 2015) \
      (default: general; additive of --context before).
      """)
  var attention: AttentionKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Features in which additive attention compares (default: as --hidden).", valueName: "n"))
  var attentionSize: Int?
  @Flag(help: "Feed what a step has read out to the next one (input feeding; Luong et al. 2015).")
  var inputFeeding = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Features that the output reads, where it reads more than the state (default: as --hidden; as "
        + "--embedding with --tie).", valueName: "n"))
  var readout: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Features of the units' vectors (default: as --hidden).", valueName: "n"))
  var embedding: Int?
  @Flag(help: "Share one matrix between the target's vectors and the output.")
  var tie = false

  /// The decoder that the flags and the configuration file make.
  ///
  /// - Parameter models: what it is a part of, in the plural.
  /// - Throws: `Failure` for values that make no sense by themselves or together, as far as can be known
  ///   without the source.
  func configuration(
    _ settings: inout Settings, _ layers: LayerChoice, _ dropout: NetworkDropout,
    output: OutputOptions, for models: String
  ) throws -> SequenceDecoderConfiguration {
    guard !layers.learnsInitialState else {
      throw Failure.usage("--learn-initial-state is not for \(models)")
    }
    let context = try settings.value("context", context, default: .after)
    let attention = try settings.value("attention", attention)
    let attentionSize = try settings.value("attention-size", attentionSize, .upTo(1_000_000))
    let kind = attention ?? (context == .before ? .additive : .general)
    guard context.attends || attention == nil else {
      throw Failure.usage(
        "--attention is for --context before and after, not for \(context.rawValue)")
    }
    guard attentionSize == nil || context.attends && kind == .additive else {
      throw Failure.usage("--attention-size is for --attention additive")
    }
    let isTied = try settings.isOn("tie", tie)
    let readout = try settings.value("readout", readout, .upTo(1_000_000))
    guard readout == nil || context != .initial else {
      throw Failure.usage("--readout is not for --context initial, whose output reads the state")
    }
    return SequenceDecoderConfiguration(
      embeddingSize: try settings.value(
        "embedding", embedding, default: layers.hidden, .upTo(1_000_000)),
      cell: layers.cell, hiddenSize: layers.hidden, layers: layers.layers,
      projection: layers.projection, connections: layers.connections, dropout: dropout,
      context: context, attention: kind, attentionSize: attentionSize,
      feedsReadout: try settings.isOn("input-feeding", inputFeeding), readoutSize: readout,
      output: try output.configuration(&settings, isTied: isTied), isTied: isTied)
  }
}

extension SequenceDecoderConfiguration {
  /// As options and their values on the command line; what is not used is left out.
  var options: [String: String] {
    // What a layer reads is no option.
    var options = stack(memorySize: 1).options
    options.merge(dropout.options) { $1 }
    options.merge(output.options) { $1 }
    options["embedding"] = "\(embeddingSize)"
    options["context"] = context.rawValue
    if context.attends {
      options["attention"] = attention.rawValue
      options["attention-size"] = attention == .additive ? "\(attentionSize)" : nil
    }
    options["input-feeding"] = feedsReadout ? "true" : nil
    options["readout"] = context == .initial ? nil : "\(readoutSize)"
    options["tie"] = isTied ? "true" : nil
    return options
  }
}

/// The flag of label smoothing. It is also a key of a configuration file.
struct SmoothingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of a target's probability that goes to all units (Szegedy et al. 2016; default: 0).",
      valueName: "p"))
  var labelSmoothing: Double?

  func value(_ settings: inout Settings, for output: OutputConfiguration) throws -> Float {
    let smoothing = try settings.value("label-smoothing", labelSmoothing, default: 0, .belowOne)
    guard smoothing == 0 || output == .full else {
      throw Failure.usage("--label-smoothing goes with --softmax full")
    }
    return Float(smoothing)
  }
}

import Models
import Recurrent

/// Everything about the training of a captioner that its result depends on, checked.
struct CaptionerRecipe: Equatable {
  var picture: PictureChoice
  var decoder: SequenceDecoderConfiguration
  var units: CaptionUnits
  var batch: Int
  var smoothing: Float
  var criterion: CaptionerCriterion
  var learning: LearningRecipe
  var start: StartRecipe
  var seed: UInt64
}

extension CaptionerRecipe {
  /// The architecture, for features of `shape` where they take the place of pixels.
  func configuration(features shape: (positions: Int, size: Int)?) -> CaptionerConfiguration {
    switch picture {
    case .pixels(let encoder, _):
      CaptionerConfiguration(encoder: .pixels(encoder), decoder: decoder)
    case .features(let size, let dropout):
      CaptionerConfiguration(
        encoder: .features(
          FeatureEncoderConfiguration(
            positions: shape?.positions ?? 1, inputSize: shape?.size ?? 1,
            outputSize: size ?? decoder.hiddenSize, dropout: dropout)), decoder: decoder)
    }
  }

  /// How pixels are changed.
  var augmentation: ImageAugmentation {
    if case .pixels(_, let augmentation) = picture { augmentation } else { ImageAugmentation() }
  }

  /// The recipe as it stands in the model's record: options and their values, as on the command line.
  var record: [String: String] { identity.merging(learning.options) { $1 } }

  /// What a checkpoint must agree with, beside what the trainer compares by itself.
  var identity: [String: String] {
    var identity = units.options
    identity.merge(picture.options) { $1 }
    identity.merge(decoder.options) { $1 }
    identity.merge(start.options) { $1 }
    identity["batch"] = "\(batch)"
    identity["label-smoothing"] = smoothing > 0 ? "\(smoothing)" : nil
    identity["judge"] = criterion == .loss ? nil : criterion.rawValue
    return identity
  }
}

extension CaptionUnits {
  /// As options and their values on the command line; what is not used is left out.
  fileprivate var options: [String: String] {
    var options = ["units": kind.rawValue]
    if kind == .bytePairs { options["merges"] = "\(merges)" }
    options["lowercase"] = lowercases ? "true" : nil
    options["min-count"] = minimumCount > 1 ? "\(minimumCount)" : nil
    return options
  }
}

extension PictureChoice {
  /// As options and their values on the command line.
  fileprivate var options: [String: String] {
    switch self {
    case .pixels(let encoder, let augmentation):
      var options = [
        "image-size": "\(encoder.imageSize)",
        "channels": encoder.channels.map(String.init).joined(separator: " "),
        "summary": encoder.summary.rawValue, "dropout-stages": "\(encoder.dropout)",
        "dropout-picture": "\(encoder.outputDropout)", "shift": "\(augmentation.shift)",
        "zoom": "\(augmentation.zoom)", "turn": "\(augmentation.turn)",
        "color": "\(augmentation.color)",
      ]
      options["flips"] = augmentation.flips ? "true" : nil
      return options
    case .features(let size, let dropout):
      var options = ["dropout-picture": "\(dropout)"]
      options["feature-size"] = size.map { "\($0)" }
      return options
    }
  }
}

extension SequenceDecoderConfiguration {
  /// As options and their values on the command line; what is not used is left out.
  fileprivate var options: [String: String] {
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

extension CaptionDecoderOptions {
  /// The decoder that the flags and the configuration file make.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves or together, as far as can be known
  ///   before features are looked at.
  func configuration(
    _ settings: inout Settings, _ layers: LayerChoice, _ dropout: NetworkDropout,
    output: OutputOptions
  ) throws -> SequenceDecoderConfiguration {
    guard !layers.learnsInitialState else {
      throw Failure.usage("--learn-initial-state is not for captioners")
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

extension CaptionerLearningOptions {
  /// What the flags and the configuration file say, with all that was decided before.
  func recipe(
    _ settings: inout Settings, _ picture: PictureChoice, _ decoder: SequenceDecoderConfiguration,
    _ units: CaptionUnits, learning: LearningRecipe, start: StartRecipe, seed: UInt64
  ) throws -> CaptionerRecipe {
    let smoothing = try settings.value("label-smoothing", labelSmoothing, default: 0, .belowOne)
    guard smoothing == 0 || decoder.output == .full else {
      throw Failure.usage("--label-smoothing goes with --softmax full")
    }
    let recipe = CaptionerRecipe(
      picture: picture, decoder: decoder, units: units,
      batch: try settings.value("batch", batch, default: 32, .upTo(1_000_000)),
      smoothing: Float(smoothing),
      criterion: try settings.value("judge", judge, default: .loss), learning: learning,
      start: start, seed: seed)
    do {
      try recipe.configuration(features: nil).validate()
    } catch {
      throw Failure.usage(error.description)
    }
    return recipe
  }
}

import Models
import Recurrent

/// Everything about the training of a translator that its result depends on, checked.
struct TranslatorRecipe: Equatable {
  var configuration: TranslatorConfiguration
  var units: TranslatorUnits
  var batch: Int
  var batchUnits: Int?
  var longest: Int
  var smoothing: Float
  var unitDropout: Double
  var sampling: ScheduledSampling?
  var criterion: TranslatorCriterion
  var learning: LearningRecipe
  var start: StartRecipe
  var seed: UInt64
}

extension TranslatorRecipe {
  /// The recipe as it stands in the model's record: options and their values, as on the command line.
  var record: [String: String] { identity.merging(learning.options) { $1 } }

  /// What a checkpoint must agree with, beside what the trainer compares by itself.
  var identity: [String: String] {
    var identity = units.options
    identity.merge(configuration.options) { $1 }
    identity.merge(start.options) { $1 }
    identity["batch"] = "\(batch)"
    identity["batch-units"] = batchUnits.map { "\($0)" }
    identity["longest"] = "\(longest)"
    identity["label-smoothing"] = smoothing > 0 ? "\(smoothing)" : nil
    identity["dropout-units"] = unitDropout > 0 ? "\(unitDropout)" : nil
    identity["sampling"] = sampling.map { "\($0.share)" }
    identity["sampling-shape"] = sampling.map(\.shape.rawValue)
    identity["sampling-epochs"] = sampling.map { "\($0.epochs)" }
    identity["judge"] = criterion == .loss ? nil : criterion.rawValue
    return identity
  }
}

extension TranslatorUnits {
  /// As options and their values on the command line; what is not used is left out.
  var options: [String: String] {
    var options =
      source == target
      ? ["units": source.rawValue]
      : ["source-units": source.rawValue, "target-units": target.rawValue]
    if source == .bytePairs || target == .bytePairs { options["merges"] = "\(merges)" }
    options["joint"] = isJoint ? "true" : nil
    options["lowercase"] = lowercases ? "true" : nil
    options["min-count"] = minimumCount > 1 ? "\(minimumCount)" : nil
    options["vocabulary-size"] = maximumSize.map { "\($0)" }
    return options
  }
}

extension TranslatorConfiguration {
  /// As options and their values on the command line; what is not used is left out.
  var options: [String: String] {
    var options = decoder.options
    options["encoder-hidden"] = "\(encoder.hiddenSize)"
    options["encoder-layers"] = "\(encoder.layers)"
    options[encoder.isBidirectional ? "both-directions" : "one-direction"] = "true"
    options["reverse"] = encoder.reversesSource ? "true" : nil
    options["share-vectors"] = sharesVectors ? "true" : nil
    return options
  }
}

extension EncoderOptions {
  /// The architecture that the flags and the configuration file make, around a decoder.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func configuration(
    _ settings: inout Settings, _ decoder: SequenceDecoderConfiguration, isJoint: Bool
  ) throws -> TranslatorConfiguration {
    let oneDirection = try settings.isOn("one-direction", oneDirection)
    let bothDirections = try settings.isOn("both-directions", bothDirections)
    guard !oneDirection || !bothDirections else {
      throw Failure.usage("--one-direction and --both-directions exclude each other")
    }
    let isBidirectional = bothDirections || decoder.context.attends && !oneDirection
    let sharesVectors = try settings.isOn("share-vectors", shareVectors)
    guard !sharesVectors || isJoint else {
      throw Failure.usage("--share-vectors needs --joint")
    }
    let usualHidden = isBidirectional ? max(1, decoder.hiddenSize / 2) : decoder.hiddenSize
    let configuration = TranslatorConfiguration(
      encoder: EncoderConfiguration(
        embeddingSize: decoder.embeddingSize, cell: decoder.cell,
        hiddenSize: try settings.value(
          "encoder-hidden", encoderHidden, default: usualHidden, .upTo(1_000_000)),
        layers: try settings.value(
          "encoder-layers", encoderLayers, default: decoder.layers, .upTo(1000)),
        projection: decoder.projection, isBidirectional: isBidirectional,
        connections: decoder.connections, dropout: decoder.dropout,
        reversesSource: try settings.isOn("reverse", reverse)),
      decoder: decoder, sharesVectors: sharesVectors)
    do {
      try configuration.validate()
    } catch {
      throw Failure.usage(error.description)
    }
    return configuration
  }
}

extension TranslatorLearningOptions {
  /// What the flags and the configuration file say, with all that was decided before.
  func recipe(
    _ settings: inout Settings, _ configuration: TranslatorConfiguration,
    _ units: TranslatorUnits, smoothing: Float, learning: LearningRecipe, start: StartRecipe,
    seed: UInt64
  ) throws -> TranslatorRecipe {
    let share = try settings.value("sampling", sampling, .fraction)
    let shape = try settings.value("sampling-shape", samplingShape)
    let epochs = try settings.value("sampling-epochs", samplingEpochs, .positive)
    guard share != nil || shape == nil && epochs == nil else {
      throw Failure.usage("--sampling-shape and --sampling-epochs go with --sampling")
    }
    let unitDropout = try settings.value("dropout-units", dropoutUnits, default: 0, .belowOne)
    guard unitDropout == 0 || units.source == .bytePairs || units.target == .bytePairs else {
      throw Failure.usage("--dropout-units goes with units that are bpe")
    }
    return TranslatorRecipe(
      configuration: configuration, units: units,
      batch: try settings.value("batch", batch, default: 64, .upTo(1_000_000)),
      batchUnits: try settings.value("batch-units", batchUnits, .atLeast(1)),
      longest: try settings.value("longest", longest, default: 250, .atLeast(1)),
      smoothing: smoothing, unitDropout: unitDropout,
      sampling: share.map {
        ScheduledSampling(
          share: $0, shape: shape ?? .linear,
          epochs: epochs ?? max(Double(learning.epochs) / 2, 0.5))
      }, criterion: try settings.value("judge", judge, default: .loss), learning: learning,
      start: start, seed: seed)
  }
}

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

extension CaptionerLearningOptions {
  /// What the flags and the configuration file say, with all that was decided before.
  func recipe(
    _ settings: inout Settings, _ picture: PictureChoice, _ decoder: SequenceDecoderConfiguration,
    _ units: CaptionUnits, smoothing: Float, learning: LearningRecipe, start: StartRecipe,
    seed: UInt64
  ) throws -> CaptionerRecipe {
    let recipe = CaptionerRecipe(
      picture: picture, decoder: decoder, units: units,
      batch: try settings.value("batch", batch, default: 32, .upTo(1_000_000)),
      smoothing: smoothing,
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

/// How a picture's summary is made of its grid.
public enum ImageSummary: String, Sendable, Codable, CaseIterable {
  /// The mean over all places: what is seen, wherever it is.
  case mean
  /// A layer that sees all places, each with weights of its own: where things are counts, as for the hands of
  /// a clock and the stripes of a flag.
  case whole
}

/// The architecture of an ``ImageEncoder``.
public struct ImageEncoderConfiguration: Sendable, Hashable {
  /// Pictures are `imageSize` by `imageSize` pixels; those of another size are resized, each axis by itself.
  public var imageSize: Int
  /// The channels of each stage, each of which halves width and height.
  public var channels: [Int]
  /// How the summary is made.
  public var summary: ImageSummary
  /// The share of the features that is dropped between stages in training.
  public var dropout: Float
  /// The share of the features of grid and summary that is dropped in training.
  public var outputDropout: Float

  /// A configuration; ``fault`` says what is wrong with it.
  public init(
    imageSize: Int = 64, channels: [Int] = [32, 64, 96, 128], summary: ImageSummary = .whole,
    dropout: Float = 0, outputDropout: Float = 0
  ) {
    self.imageSize = imageSize
    self.channels = channels
    self.summary = summary
    self.dropout = dropout
    self.outputDropout = outputDropout
  }

  /// Places along a side of the grid.
  public var gridSize: Int { imageSize >> channels.count }
  /// S, the places of the grid.
  public var positions: Int { gridSize * gridSize }
  /// F, the features of a place and of the summary.
  public var outputSize: Int { channels.last ?? 0 }

  /// What is wrong with it, in words; nil if nothing is.
  public var fault: String? {
    if !(2...1024).contains(imageSize) {
      return "a picture has 2 to 1024 pixels a side, not \(imageSize)"
    }
    if !(1...10).contains(channels.count) {
      return "an image encoder has 1 to 10 stages, not \(channels.count)"
    }
    if let size = channels.first(where: { !(1...65_536).contains($0) }) {
      return "a stage has 1 to 65,536 channels, not \(size)"
    }
    if gridSize < 1 {
      return "\(channels.count) stages halve \(imageSize) pixels to nothing"
    }
    for (name, rate) in [
      ("dropout of an image encoder", dropout), ("output dropout", outputDropout),
    ]
    where !(rate >= 0 && rate < 1) {
      return "the \(name) is in [0, 1), not \(rate)"
    }
    return nil
  }
}

/// The architecture of a ``FeatureEncoder``: for pictures of which another model has made features.
public struct FeatureEncoderConfiguration: Sendable, Hashable {
  /// S, the places that have features; 1 for a vector a picture.
  public var positions: Int
  /// D, the features of a place.
  public var inputSize: Int
  /// F, to which they are brought.
  public var outputSize: Int
  /// The share of the features of a place, before and after, that is dropped in training.
  public var dropout: Float

  /// A configuration; ``fault`` says what is wrong with it.
  public init(positions: Int = 1, inputSize: Int, outputSize: Int, dropout: Float = 0) {
    self.positions = positions
    self.inputSize = inputSize
    self.outputSize = outputSize
    self.dropout = dropout
  }

  /// What is wrong with it, in words; nil if nothing is.
  public var fault: String? {
    for (size, name) in [
      (positions, "number of places"), (inputSize, "number of features of a picture"),
      (outputSize, "number of features that they become"),
    ] where !(1...1_000_000).contains(size) {
      return "the \(name) is between 1 and 1,000,000, not \(size)"
    }
    if !(dropout >= 0 && dropout < 1) { return "feature dropout is in [0, 1), not \(dropout)" }
    return nil
  }
}

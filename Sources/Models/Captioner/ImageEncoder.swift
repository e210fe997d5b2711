import Recurrent
import Tensors

/// A small convolutional net, trained with what it is part of, that makes a grid of places of a picture.
///
/// ```
/// z   = max of 2 × 2 of (W ∗ z)          a stage: W is [C_out, C_in, 3, 3], zeros beyond the edge
/// z   = max(0, gain ⊙ norm(z) + bias)    over the channels of each pixel (Ba, Kiros & Hinton 2016)
/// m_s = pixel s of the last z, in the order of reading, S = (size / 2^stages)²
/// x̄   = mean of m_s, or max(0, gain ⊙ norm(W [m_1 … m_S]) + bias)
/// ```
/// (LeCun et al. 1998; the normalisation is by the picture itself, so that a picture in a batch gives what it
/// gives alone, and there are no running statistics.) Maxima come first, for a quarter of the pixels is then
/// normalised. Matrices begin as He et al. (2015) have it.
struct ImageEncoder: Module {
  let configuration: ImageEncoderConfiguration
  private let stages: [Stage]
  private let whole: NormalizedLinear?

  private struct Stage: Module {
    let weight: Parameter
    let norm: ChannelNorm

    var parameters: [Parameter] { [weight] + norm.parameters }
  }

  var parameters: [Parameter] { stages.flatMap(\.parameters) + (whole?.parameters ?? []) }

  private static let kernel = 3
  private static let colors = 3

  /// An encoder of a configuration without a fault.
  init(_ configuration: ImageEncoderConfiguration, isZero: Bool, key: RandomKey) {
    let fault = configuration.fault
    precondition(fault == nil, fault ?? "")
    self.configuration = configuration
    var inputs = Self.colors
    stages = configuration.channels.enumerated().map { place, outputs in
      let depth = inputs * Self.kernel * Self.kernel
      let start = Initializer.he(inputs: depth, isZero: isZero)
      let matrix = start.matrix(outputs: outputs, inputs: depth, key: key.child(place))
      defer { inputs = outputs }
      return Stage(
        weight: Parameter(
          "encoder.\(place).weight",
          matrix.reshaped(to: [outputs, inputs, Self.kernel, Self.kernel])),
        norm: ChannelNorm(size: outputs, name: "encoder.\(place).norm"))
    }
    whole =
      configuration.summary == .whole
      ? NormalizedLinear(
        inputs: configuration.positions * configuration.outputSize,
        outputs: configuration.outputSize, name: "encoder.summary", isZero: isZero,
        key: key.child(-1)) : nil
  }

  /// The names and shapes of the parameters, in their order.
  static func parameterShapes(
    _ configuration: ImageEncoderConfiguration
  ) -> [(name: String, shape: [Int])] {
    var inputs = colors
    let stages = configuration.channels.enumerated().flatMap { place, outputs in
      defer { inputs = outputs }
      return [("encoder.\(place).weight", [outputs, inputs, kernel, kernel])]
        + ChannelNorm.parameterShapes(size: outputs, name: "encoder.\(place).norm")
    }
    guard configuration.summary == .whole else { return stages }
    return stages
      + NormalizedLinear.parameterShapes(
        inputs: configuration.positions * configuration.outputSize,
        outputs: configuration.outputSize, name: "encoder.summary")
  }

  /// Pictures [B, size, size, 3], 0 for white and 1 for none of a colour, give places [B, S, F] and summaries
  /// [B, F].
  func callAsFunction(_ pictures: Variable, mode: Mode) -> (places: Variable, summary: Variable) {
    var z = pictures
    for (index, stage) in stages.enumerated() {
      z = z.convolution2D(stage.weight.variable(mode), padding: Self.kernel / 2).maxPooling2D()
      z = stage.norm(z, mode: mode).relu()
      if index < stages.count - 1 {
        z = z.dropout(configuration.dropout, mode: mode.child(index))
      }
    }
    let batch = pictures.shape[0]
    let places = z.reshaped(to: [batch, configuration.positions, configuration.outputSize])
      .dropout(configuration.outputDropout, mode: mode.child(-1))
    let summary =
      whole.map {
        $0(
          places.reshaped(to: [batch, configuration.positions * configuration.outputSize]),
          mode: mode)
      } ?? places.mean(axis: 1)
    return (places, summary.dropout(configuration.outputDropout, mode: mode.child(-2)))
  }
}

/// Brings features from elsewhere to the size that is attended to.
///
/// ```
/// m_s = max(0, gain ⊙ norm(W f_s) + bias)
/// x̄   = mean of m_s
/// ```
struct FeatureEncoder: Module {
  let configuration: FeatureEncoderConfiguration
  private let layer: NormalizedLinear

  var parameters: [Parameter] { layer.parameters }

  init(_ configuration: FeatureEncoderConfiguration, isZero: Bool, key: RandomKey) {
    let fault = configuration.fault
    precondition(fault == nil, fault ?? "")
    self.configuration = configuration
    layer = NormalizedLinear(
      inputs: configuration.inputSize, outputs: configuration.outputSize, name: "encoder.features",
      isZero: isZero, key: key)
  }

  /// The names and shapes of the parameters, in their order.
  static func parameterShapes(
    _ configuration: FeatureEncoderConfiguration
  ) -> [(name: String, shape: [Int])] {
    NormalizedLinear.parameterShapes(
      inputs: configuration.inputSize, outputs: configuration.outputSize, name: "encoder.features")
  }

  /// Features [B, S, D] give places [B, S, F] and summaries [B, F].
  func callAsFunction(_ features: Variable, mode: Mode) -> (places: Variable, summary: Variable) {
    let places = layer(features.dropout(configuration.dropout, mode: mode.child(0)), mode: mode)
      .dropout(configuration.dropout, mode: mode.child(1))
    return (places, places.mean(axis: 1))
  }
}

/// gain ⊙ norm(x) + bias over the last axis.
private struct ChannelNorm: Module {
  let gain: Parameter
  let bias: Parameter

  var parameters: [Parameter] { [gain, bias] }

  init(size: Int, name: String) {
    gain = Parameter("\(name).weight", Tensor(repeating: 1, shape: [size]))
    bias = Parameter("\(name).bias", Tensor(zeros: [size]))
  }

  static func parameterShapes(size: Int, name: String) -> [(name: String, shape: [Int])] {
    [("\(name).weight", [size]), ("\(name).bias", [size])]
  }

  func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
    x.layerNorm(gain: gain.variable(mode), bias: bias.variable(mode))
  }
}

/// max(0, gain ⊙ norm(W x) + bias)
private struct NormalizedLinear: Module {
  let weight: Parameter
  let norm: ChannelNorm

  var parameters: [Parameter] { [weight] + norm.parameters }

  init(inputs: Int, outputs: Int, name: String, isZero: Bool, key: RandomKey) {
    weight = Parameter(
      "\(name).weight",
      Initializer.he(inputs: inputs, isZero: isZero)
        .matrix(outputs: outputs, inputs: inputs, key: key))
    norm = ChannelNorm(size: outputs, name: "\(name).norm")
  }

  static func parameterShapes(
    inputs: Int, outputs: Int, name: String
  ) -> [(name: String, shape: [Int])] {
    [("\(name).weight", [outputs, inputs])]
      + ChannelNorm.parameterShapes(size: outputs, name: "\(name).norm")
  }

  func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
    norm(x.linear(weight.variable(mode)), mode: mode).relu()
  }
}

extension Initializer {
  /// Normal numbers of variance 2 / inputs (He et al. 2015), or zeros.
  fileprivate static func he(inputs: Int, isZero: Bool) -> Initializer {
    isZero ? .zero : .normal((2 / Float(max(inputs, 1))).squareRoot())
  }
}

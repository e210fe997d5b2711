import Learning

/// How a model came to be, as kept in its file.
///
/// It holds nothing that differs between two runs of the same recipe: no times, no paths, no number
/// of threads. So the same seed gives the same file, byte for byte.
public struct TrainingRecord: Codable, Sendable, Equatable {
  /// The recipe: option and value as on the command line.
  public var recipe: [String: String]
  /// The seed of all random numbers.
  public var seed: UInt64
  /// Tokens of the training text.
  public var trainingTokens: Int
  /// A hash of the training tokens, by which a text can be recognised.
  public var trainingFingerprint: String
  /// Steps made.
  public var steps: Int
  /// Every epoch's losses.
  public var epochs: [EpochRecord]
  /// The validation whose parameters these are; nil if nothing was validated.
  public var best: ValidationRecord?

  private enum CodingKeys: String, CodingKey {
    case recipe, seed, steps, epochs, best
    case trainingTokens = "training_tokens"
    case trainingFingerprint = "training_fingerprint"
  }

  /// A record.
  public init(
    recipe: [String: String], seed: UInt64, trainingTokens: Int, trainingFingerprint: String,
    steps: Int, epochs: [EpochRecord], best: ValidationRecord?
  ) {
    self.recipe = recipe
    self.seed = seed
    self.trainingTokens = trainingTokens
    self.trainingFingerprint = trainingFingerprint
    self.steps = steps
    self.epochs = epochs
    self.best = best
  }
}

/// A task that can say what its model learns from.
public protocol RecordedTask: TrainingTask {
  /// The tokens, or whatever else is counted, of the training data.
  var trainingTokens: Int { get }
  /// A hash of the training data, by which they can be recognised.
  var trainingFingerprint: String { get }
}

/// The 64-bit FNV-1a hash of a sequence of tokens, in hexadecimal.
public func fingerprint(_ tokens: some Sequence<Int32>) -> String {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for token in tokens {
    for shift in [0, 8, 16, 24] {
      hash = (hash ^ UInt64(truncatingIfNeeded: token >> shift) & 0xFF) &* 0x100_0000_01B3
    }
  }
  let digits = String(hash, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

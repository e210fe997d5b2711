import ArgumentParser
import Corpora
import Models
import Recurrent

extension ClassifierInput: ExpressibleByArgument, SettingValue {}
extension ClassifierOutput: ExpressibleByArgument, SettingValue {}
extension ClassifierCriterion: ExpressibleByArgument, SettingValue {}
extension PoolingKind: ExpressibleByArgument, SettingValue {}

/// A classifier's usual recipe.
enum UsualClassifier: UsualRecipe {
  static let input = "input"
  static let sequence = "case"
  static let hidden = 100
  static let embedding: Int? = 100
  static let characterEmbedding = 25
  static let characterHidden = 50
  static let dropout = 0.5
  static let epochs = 10
}

/// The flags of a classifier that no other model has. Each is also a key of a configuration file.
struct ClassifierOptions: ParsableArguments {
  @Option(
    help: """
      What is read: words, characters or series (default: series of .ts and .csv files, else words).
      """)
  var input: ClassifierInput?
  @Option(
    help: """
      What is said: classes (one a case), labels (any number, with | between them) or number \
      (default: classes).
      """)
  var target: ClassifierOutput?
  @Option(
    help: """
      How all steps become one vector: last, mean, max or attention (Yang et al. 2016) (default: max).
      """)
  var pooling: PoolingKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Features in which attention compares (default: as --hidden).", valueName: "n"))
  var attention: Int?
  @Flag(help: "Read from the first step to the last alone; else from both ends.")
  var oneDirection = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rarer words or characters become <unk> (default: 2).", valueName: "n"))
  var minCount: Int?
  @Flag(help: "Look words up in lower case.")
  var lowercase = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Probability of looking a word that occurs only once up as <unk> (default: 0).",
      valueName: "p"))
  var dropoutWords: Double?
  @Option(
    help: ArgumentHelp(
      """
      What classes count in training: none (all cases alike), balanced (all classes alike), or \
      CLASS=x,… (default: none).
      """, valueName: "weights"))
  var classWeights: String?
  @Option(
    help: """
      What the model is judged by on held-out cases: error (classes: the share of wrong ones; labels: \
      1 - F1; number: 1 - R²) or loss (default: error).
      """)
  var judge: ClassifierCriterion?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Cases side by side (default: 32).", valueName: "n"))
  var batch: Int?
}

/// What a classifier's own flags ask for.
struct ClassifierChoice {
  var input: ClassifierInput
  var target: ClassifierOutput
  var pooling: PoolingKind
  var attention: Int?
  var isBidirectional: Bool
  var minimumCount: Int
  var lowercases: Bool
  var wordDropout: Float
  var weights: ClassWeights
  var criterion: ClassifierCriterion
  var batch: Int
}

extension ClassifierOptions {
  /// What the flags and the configuration file say.
  ///
  /// - Parameter training: the files to learn from, whose names tell what is read.
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func choice(_ settings: inout Settings, training: [String]) throws -> ClassifierChoice {
    let usual: ClassifierInput =
      training.contains { CaseFormat(path: $0) != .text } ? .series : .words
    let input = try settings.value("input", input, default: usual)
    let minimumCount = try settings.value("min-count", minCount, .atLeast(1))
    let lowercases = try settings.isOn("lowercase", lowercase)
    let wordDropout = try settings.value("dropout-words", dropoutWords, .fraction)
    let pooling = try settings.value("pooling", pooling, default: .max)
    let attention = try settings.value("attention", attention, .upTo(1_000_000))
    guard pooling == .attention || attention == nil else {
      throw Failure.usage("--attention is for --pooling attention, not for \(pooling.rawValue)")
    }
    if input == .series {
      for (name, isGiven) in [
        ("min-count", minimumCount != nil), ("lowercase", lowercases),
        ("dropout-words", wordDropout != nil),
      ] where isGiven {
        throw Failure.usage("--\(name) is for texts, not for --input series")
      }
    }
    let target = try settings.value("target", target, default: .classes)
    let weights = try weights(try settings.value("class-weights", classWeights, .notEmpty))
    guard weights == .none || target == .classes else {
      throw Failure.usage(
        "--class-weights is for --target classes, not for \(target.rawValue)")
    }
    return ClassifierChoice(
      input: input, target: target, pooling: pooling, attention: attention,
      isBidirectional: !(try settings.isOn("one-direction", oneDirection)),
      minimumCount: minimumCount ?? (input == .series ? 1 : 2), lowercases: lowercases,
      wordDropout: Float(wordDropout ?? 0), weights: weights,
      criterion: try settings.value("judge", judge, default: .error),
      batch: try settings.value("batch", batch, default: 32, .upTo(1_000_000)))
  }

  private func weights(_ text: String?) throws -> ClassWeights {
    guard let text, text != "none" else { return .none }
    if text == "balanced" { return .balanced }
    var weights: [String: Double] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, let weight = Double(sides[1]), weight >= 0, weight.isFinite else {
        throw Failure.usage(
          "--class-weights is \(text.debugDescription), expected none, balanced or CLASS=x,… with "
            + "numbers of at least 0")
      }
      weights[String(sides[0])] = weight
    }
    return .given(weights)
  }
}

extension ClassWeights {
  /// As on the command line.
  var option: String {
    switch self {
    case .none: "none"
    case .balanced: "balanced"
    case .given(let weights):
      weights.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }
  }
}

extension ClassifierConfiguration {
  /// The architecture as options and their values on the command line; what is not used is left out.
  ///
  /// - Parameter stack: its recurrent layers.
  func options(_ stack: StackConfiguration) -> [String: String] {
    var options = [
      "input": input.rawValue, "target": output.rawValue, "pooling": pooling.rawValue,
    ]
    for group in [stack.options, words?.options ?? [:], dropout.options] {
      options.merge(group) { $1 }
    }
    options["attention"] = attentionSize == hiddenSize ? nil : "\(attentionSize)"
    options["one-direction"] = isBidirectional ? nil : "true"
    if input != .series {
      options["min-count"] = "\(minimumCount)"
      options["lowercase"] = lowercases ? "true" : nil
      options["dropout-words"] = wordDropout > 0 ? "\(wordDropout)" : nil
    }
    return options
  }
}

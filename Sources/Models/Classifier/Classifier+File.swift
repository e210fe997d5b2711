import Corpora
import Recurrent
import Tensors

extension Classifier: StoredModel {
  /// What a classifier is made from but its weights.
  public struct Blueprint: Codable, Sendable {
    /// The architecture.
    public var architecture: ClassifierConfiguration
    /// The words or characters that have vectors of their own.
    public var vocabulary: Vocabulary?
    /// The characters that words are composed from.
    public var alphabet: Vocabulary?
    /// The classes or labels.
    public var labels: Vocabulary?
    /// What standardises the steps of a series.
    public var scale: Standardization?
    /// The mean and deviation of the numbers that are said.
    public var target: Standardization?

    /// The recurrent layers.
    public var stack: StackConfiguration { architecture.stack(width: scale?.width) }

    /// The outputs: classes or labels, or 1 for a number.
    var outputs: Int { labels?.count ?? 1 }
  }

  /// ``ModelTask/classifier``
  public static let task = ModelTask.classifier

  /// Configuration, words, characters, labels and scales.
  public var blueprint: Blueprint {
    Blueprint(
      architecture: configuration, vocabulary: vocabulary, alphabet: alphabet, labels: labels,
      scale: scale, target: target)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for what makes no classifier.
  public static func validate(_ blueprint: Blueprint) throws(ModelError) {
    func check(_ holds: Bool, _ fault: @autoclosure () -> String) throws(ModelError) {
      if !holds { throw .invalidConfiguration(fault()) }
    }
    let architecture = blueprint.architecture
    try architecture.validate()
    try check(
      (blueprint.vocabulary == nil) == (architecture.input == .series),
      "a vocabulary is for words and characters, and they need one")
    if let vocabulary = blueprint.vocabulary {
      try check(vocabulary.unknown == 0, "the vocabulary does not begin with <unk>")
    }
    try check(
      (blueprint.alphabet == nil) == (architecture.words?.characters == nil),
      "an alphabet is for words that are composed, and they need one")
    try blueprint.alphabet?.checkRoles("the alphabet")
    try check(
      (blueprint.labels == nil) == (architecture.output == .number),
      "labels are for classes and labels, and they need some")
    if let labels = blueprint.labels {
      try check(
        labels.unknown == nil && labels.start == nil && labels.end == nil,
        "a label has a role, as only words have")
    }
    try check(
      (blueprint.scale == nil) == (architecture.input != .series),
      "a scale is for series, and they need one")
    try check(
      (blueprint.target == nil) == (architecture.output != .number),
      "a target's scale is for numbers, and they need one")
    for scale in [blueprint.scale, blueprint.target] {
      if let fault = scale?.fault { throw .invalidConfiguration(fault) }
    }
    try check(blueprint.target.map { $0.width == 1 } ?? true, "a target is one number")
  }

  /// The parameters' names and shapes.
  public static func tensorShapes(_ blueprint: Blueprint) -> [(name: String, shape: [Int])] {
    blueprint.architecture.tensorShapes(
      lookUps: blueprint.vocabulary?.count ?? 0, characters: blueprint.alphabet?.count ?? 0,
      width: blueprint.scale?.width, outputs: blueprint.outputs)
  }

  /// A model of zeros.
  public init(_ blueprint: Blueprint) throws {
    try self.init(blueprint, initialization: .zero, key: RandomKey(seed: 0))
  }
}

extension Classifier.Blueprint {
  /// What `cases` have: their words and characters, labels and scales.
  init(
    _ configuration: ClassifierConfiguration, learningFrom cases: [LabelledCase]
  ) throws {
    guard let first = cases.first else { throw CorpusError.noSentences }
    self.init(architecture: configuration)
    // Before the vocabulary is asked for what only a checked configuration can be.
    try configuration.validate()
    switch configuration.input {
    case .words, .characters:
      var texts: [[String]] = []
      for item in cases {
        guard case .text(let text) = item.content else {
          throw item.fault("a series, expected a text")
        }
        texts.append(configuration.input.tokenizer.tokens(of: text))
      }
      let all = try Vocabulary(ofWords: texts.lazy.joined())
      vocabulary = try all.lookUp(
        lowercases: configuration.lowercases, minimumCount: configuration.minimumCount)
      if configuration.words?.characters != nil {
        alphabet = try all.alphabet(minimumCount: 2)
      }
    case .series:
      guard case .series(let model) = first.content else {
        throw first.fault("a text, expected a series")
      }
      var series: [Series] = []
      for item in cases { series.append(try item.series(width: model.width)) }
      scale = Standardization(width: model.width, of: series)
    }
    switch configuration.output {
    case .classes, .labels:
      var names: [String] = []
      for item in cases { names += try item.labels(configuration.output) }
      guard !names.isEmpty else { throw first.fault("no case has a label") }
      labels = try Vocabulary(ofLabels: names)
    case .number:
      let numbers = try cases.map { Series(width: 1, values: [try $0.number()]) }
      target = Standardization(width: 1, of: numbers)
    }
  }
}

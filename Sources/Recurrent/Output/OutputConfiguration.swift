/// The ways of ``OutputLayer`` to predict one of V tokens, by name.
public enum OutputKind: String, Sendable, Codable, CaseIterable {
  /// A softmax over all tokens.
  case full
  /// A softmax over all tokens, trained against samples of them (Bengio & Senécal 2008; Jean et al.
  /// 2015).
  case sampled
  /// The same, trained to tell tokens from noise (Gutmann & Hyvärinen 2010; Mnih & Teh 2012).
  case nce
  /// A softmax over the frequent tokens and clusters of the rarer ones, whose own softmaxes see fewer
  /// features the rarer they are (Grave et al. 2017).
  case adaptive
  /// A softmax over classes of tokens and one over the tokens of the class (Goodman 2001; Mikolov et al.
  /// 2011).
  case classFactored = "class"

  /// Whether its matrix can be that of the token vectors: a row for each token, as wide as they are.
  public var canBeTied: Bool {
    switch self {
    case .full, .sampled, .nce: true
    case .adaptive, .classFactored: false
    }
  }

  /// Whether it is trained on samples, by a loss that is not the -ln p it is evaluated by.
  public var isSampled: Bool { self == .sampled || self == .nce }
}

/// What tokens are sampled by.
public enum Proposal: Sendable, Hashable {
  /// Q(token) = ln((r + 2) / (r + 1)) / ln(V + 1) for the token of rank r = 0, 1, … by falling count:
  /// what Zipf's law expects of a text, whatever its counts.
  case logUniform
  /// Q(token) ∝ count^power, where a token that was never seen counts once.
  case unigram(power: Double)
}

/// How an ``OutputLayer`` predicts, and how it is trained to.
public enum OutputConfiguration: Sendable, Hashable {
  /// ``OutputKind/full``.
  case full
  /// ``OutputKind/sampled``: about `samples` tokens a batch, drawn from a proposal.
  case sampled(samples: Int = standardSamples, Proposal = .logUniform)
  /// ``OutputKind/nce``: about `samples` noise tokens a batch, drawn from a proposal. ln Z, by which the
  /// logits are off a distribution, is learned or stays at ln V.
  case nce(samples: Int = standardSamples, Proposal = .logUniform, learnsNormalizer: Bool = true)
  /// ``OutputKind/adaptive``: the head has the tokens of the ranks below the first cut-off, each cluster
  /// those from one cut-off to the next; nil for V/20 and V/4, none for a head alone.
  case adaptive(cutoffs: [Int]? = nil)
  /// ``OutputKind/classFactored``, with so many classes; nil for √V.
  case classFactored(classes: Int? = nil)

  /// The samples of a batch unless told otherwise.
  public static let standardSamples = 1024

  /// Each cluster of an adaptive softmax sees so many times fewer features than the one before.
  public static let reduction = 4

  /// Which kind it is.
  public var kind: OutputKind {
    switch self {
    case .full: .full
    case .sampled: .sampled
    case .nce: .nce
    case .adaptive: .adaptive
    case .classFactored: .classFactored
    }
  }

  /// What is wrong with its numbers, in words; nil if nothing is.
  ///
  /// - Parameter vocabularySize: V, where it is known already.
  public func fault(vocabularySize: Int? = nil) -> String? {
    switch self {
    case .full: nil
    case .sampled(let samples, let proposal), .nce(let samples, let proposal, _):
      samples < 1 ? "the number of samples is at least 1, not \(samples)" : proposal.fault
    case .adaptive(let cutoffs):
      cutoffs.flatMap { Self.fault(cutoffs: $0, vocabularySize: vocabularySize) }
    case .classFactored(let classes):
      classes.flatMap { Self.fault(classes: $0, vocabularySize: vocabularySize) }
    }
  }

  private static func fault(cutoffs: [Int], vocabularySize: Int?) -> String? {
    let list = cutoffs.map(String.init).joined(separator: ", ")
    guard cutoffs.first ?? 1 >= 1,
      zip(cutoffs, cutoffs.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      return "the cut-offs of an adaptive softmax rise from 1 or more, not \(list)"
    }
    guard let vocabularySize, let last = cutoffs.last, last >= vocabularySize else { return nil }
    return "the cut-offs of an adaptive softmax are below the \(vocabularySize) tokens of the "
      + "vocabulary, not \(list)"
  }

  private static func fault(classes: Int, vocabularySize: Int?) -> String? {
    if classes < 1 { return "the number of classes is at least 1, not \(classes)" }
    guard let vocabularySize, classes > vocabularySize else { return nil }
    return "there are at most as many classes as the \(vocabularySize) tokens of the vocabulary, "
      + "not \(classes)"
  }

  /// The same with everything decided that depends on V.
  public func resolved(vocabularySize: Int) -> OutputConfiguration {
    switch self {
    case .adaptive(nil):
      // Few tokens can leave one cut-off or none.
      let cutoffs = [max(1, vocabularySize / 20), max(2, vocabularySize / 4)]
      return .adaptive(cutoffs: cutoffs.filter { $0 < vocabularySize })
    case .classFactored(nil):
      return .classFactored(classes: Int(Double(vocabularySize).squareRoot().rounded(.up)))
    default: return self
    }
  }

  /// The names and shapes of the parameters of an output layer that reads H = `inputs` features, in
  /// their order.
  ///
  /// - Parameter isTied: whether the matrix of all tokens is another module's, and not among them.
  public func tensorShapes(
    inputs: Int, vocabularySize: Int, isTied: Bool = false, name: String = "decoder"
  ) -> [(name: String, shape: [Int])] {
    let whole: [(name: String, shape: [Int])] =
      (isTied ? [] : [("\(name).weight", [vocabularySize, inputs])])
      + [("\(name).bias", [vocabularySize])]
    switch resolved(vocabularySize: vocabularySize) {
    case .full, .sampled: return whole
    case .nce(_, _, let learnsNormalizer):
      return whole + (learnsNormalizer ? [("\(name).normalizer", [1])] : [])
    case .adaptive(let cutoffs):
      return AdaptiveLayout(inputs, vocabularySize, cutoffs: cutoffs ?? []).tensorShapes(name)
    case .classFactored(let classes):
      let classes = classes ?? 0
      return [("\(name).class.weight", [classes, inputs]), ("\(name).class.bias", [classes])]
        + whole
    }
  }
}

extension Proposal {
  fileprivate var fault: String? {
    guard case .unigram(let power) = self, !(power >= 0 && power <= 1) else { return nil }
    return "the power of unigram proposals is from 0 to 1, not \(power)"
  }
}

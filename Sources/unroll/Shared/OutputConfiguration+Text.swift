import Recurrent

extension OutputConfiguration {
  /// "a softmax over all tokens", or what is in its place.
  var summary: String {
    switch self {
    case .full: "a softmax over all tokens"
    case .sampled(let samples, let proposal):
      "a softmax over all tokens, trained on \(Format.count(samples)) sampled \(proposal.summary)"
    case .nce(let samples, let proposal, let learnsNormalizer):
      "a softmax over all tokens, trained against \(Format.count(samples)) of noise "
        + "\(proposal.summary), ln Z \(learnsNormalizer ? "learned" : "fixed")"
    case .adaptive(let cutoffs):
      "an adaptive softmax, clusters from rank "
        + (cutoffs ?? []).map { Format.count($0) }.joined(separator: " and ")
    case .classFactored(let classes):
      "a softmax over \(Format.count(classes ?? 0)) classes, and one in each"
    }
  }

  /// How its losses are told.
  var lossMeasure: LossMeasure { kind.isSampled ? .heldOutPerplexity : .perplexity }

  /// As `inspect` shows it.
  var json: JSON {
    func sampled(_ samples: Int, _ proposal: Proposal, _ normalizer: NormalizerKind?) -> JSON {
      var (name, power) = (ProposalKind.logUniform, nil as Double?)
      if case .unigram(let own) = proposal { (name, power) = (.unigram, own) }
      return JSON.members([
        "kind": .string(kind.rawValue), "samples": .integer(samples),
        "proposal": .string(name.rawValue), "power": power.map { .number($0) },
        "normalizer": normalizer.map { .string($0.rawValue) },
      ])
    }
    switch self {
    case .full: return JSON.members(["kind": .string(kind.rawValue)])
    case .sampled(let samples, let proposal): return sampled(samples, proposal, nil)
    case .nce(let samples, let proposal, let learnsNormalizer):
      return sampled(samples, proposal, learnsNormalizer ? .learned : .fixed)
    case .adaptive(let cutoffs):
      return JSON.members([
        "kind": .string(kind.rawValue),
        "cutoffs": cutoffs.map { .array($0.map { .integer($0) }) },
      ])
    case .classFactored(let classes):
      return JSON.members([
        "kind": .string(kind.rawValue), "classes": classes.map { .integer($0) },
      ])
    }
  }
}

extension Proposal {
  fileprivate var summary: String {
    switch self {
    case .logUniform: "log-uniformly"
    case .unigram(let power): power == 1 ? "by their counts" : "by their counts to the \(power)"
    }
  }
}

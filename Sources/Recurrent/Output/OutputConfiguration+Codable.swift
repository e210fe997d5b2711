/// `{"kind": "nce", "samples": 1024, "proposal": "unigram", "power": 0.75, "normalizer": "fixed"}`,
/// `{"kind": "adaptive", "cutoffs": [2000, 10000]}`, `{"kind": "class",
/// "classes": 200}`.
extension OutputConfiguration: Codable {
  private enum Key: String, CodingKey {
    case kind, samples, proposal, power, normalizer, cutoffs, classes
  }
  private enum ProposalName: String, Codable {
    case logUniform = "log-uniform"
    case unigram
  }
  private enum Normalizer: String, Codable {
    case learned, fixed
  }

  /// Reads a configuration; ``fault(vocabularySize:)`` checks it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    func samples() throws -> Int { try values.decode(Int.self, forKey: .samples) }
    func proposal() throws -> Proposal {
      switch try values.decode(ProposalName.self, forKey: .proposal) {
      case .logUniform: .logUniform
      case .unigram: .unigram(power: try values.decode(Double.self, forKey: .power))
      }
    }
    switch try values.decode(OutputKind.self, forKey: .kind) {
    case .full: self = .full
    case .sampled: self = .sampled(samples: try samples(), try proposal())
    case .nce:
      let normalizer = try values.decode(Normalizer.self, forKey: .normalizer)
      self = .nce(
        samples: try samples(), try proposal(), learnsNormalizer: normalizer == .learned)
    case .adaptive:
      self = .adaptive(cutoffs: try values.decodeIfPresent([Int].self, forKey: .cutoffs))
    case .classFactored:
      self = .classFactored(classes: try values.decodeIfPresent(Int.self, forKey: .classes))
    }
  }

  /// Writes the configuration.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(kind, forKey: .kind)
    switch self {
    case .full: break
    case .sampled(let samples, let proposal):
      try encode(samples, proposal, to: &values)
    case .nce(let samples, let proposal, let learnsNormalizer):
      try encode(samples, proposal, to: &values)
      try values.encode(learnsNormalizer ? Normalizer.learned : .fixed, forKey: .normalizer)
    case .adaptive(let cutoffs):
      try values.encodeIfPresent(cutoffs, forKey: .cutoffs)
    case .classFactored(let classes):
      try values.encodeIfPresent(classes, forKey: .classes)
    }
  }

  private func encode(
    _ samples: Int, _ proposal: Proposal, to values: inout KeyedEncodingContainer<Key>
  ) throws {
    try values.encode(samples, forKey: .samples)
    switch proposal {
    case .logUniform: try values.encode(ProposalName.logUniform, forKey: .proposal)
    case .unigram(let power):
      try values.encode(ProposalName.unigram, forKey: .proposal)
      try values.encode(power, forKey: .power)
    }
  }
}

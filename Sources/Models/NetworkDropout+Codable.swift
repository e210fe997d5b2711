import Recurrent

/// As JSON: rates that are not zero, by name.
extension NetworkDropout: Codable {
  private enum CodingKeys: String, CodingKey {
    case input, hidden, output, embedding, weights, state, candidate, zoneout
    case isVariational = "variational"
  }

  /// Reads rates; ``fault`` says what is wrong with them.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func rate(_ key: CodingKeys) throws -> Float {
      try values.decodeIfPresent(Float.self, forKey: key) ?? 0
    }
    self.init(
      input: try rate(.input), hidden: try rate(.hidden), output: try rate(.output),
      embedding: try rate(.embedding),
      isVariational: try values.decodeIfPresent(Bool.self, forKey: .isVariational) ?? false,
      recurrent: RecurrentDropout(
        weights: try rate(.weights), state: try rate(.state), candidate: try rate(.candidate),
        zoneout: try rate(.zoneout)))
  }

  /// Writes the rates.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    for (key, rate) in [
      (CodingKeys.input, input), (.hidden, hidden), (.output, output), (.embedding, embedding),
      (.weights, recurrent.weights), (.state, recurrent.state),
      (.candidate, recurrent.candidate), (.zoneout, recurrent.zoneout),
    ] where rate > 0 {
      try values.encode(rate, forKey: key)
    }
    if isVariational { try values.encode(true, forKey: .isVariational) }
  }
}

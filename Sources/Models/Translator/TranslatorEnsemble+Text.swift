import Corpora

extension TranslatorEnsemble {
  /// The text of a target. It begins with the prefix as it was dictated, units that the models do not know
  /// included.
  ///
  /// - Parameter source: where what was attended to most stands in the place of `<unk>`; nil to leave it.
  func text(_ hypothesis: Hypothesis, prefix: String?, replacingFrom source: String?) -> String {
    let model = models[0]
    let known = prefix.map(model.targetUnits.units(of:)) ?? []
    let read = source.map(model.sourceUnits.units(of:)) ?? []
    let written = hypothesis.tokens.enumerated().flatMap { place, token -> [String] in
      if place < known.count { return [known[place]] }
      guard token == model.specials.unknown, !read.isEmpty, !hypothesis.attention.isEmpty else {
        return [model.targetVocabulary.token(token)]
      }
      let weights = hypothesis.attention[place].prefix(read.count)
      guard let best = weights.indices.max(by: { (weights[$0], $1) < (weights[$1], $0) }) else {
        return [model.targetVocabulary.token(token)]
      }
      return copied(read[best])
    }
    return model.targetUnits.text(of: written)
  }

  /// A unit of the source as units of the target: itself where both are of one kind, else its text cut anew.
  private func copied(_ unit: String) -> [String] {
    let model = models[0]
    guard model.sourceUnits.kind != model.targetUnits.kind else { return [unit] }
    return model.targetUnits.units(of: model.sourceUnits.text(of: [unit]))
  }
}

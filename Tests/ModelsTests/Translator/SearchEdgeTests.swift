import Corpora
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Searches at their edges")
struct SearchEdgeTests {
  private func ensemble(_ form: DecoderForm, target: String = "xyz") throws -> TranslatorEnsemble {
    try TranslatorEnsemble([form.translator(target: target, scale: 0.7)])
  }

  @Test("a target ends before its least length where n-grams leave nothing else to say")
  func nothingLeft() throws {
    let ensemble = try ensemble(DecoderForm.all[6])
    let options = SearchOptions(beamSize: 3, best: 3, minimumLength: 50, blockedNGram: 1)
    let found = try ensemble.translate(["abc"], options)[0]
    let drawn = try ensemble.sample(["abc"], Sampling(), options, key: RandomKey(seed: 1))[0]
    for translation in found + drawn {
      // x, y, z and <unk>, each once.
      #expect(Set(translation.hypothesis.tokens).count == 4)
      #expect(translation.hypothesis.tokens.count == 4)
    }
    #expect(found.count == 3 && drawn.count == 3)
  }

  @Test("groups keep off the end of a target that those before them choose")
  func groupsThatEnd() throws {
    let ensemble = try ensemble(DecoderForm.all[6])
    let end = ensemble.models[0].specials.end
    ensemble.models[0].favor(end)
    let found = try ensemble.translate(
      ["abc"], SearchOptions(beamSize: 3, best: 3, groups: 3, diversity: 1000))[0]
    #expect(Set(found.map(\.hypothesis.tokens)).count == 3)
  }

  @Test("models that read a source in other units translate together and tell no attention")
  func otherUnits() throws {
    let characters = try DecoderForm.all[6].translator()
    let words = try Translator(
      DecoderForm.all[6].configuration(),
      TranslatorUnits(source: .words, target: .characters), learningFrom: ["ab cd"], ["xyz"],
      key: RandomKey(seed: 4))
    let ensemble = try TranslatorEnsemble([characters, words])
    #expect(!ensemble.attendsTogether)
    let found = try ensemble.translate(
      ["ab cd", "abc"], keepsAttention: true, replacesUnknown: true)
    for translation in found.joined() { #expect(translation.hypothesis.attention.isEmpty) }
    #expect(throws: ModelError.self) {
      try ensemble.translate(["ab"], SearchOptions(coveragePenalty: 0.2))
    }
  }

  @Test("weights count by their ratios, however small or great they are")
  func weights() throws {
    let models = try [1, 2].map { try DecoderForm.all[6].translator(seed: $0) }
    func found(_ weights: [Double]) throws -> Hypothesis {
      try TranslatorEnsemble(models, weights: weights).translate(["abcd"])[0][0].hypothesis
    }
    let expected = try found([1, 3])
    #expect(try found([1e-60, 3e-60]) == expected)
    #expect(try found([1e300, 3e300]) == expected)
    #expect(try found([3, 1]) != expected)
  }

  @Test("a prefix is in the text as it was dictated, though the model does not know it")
  func unknownPrefix() throws {
    let ensemble = try ensemble(DecoderForm.all[6])
    let found = try ensemble.translate(
      ["abc"], SearchOptions(allowsUnknown: false), prefixes: ["x?"], replacesUnknown: true)[0][0]
    #expect(found.hypothesis.tokens[1] == ensemble.models[0].specials.unknown)
    #expect(found.text.hasPrefix("x?"))
  }

  @Test("what is copied from a source is written as the target's units are")
  func copiedUnits() throws {
    let model = try Translator(
      DecoderForm.all[6].configuration(),
      TranslatorUnits(source: .tokens, target: .words), learningFrom: ["see"], ["Haus"],
      key: RandomKey(seed: 1))
    model.favor(model.specials.unknown)
    let found = try TranslatorEnsemble([model]).translate(
      ["see"], SearchOptions(beamSize: 1, maximumLength: 2), replacesUnknown: true)[0][0]
    #expect(found.text == "see see")
  }

  @Test("what is drawn has no groups, needs no beam, and repeats no blocked n-gram")
  func drawing() throws {
    let ensemble = try ensemble(DecoderForm.all[6])
    func drawn(_ options: SearchOptions) throws -> [Translation] {
      try ensemble.sample(["abcd"], Sampling(), options, key: RandomKey(seed: 2))[0]
    }
    let found = try drawn(SearchOptions(beamSize: 1, best: 20, minimumLength: 12, blockedNGram: 2))
    #expect(found.count == 20)
    for tokens in found.map(\.hypothesis.tokens) {
      let pairs = zip(tokens, tokens.dropFirst()).map { [$0, $1] }
      #expect(Set(pairs).count == pairs.count)
    }
    #expect(throws: ModelError.self) { try drawn(SearchOptions(beamSize: 4, groups: 2)) }
    #expect(throws: ModelError.self) { try drawn(SearchOptions(coveragePenalty: 1)) }
    #expect(throws: ModelError.self) { try drawn(SearchOptions(best: 0)) }
  }

  @Test("targets are scored in blocks of steps as in one", arguments: DecoderForm.all)
  func scoredInBlocks(form: DecoderForm) throws {
    let model = try form.translator()
    let target = TargetBatch(
      ["xyzzyx", "y", "zzy"].map { model.targetTokens($0) }, start: model.specials.start,
      end: model.specials.end)
    let source = model.encode(
      ["abc", "dd", "abcdabcd"].map { model.sourceTokens($0) }, mode: .prediction)
    func losses(_ together: Int) -> [Float] {
      model.decoder.losses(
        target.inputs, targets: target.targets, steps: target.steps, from: source,
        scoresTogether: together)
    }
    let whole = losses(1 << 20)
    #expect(whole.count == target.inputs.count)
    #expect(losses(1) == whole)
    #expect(losses(2 * 3 * 9) == whole)
  }

  @Test("a state is taken for another only where its parts are of one kind")
  func bridge() {
    let gru = StackConfiguration(.gru, inputSize: 3, hiddenSize: 4, isBidirectional: true)
    let lstm = StackConfiguration(.lstm, inputSize: 3, hiddenSize: 4)
    func names(_ from: StackConfiguration, _ to: StackConfiguration) -> [String] {
      StateBridge.parameterShapes(from: from.stateParts, to: to.stateParts).map(\.name)
    }
    // Both have two parts of four units.
    #expect(names(gru, lstm).count == 4)
    #expect(names(lstm, lstm).isEmpty)
  }
}

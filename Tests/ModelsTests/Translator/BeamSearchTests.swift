import Corpora
import Foundation
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Beam search")
struct BeamSearchTests {
  private let sources = ["abc", "d", "dcbaabcd", "", "bad"]

  private func ensemble(_ forms: [DecoderForm], target: String = "xyz", scale: Float = 0.7) throws
    -> TranslatorEnsemble
  {
    try TranslatorEnsemble(
      forms.enumerated().map {
        try $1.translator(seed: 1 + UInt64($0), target: target, scale: scale)
      })
  }

  /// All targets of at most `limit` tokens, by what a search is to maximise, the best first.
  private func exhaustive(
    _ translator: Translator, _ source: String, limit: Int, _ penalty: LengthPenalty
  ) -> [(tokens: [Int32], score: Double)] {
    let tokens = (0..<Int32(translator.targetVocabulary.count)).filter {
      $0 != translator.specials.start && $0 != translator.specials.end
    }
    var all: [[Int32]] = [[]]
    var longest: [[Int32]] = [[]]
    for _ in 0..<limit {
      longest = longest.flatMap { path in tokens.map { path + [$0] } }
      all += longest
    }
    let encoded = translator.sourceTokens(source)
    let losses = translator.tokenLosses(
      sources: Array(repeating: encoded, count: all.count), targets: all)
    return zip(all, losses).map { path, losses in
      let sum = losses.reduce(0) { $0 + Double($1) }
      return (path, -sum / penalty.divisor(losses.count))
    }.sorted { $0.score > $1.score }
  }

  @Test(
    "a beam that is wide enough finds what looking at all targets finds",
    arguments: DecoderForm.all,
    [LengthPenalty.power(0), .power(1), .google(0.6)])
  func exhaustiveSearch(form: DecoderForm, penalty: LengthPenalty) throws {
    let ensemble = try ensemble([form])
    // 1 + 4 + 16 + 64 targets of the letters and <unk>.
    let options = SearchOptions(beamSize: 100, best: 5, lengthPenalty: penalty, maximumLength: 3)
    let found = try ensemble.translate(["abc", "db"], options)
    for (source, found) in zip(["abc", "db"], found) {
      let expected = exhaustive(ensemble.models[0], source, limit: 3, penalty)
      #expect(found.map(\.hypothesis.tokens) == expected.prefix(5).map(\.tokens))
      for (found, expected) in zip(found, expected) {
        #expect(abs(found.hypothesis.score - expected.score) < 1e-5)
      }
    }
  }

  @Test(
    "what a search says of a target is what the model says of it", arguments: DecoderForm.all,
    [1, 4])
  func scores(form: DecoderForm, beam: Int) throws {
    let ensemble = try ensemble([form])
    let model = ensemble.models[0]
    let found = try ensemble.translate(
      sources, SearchOptions(beamSize: beam, best: beam, lengthPenalty: .power(0)))
    for (source, found) in zip(sources, found) {
      #expect(found.count == beam)
      for translation in found {
        let hypothesis = translation.hypothesis
        let losses = model.tokenLosses(
          sources: [model.sourceTokens(source)], targets: [hypothesis.tokens])[0]
        #expect(hypothesis.tokenLogProbabilities.count == losses.count)
        for (found, loss) in zip(hypothesis.tokenLogProbabilities, losses) {
          #expect(abs(found + loss) < 1e-5)
        }
        #expect(abs(hypothesis.score - hypothesis.logProbability) < 1e-9)
      }
      #expect(
        zip(found, found.dropFirst()).allSatisfy { $0.hypothesis.score >= $1.hypothesis.score })
      #expect(Set(found.map(\.hypothesis.tokens)).count == found.count)
    }
  }

  @Test("greedy search takes the likeliest token, step by step", arguments: DecoderForm.all)
  func greedy(form: DecoderForm) throws {
    let ensemble = try ensemble([form])
    let model = ensemble.models[0]
    let found = try ensemble.translate(sources, .greedy)
    for (source, found) in zip(sources, found) {
      let encoded = model.sourceTokens(source)
      var path: [Int32] = []
      while path.count < 2 * encoded.count + 20 {
        let next = (0..<Int32(model.targetVocabulary.count)).filter { $0 != model.specials.start }
        let losses = model.tokenLosses(
          sources: next.map { _ in encoded },
          targets: next.map { $0 == model.specials.end ? path : path + [$0] })
        let best = zip(next, losses).min { $0.1[path.count] < $1.1[path.count] }!.0
        if best == model.specials.end { break }
        path.append(best)
      }
      #expect(found[0].hypothesis.tokens == path)
    }
  }

  @Test(
    "a source's targets do not depend on those that are translated with it, to the bit",
    arguments: DecoderForm.all)
  func alone(form: DecoderForm) throws {
    let ensemble = try ensemble([form])
    let options = SearchOptions(beamSize: 3, best: 3)
    let together = try ensemble.translate(sources, options, keepsAttention: true)
    for (source, expected) in zip(sources, together) {
      let alone = try ensemble.translate([source], options, keepsAttention: true)[0]
      #expect(alone.map(\.hypothesis) == expected.map(\.hypothesis))
    }
    let one = try ThreadTeam.$current.withValue(ThreadTeam(threads: 1)) {
      try ensemble.translate(sources, options, keepsAttention: true)
    }
    #expect(one.map { $0.map(\.hypothesis) } == together.map { $0.map(\.hypothesis) })
  }

  @Test(
    "an ensemble of a model with itself is the model, to the bit", arguments: EnsembleMean.allCases)
  func copies(mean: EnsembleMean) throws {
    let model = try DecoderForm.all[3].translator()
    let options = SearchOptions(beamSize: 4, best: 4, mean: mean)
    let alone = try TranslatorEnsemble([model]).translate(sources, options)
    for count in [2, 3, 5] {
      let several = try TranslatorEnsemble(
        Array(repeating: model, count: count), weights: (1...count).map { Double($0) / 3 })
      let found = try several.translate(sources, options)
      #expect(found.map { $0.map(\.hypothesis) } == alone.map { $0.map(\.hypothesis) })
    }
  }

  @Test("an ensemble's probabilities are the mean of its models'", arguments: EnsembleMean.allCases)
  func mean(mean: EnsembleMean) throws {
    let ensemble = try TranslatorEnsemble(
      [DecoderForm.all[0], DecoderForm.all[6]].enumerated().map {
        try $1.translator(seed: 5 + UInt64($0))
      }, weights: [1, 3])
    let found = try ensemble.translate(
      sources, SearchOptions(beamSize: 3, best: 3, mean: mean))
    for (source, found) in zip(sources, found) {
      for translation in found {
        let losses = ensemble.models.map {
          $0.tokenLosses(
            sources: [$0.sourceTokens(source)], targets: [translation.hypothesis.tokens])[0]
        }
        for (step, found) in translation.hypothesis.tokenLogProbabilities.enumerated() {
          let (a, b) = (-Double(losses[0][step]), -Double(losses[1][step]))
          let expected =
            mean == .probabilities ? log((exp(a) + 3 * exp(b)) / 4) : (a + 3 * b) / 4
          #expect(abs(Double(found) - expected) < 1e-5)
        }
      }
    }
  }

  @Test("lengths, unknown tokens and repetition are as they were asked for")
  func constraints() throws {
    let ensemble = try ensemble([DecoderForm.all[6]], target: "xyzw")
    let model = ensemble.models[0]
    func tokens(_ options: SearchOptions) throws -> [[Int32]] {
      try ensemble.translate(sources, options).flatMap { $0.map(\.hypothesis.tokens) }
    }
    let short = try tokens(SearchOptions(beamSize: 4, best: 4, maximumLength: 2))
    #expect(short.allSatisfy { $0.count <= 2 } && short.contains { $0.count == 2 })
    let long = try tokens(SearchOptions(beamSize: 4, best: 4, minimumLength: 5, maximumLength: 7))
    #expect(long.allSatisfy { (5...7).contains($0.count) })
    let known = try tokens(SearchOptions(beamSize: 4, best: 4, allowsUnknown: false))
    #expect(!known.joined().contains(model.specials.unknown))
    for n in 1...3 {
      let varied = try tokens(
        SearchOptions(
          beamSize: 4, best: 4, minimumLength: n == 1 ? 0 : 9, maximumLength: 12, blockedNGram: n))
      for tokens in varied where tokens.count >= n {
        let grams = (0...tokens.count - n).map { Array(tokens[$0..<$0 + n]) }
        #expect(Set(grams).count == grams.count)
      }
    }
    #expect(try !tokens(.greedy).joined().contains(model.specials.start))
  }

  @Test("a target begins with what it has to")
  func prefixes() throws {
    let ensemble = try ensemble([DecoderForm.all[7]])
    let prefixes = ["zx", "", "y", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "q"]
    let found = try ensemble.translate(
      sources, SearchOptions(beamSize: 3), prefixes: prefixes)
    for (found, prefix) in zip(found, prefixes.dropLast()) {
      #expect(found[0].text.hasPrefix(prefix))
    }
    // What is not in the vocabulary is <unk> there too.
    #expect(found[4][0].hypothesis.tokens.first == ensemble.models[0].specials.unknown)
    let free = try ensemble.translate(["d"], SearchOptions(beamSize: 3))
    #expect(found[1][0].hypothesis == free[0][0].hypothesis)
  }

  @Test("groups of a diverse beam keep off each other's tokens")
  func diversity() throws {
    let ensemble = try ensemble([DecoderForm.all[5]], target: "uvwxyz", scale: 0.3)
    func first(_ options: SearchOptions) throws -> [Set<Int32>] {
      try ensemble.translate(sources, options).map { found in
        Set(found.compactMap(\.hypothesis.tokens.first))
      }
    }
    let plain = try first(SearchOptions(beamSize: 4, best: 4, minimumLength: 3))
    let diverse = try first(
      SearchOptions(beamSize: 4, best: 4, minimumLength: 3, groups: 4, diversity: 100))
    #expect(diverse.allSatisfy { $0.count == 4 })
    #expect(plain.contains { $0.count < 4 })
    // Without diversity, groups of one are greedy each.
    let equal = try ensemble.translate(
      sources, SearchOptions(beamSize: 3, best: 3, groups: 3, diversity: 0))
    let greedy = try ensemble.translate(sources, .greedy)
    for (equal, greedy) in zip(equal, greedy) {
      #expect(equal.allSatisfy { $0.hypothesis == greedy[0].hypothesis })
    }
  }

  @Test("coverage lowers the score by what was not attended to")
  func coverage() throws {
    let ensemble = try ensemble([DecoderForm.all[6]])
    let options = SearchOptions(beamSize: 4, best: 4, lengthPenalty: .power(0))
    var covering = options
    covering.coveragePenalty = 0.4
    for found in try ensemble.translate(sources, covering, keepsAttention: true).joined() {
      let hypothesis = found.hypothesis
      let count = hypothesis.attention[0].count
      let sums = (0..<count).map { place in
        hypothesis.attention.reduce(0.0) { $0 + Double($1[place]) }
      }
      let penalty = 0.4 * sums.reduce(0) { $0 + log(min($1, 1)) }
      #expect(abs(hypothesis.score - hypothesis.logProbability - penalty) < 1e-4)
    }
  }

  @Test("what was attended to is told in the order of the source, read from either end")
  func attention() throws {
    var form = DecoderForm.all[6]
    form.isBidirectional = false
    let forward = try form.translator()
    form.reversesSource = true
    let backward = try Translator(
      form.configuration(), TranslatorUnits(source: .characters, target: .characters),
      learningFrom: ["abcd"], ["xyz"], key: RandomKey(seed: 1))
    for (own, other) in zip(backward.parameters, forward.parameters) { own.value = other.value }
    let (source, reversed) = ("abbd", "dbba")
    let options = SearchOptions(beamSize: 2)
    let there = try TranslatorEnsemble([forward]).translate(
      [source], options, keepsAttention: true)[0][0].hypothesis
    let back = try TranslatorEnsemble([backward]).translate(
      [reversed], options, keepsAttention: true)[0][0].hypothesis
    #expect(there.tokens == back.tokens && there.attention.count == there.tokens.count + 1)
    for (there, back) in zip(there.attention, back.attention) {
      #expect(there.count == 5 && abs(there.reduce(0, +) - 1) < 1e-5)
      #expect(Array(there.dropLast().reversed()) == Array(back.dropLast()))
      #expect(there[4] == back[4])
    }
  }

  @Test("<unk> is replaced by what was attended to most")
  func unknownReplacement() throws {
    let ensemble = try ensemble([DecoderForm.all[6]])
    let unknown = ensemble.models[0].specials.unknown
    ensemble.models[0].favor(unknown)
    let found = try ensemble.translate(
      ["dabc"], SearchOptions(beamSize: 1, maximumLength: 3), keepsAttention: true,
      replacesUnknown: true)[0][0]
    #expect(found.hypothesis.tokens == [unknown, unknown, unknown])
    let copied = found.hypothesis.attention.dropLast().map { weights in
      Array("dabc")[(0..<4).max { weights[$0] < weights[$1] }!]
    }
    #expect(found.text == String(copied))
  }

  @Test("a long source is translated in pieces, in bounded memory")
  func pieces() throws {
    let ensemble = try ensemble([DecoderForm.all[6]])
    let long = String(repeating: "abcd", count: 600)
    // The pieces share in the length.
    let whole = try ensemble.translate(
      [long], SearchOptions(beamSize: 2, minimumLength: 6, maximumLength: 12), keepsAttention: true)[
        0][0]
    let parts = try ensemble.translate(
      Array(repeating: String(long.prefix(800)), count: 3),
      SearchOptions(beamSize: 2, minimumLength: 2, maximumLength: 4), keepsAttention: true
    ).map { $0[0] }
    let hypothesis = whole.hypothesis
    #expect(hypothesis.tokens == parts.flatMap(\.hypothesis.tokens))
    #expect(whole.text == parts.map(\.text).joined())
    // Probabilities and attention are those of the tokens and of one </s>, over the whole source.
    #expect(
      hypothesis.tokenLogProbabilities
        == parts.flatMap { $0.hypothesis.tokenLogProbabilities.dropLast() }
        + parts[2].hypothesis.tokenLogProbabilities.suffix(1))
    #expect(hypothesis.attention.count == hypothesis.tokens.count + 1)
    let first = parts[0].hypothesis
    #expect(hypothesis.attention[0][..<800].elementsEqual(first.attention[0][..<800]))
    #expect(hypothesis.attention[0][800..<2400].allSatisfy { $0 == 0 })
    #expect(hypothesis.attention[0][2400] == first.attention[0][800])
    #expect(hypothesis.attention[first.tokens.count][..<800].allSatisfy { $0 == 0 })
  }

  @Test("models of other targets, wrong weights and options are refused")
  func refusals() throws {
    let model = try DecoderForm.all[0].translator()
    let other = try DecoderForm.all[0].translator(target: "xyzw")
    #expect(throws: ModelError.self) { try TranslatorEnsemble([model, other]) }
    #expect(throws: ModelError.self) { try TranslatorEnsemble([]) }
    #expect(throws: ModelError.self) { try TranslatorEnsemble([model, model], weights: [1]) }
    #expect(throws: ModelError.self) { try TranslatorEnsemble([model], weights: [0]) }
    let ensemble = try TranslatorEnsemble([model])
    for options in [
      SearchOptions(beamSize: 0), SearchOptions(beamSize: 2, best: 3),
      SearchOptions(lengthPenalty: .power(-1)), SearchOptions(coveragePenalty: .nan),
      SearchOptions(minimumLength: 3, maximumLength: 2), SearchOptions(blockedNGram: 0),
      SearchOptions(beamSize: 4, groups: 3), SearchOptions(diversity: -1),
      SearchOptions(maximumLength: .max), SearchOptions(minimumLength: .max),
      // For models that attend.
      SearchOptions(coveragePenalty: 0.1),
    ] {
      #expect(throws: ModelError.self) { try ensemble.translate(["a"], options) }
    }
  }
}

import Foundation
import Tensors
import Testing

@testable import Models

@Suite("Neighbours of pictures that are captioned")
struct CaptionNeighborsTests {
  @Test("the consensus has most in common with all texts, by what each counts")
  func consensus() {
    var consensus = Consensus()
    #expect(consensus.ranked.isEmpty)
    consensus.add([1, 2], weight: 0.3)
    consensus.add([1, 3], weight: 0.25)
    consensus.add([4], weight: 0.4)
    consensus.add([1, 3], weight: 0.05)
    // F of [1, 2] and [1, 3] is 1/2, and neither has anything of [4].
    let ranked = consensus.ranked
    #expect(ranked.map(\.tokens) == [[1, 2], [1, 3], [4]])
    #expect(zip(ranked, [0.45, 0.45, 0.4]).allSatisfy { abs($0.agreement - $1) < 1e-12 })
    // A word that is said twice is in common twice only where both say it twice; nothing is all of nothing.
    var doubled = Consensus()
    doubled.add([5, 5, 6], weight: 1)
    doubled.add([5, 6], weight: 1)
    doubled.add([], weight: 1)
    let expected = [(1 + 4.0 / 5) / 3, (1 + 4.0 / 5) / 3, 1.0 / 3]
    #expect(zip(doubled.ranked, expected).allSatisfy { abs($0.agreement - $1) < 1e-12 })
  }

  @Test(
    "neighbours count by how many times they are farther than the nearest, those with a caption alone"
  )
  func votes() {
    let pictures = PictureSet(
      pixels: [0, 20, 24, 100].map { [UInt8](repeating: $0, count: 3) }, size: 1)
    let data = CaptionedPictures(
      pictures, languages: ["en", "fr"],
      captions: [["zero", nil], ["twenty", "vingt"], ["twenty-four", nil], ["hundred", "cent"]])
    let neighbors = CaptionNeighbors(data, weight: 2, count: 2, spread: 0.5)
    let asked = PictureSet(pixels: [[30, 30, 30], [100, 100, 100]], size: 1)
    // (30 - 24)² = 36 and (30 - 20)² = 100.
    let share = exp(-(100.0 / 36 - 1) / 0.5)
    let english = neighbors.votes(on: asked, language: 0)
    #expect(english[0].map(\.caption) == ["twenty-four", "twenty"])
    #expect(abs(english[0][0].weight - 2 / (1 + share)) < 1e-6)
    #expect(abs(english[0].reduce(0) { $0 + $1.weight } - 2) < 1e-12)
    // A twin has all of it.
    #expect(english[1].map(\.weight) == [2, 0] && english[1][0].caption == "hundred")
    let french = neighbors.votes(on: asked, language: 1)
    #expect(french.map { $0.map(\.caption) } == [["vingt", "cent"], ["cent", "vingt"]])
    // Twins share alike, of features too, whose cosines are 1 but for rounding.
    for seed in 0..<20 {
      let vector = RandomKey(seed: UInt64(seed)).uniform([50], from: -1, to: 1).scalars
      let twins = CaptionNeighbors(
        CaptionedPictures(
          PictureSet(
            features: Tensor(
              shape: [3, 50], scalars: vector + vector.map { $0 / 3 } + vector.reversed())),
          languages: ["en"], captions: [["a"], ["b"], ["c"]]), weight: 1)
      let seen = PictureSet(features: Tensor(shape: [1, 50], scalars: vector.map { $0 * 1.7 }))
      let shared = twins.votes(on: seen, language: 0)[0]
      #expect(Set(shared.prefix(2).map(\.caption)) == ["a", "b"])
      #expect(zip(shared, [0.5, 0.5, 0]).allSatisfy { abs($0.weight - $1) < 1e-9 })
    }
    for fault in [
      CaptionNeighbors(data, weight: 0), CaptionNeighbors(data, weight: .nan),
      CaptionNeighbors(data, count: 0), CaptionNeighbors(data, spread: 0),
    ] { #expect(fault.fault != nil) }
    #expect(neighbors.fault == nil)
  }

  @Test(
    "a neighbour that counts much wins, with the probability that the models give to its caption",
    arguments: CaptionerForm.each)
  func captions(_ form: CaptionerForm) throws {
    let data = form.data()
    let model = try form.captioner(data)
    let ensemble = try CaptionerEnsemble([model, model])
    let options = SearchOptions(beamSize: 3, best: 2, allowsUnknown: false)
    let neighbors = CaptionNeighbors(data, weight: 100, count: 3)
    let found = try ensemble.caption(
      data.pictures, language: "en", options, keepsAttention: true, neighbors: neighbors)
    for (captions, own) in zip(found, data.captions) {
      // Each picture is its own twin.
      #expect(captions[0].text == own[0] && captions.count == 2)
      #expect(captions[0].hypothesis.score >= captions[1].hypothesis.score)
      #expect((0...1).contains(captions[0].hypothesis.score))
      #expect(captions[0].hypothesis.tokens == model.tokens(own[0] ?? ""))
      #expect(
        captions[0].hypothesis.attention.count
          == (ensemble.attendsTogether ? captions[0].hypothesis.tokens.count + 1 : 0))
      #expect(
        captions[0].hypothesis.tokenLogProbabilities.count == captions[0].hypothesis.tokens.count
          + 1)
    }
    let expected = try model.meanLoss(
      of: CaptionedPictures(
        data.pictures, languages: ["en", "fr"], captions: data.captions.map { [$0[0], nil] }))
    let sum = found.reduce(0) { $0 - $1[0].hypothesis.logProbability }
    let tokens = found.reduce(0) { $0 + $1[0].hypothesis.tokenLogProbabilities.count }
    #expect(abs(sum / Double(tokens) - expected) < 1e-4)
    // Where they hardly count, it is the consensus of all that the beam has found.
    let light = try ensemble.caption(
      data.pictures, language: "fr", SearchOptions(beamSize: 3, allowsUnknown: false),
      neighbors: CaptionNeighbors(data, weight: 1e-9))
    let alone = try ensemble.caption(
      data.pictures, language: "fr", SearchOptions(beamSize: 3, best: 3, allowsUnknown: false))
    for (captions, own) in zip(light, alone) {
      var consensus = Consensus()
      for caption in own {
        consensus.add(
          caption.hypothesis.tokens, weight: exp(caption.hypothesis.logProbability))
      }
      let best = consensus.ranked[0]
      #expect(captions.map(\.hypothesis.tokens) == [best.tokens])
      #expect(abs(captions[0].hypothesis.score - best.agreement) < 1e-6)
    }
    #expect(throws: ModelError.self) {
      _ = try ensemble.caption(data.pictures, neighbors: CaptionNeighbors(data, weight: -1))
    }
    let other = CaptionedPictures(
      data.pictures, languages: ["de"], captions: data.captions.map { _ in ["Bild"] })
    #expect(throws: ModelError.unusableText("the neighbours have no captions in \"en\"")) {
      _ = try ensemble.caption(data.pictures, language: "en", neighbors: CaptionNeighbors(other))
    }
  }
}

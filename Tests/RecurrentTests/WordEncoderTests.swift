import Tensors
import TestSupport
import Testing

@testable import Recurrent

@Suite("Words composed from characters")
struct WordEncoderTests {
  static let training = Mode.training(RandomKey(seed: 1))
  static let words: [[Int32]] = [[1, 2, 3], [4], [0, 2], [5, 5, 1, 0, 2, 3, 4], [3]]

  private func composer(_ seed: UInt64 = 2) -> CharacterComposer {
    CharacterComposer(
      CharacterConfiguration(embeddingSize: 3, hiddenSize: 4, outputSize: 5), alphabetSize: 6,
      embeddingRange: 0.8, initialization: .init(input: .uniform(0.8), recurrent: .uniform(0.8)),
      key: RandomKey(seed: seed))
  }

  /// Ling et al.'s equations, one word and one character at a time.
  private func composedAlone(_ word: [Int32], _ composer: CharacterComposer) -> Tensor {
    func last(_ cell: AnyCell, _ characters: [Int32]) -> Variable {
      var state = cell.zeroState(batch: 1)
      for character in characters {
        let vector = composer.embedding.weight.value.gathered(rows: [character])
        state = cell.step(Variable(vector), state, mode: .prediction)
      }
      return state.parts[0]
    }
    let ends = [
      last(composer.layer.cell, word), last(composer.layer.reverse!, word.reversed()),
    ]
    return composer.output(Variable.concatenate(ends, axis: 1), mode: .prediction).value
  }

  @Test("a word's vector is made of what both LSTMs end with, whatever it is composed beside")
  func equations() {
    let composer = composer()
    let together = composer(Self.words, mode: .prediction).value
    #expect(together.shape == [5, 5])
    for (row, word) in Self.words.enumerated() {
      let alone = composedAlone(word, composer)
      #expect(together.gathered(rows: [Int32(row)]) == alone)
      #expect(composer([word], mode: .prediction).value == alone)
    }
  }

  @Test("many words are read in groups of like length, and come out in their order")
  func groups() {
    let composer = composer()
    let many = (0..<300).map { index in (0...(index * 7) % 11).map { Int32((index + $0) % 6) } }
    let together = composer(many, mode: .prediction).value
    for row in [0, 1, 5, 77, 150, 298, 299] {
      #expect(together.gathered(rows: [Int32(row)]) == composedAlone(many[row], composer))
    }
  }

  @Test("gradients and tangents agree with central differences")
  func gradients() throws {
    let composer = composer()
    try checkGradients(of: composer.parameters) { composer(Self.words, mode: Self.training) }
  }

  @Test("1, 2 and 3 threads give the same vectors and gradients, bit for bit")
  func threads() {
    let many = (0..<150).map { index in (0...(index * 7) % 11).map { Int32((index + $0) % 6) } }
    let results = [1, 2, 3].map { threads in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        let composer = composer()
        let vectors = composer(many, mode: Self.training)
        vectors.backward(seed: Tensor.random(vectors.shape, seed: 5))
        return [vectors.value] + composer.parameters.map(\.denseGradient)
      }
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  private func encoder(lookUps: Int? = 2) -> WordEncoder {
    WordEncoder(
      WordEncoderConfiguration(
        lookUpSize: lookUps,
        characters: CharacterConfiguration(embeddingSize: 3, hiddenSize: 4, outputSize: 5)),
      vocabularySize: 4, alphabetSize: 6, embeddingRange: 0.8, key: RandomKey(seed: 3))
  }

  @Test("each distinct word is composed once, and stands beside what was looked up")
  func both() {
    let encoder = encoder()
    let ids: [Int32] = [3, 7, 7, 1, 3, 9]
    let spellings: [Int32: [Int32]] = [3: [1, 2], 7: [4, 4, 0], 1: [5], 9: [2]]
    let words = SpelledWords(ids, lookUps: ids.map { $0 < 4 ? $0 : 0 }) { spellings[$0]![...] }
    #expect(words.spellings.count == 4)
    let vectors = encoder(words, steps: 3, mode: Self.training)
    #expect(vectors.shape == [3, 2, 7] && encoder.size == 7)
    let rows = vectors.value.reshaped(to: [6, 7])
    for (row, id) in ids.enumerated() {
      let looked = encoder.table!.weight.value.gathered(rows: [id < 4 ? id : 0]).scalars
      let composed = encoder.composer!([spellings[id]!], mode: .prediction).value.scalars
      #expect(rows.gathered(rows: [Int32(row)]).scalars == looked + composed)
    }
    #expect(encoder(words, steps: 3, mode: .prediction).value == vectors.value)
  }

  @Test("vectors that are kept in prediction are forgotten when a parameter changes")
  func cache() {
    let encoder = encoder(lookUps: nil)
    let words = SpelledWords([0, 1], lookUps: [0, 0]) { [[1, 2], [3]][Int($0)][...] }
    let more = SpelledWords([1, 2], lookUps: [0, 0]) { [[], [3], [4, 5]][Int($0)][...] }
    func fresh(_ word: [Int32]) -> [Float] {
      encoder.composer!([word], mode: .prediction).value.scalars
    }
    for _ in 0..<2 {
      #expect(
        encoder(words, steps: 1, mode: .prediction).value.scalars == fresh([1, 2]) + fresh([3]))
      #expect(
        encoder(more, steps: 1, mode: .prediction).value.scalars == fresh([3]) + fresh([4, 5]))
      let bias = encoder.parameters.last!
      bias.value = Tensor(repeating: 2, shape: bias.shape)
    }
  }

  @Test("the shapes that a configuration gives are those of the parameters")
  func shapes() {
    for lookUps in [nil, 2] {
      let encoder = encoder(lookUps: lookUps)
      let configuration = WordEncoderConfiguration(
        lookUpSize: lookUps,
        characters: CharacterConfiguration(embeddingSize: 3, hiddenSize: 4, outputSize: 5))
      let shapes = configuration.parameterShapes(vocabularySize: 4, alphabetSize: 6)
      #expect(shapes.map(\.name) == encoder.parameters.map(\.name))
      #expect(shapes.map(\.shape) == encoder.parameters.map(\.shape))
    }
    #expect(WordEncoderConfiguration().fault != nil)
    #expect(CharacterConfiguration(hiddenSize: 0).fault != nil)
  }
}

import Recurrent
import Tensors
import TestSupport
import Testing

@Suite("The embedding")
struct EmbeddingTests {
  static let training = Mode.training(RandomKey(seed: 1))
  let embedding = Embedding(vocabularySize: 6, size: 3, range: 0.5, key: RandomKey(seed: 2))

  @Test("gives each token its row, time-major")
  func rows() {
    let tokens: [Int32] = [5, 0, 2, 2, 0, 1]
    let vectors = embedding(tokens, steps: 3, mode: .prediction)
    #expect(vectors.shape == [3, 2, 3])
    #expect(!vectors.isRecorded)
    for (position, token) in tokens.enumerated() {
      for i in 0..<3 {
        #expect(
          vectors.value[position / 2, position % 2, i] == embedding.weight.value[Int(token), i])
      }
    }
    #expect(embedding.weight.value.scalars.allSatisfy { -0.5 <= $0 && $0 < 0.5 })
    #expect(embedding.parameters.map(\.name) == ["embedding.weight"])
  }

  @Test("has a gradient of the rows that were looked up, those of a repeated token summed")
  func rowGradients() throws {
    let tokens: [Int32] = [5, 2, 2, 0, 2, 5]
    let upstream = Tensor.random([3, 2, 3], seed: 3)
    embedding(tokens, steps: 3, mode: Self.training).backward(seed: upstream)
    guard case .rows(let gradient) = embedding.weight.gradient else {
      Issue.record("the gradient is dense")
      return
    }
    #expect(gradient.rows == [0, 2, 5])
    for (slot, token) in gradient.rows.enumerated() {
      for i in 0..<3 {
        var sum: Float = 0
        for (position, other) in tokens.enumerated() where other == token {
          sum += upstream.scalars[position * 3 + i]
        }
        #expect(gradient.values[slot, i] == sum)
      }
    }
    try checkGradients(of: embedding.parameters) {
      embedding(tokens, steps: 2, mode: Self.training)
    }
  }

  @Test("may share its table with the output layer, whose dense gradient and its rows add up")
  func tied() throws {
    let decoder = Linear(sharing: embedding.weight, name: "decoder")
    #expect(decoder.bias.name == "decoder.bias")
    #expect(decoder.bias.value == Tensor(zeros: [6]))
    try checkGradients(of: [embedding.weight, decoder.bias]) {
      let vectors = embedding([1, 4, 1, 1], steps: 4, mode: Self.training)
      return decoder(vectors.reshaped(to: [4, 3]), mode: Self.training)
    }
  }
}

@Suite("The linear layer")
struct LinearTests {
  @Test("is x·Wᵀ + b with the gradients of both and of x", arguments: [1, 5, 23])
  func gradients(rows: Int) throws {
    let layer = Linear(inputs: 4, outputs: 18, name: "decoder", key: RandomKey(seed: 1))
    #expect(layer.parameters.map(\.name) == ["decoder.weight", "decoder.bias"])
    layer.bias.value = .random([18], seed: 2)
    let input = Parameter("input", .random([rows, 4], seed: 3))
    let result = layer(input.variable(.prediction), mode: .prediction)
    #expect(!result.isRecorded)
    let expected = (0..<rows).flatMap { row in
      affine(
        layer.weight.value.doubles, input.value.timeStep(row).doubles, layer.bias.value.doubles)
    }
    #expect(relativeError(result.value.doubles, expected) < 1e-6)
    let mode = Mode.training(RandomKey(seed: 1))
    try checkGradients(of: [input] + layer.parameters) { layer(input.variable(mode), mode: mode) }
  }
}

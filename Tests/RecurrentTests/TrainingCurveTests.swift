import Foundation
import Recurrent
import Tensors
import TestSupport
import Testing

/// A tiny language model trained for ten steps as PyTorch trained it: the layers together, over
/// windows that carry the state but not its gradient. The updates are written out here.
@Suite("Ten training steps follow PyTorch's")
struct TrainingCurveTests {
  /// What one update does to the weights w of a tensor, given its clipped gradient g, at step t.
  typealias Update = (_ w: Float, _ g: Float, _ memory: inout [Double], _ t: Int) -> Float

  @Test("gradient descent with clipping")
  func sgd() throws {
    try follow("sgd", clip: 0.35) { w, g, _, _ in w - g }
  }

  @Test("gradient descent on the sum over the steps of a window")
  func sumOverTime() throws {
    try follow("sgd-sum-over-time", clip: 2.1, lossFactor: 6) { w, g, _, _ in w - 0.2 * g }
  }

  @Test("Adam with clipping")
  func adam() throws {
    try follow("adam", clip: 0.35) { w, g, memory, t in
      let g = Double(g)
      memory[0] = 0.9 * memory[0] + 0.1 * g
      memory[1] = 0.999 * memory[1] + 0.001 * g * g
      let (mean, variance) = (
        memory[0] / (1 - pow(0.9, Double(t))), memory[1] / (1 - pow(0.999, Double(t)))
      )
      return Float(Double(w) - 0.02 * mean / (variance.squareRoot() + 1e-8))
    }
  }

  private func follow(
    _ name: String, clip: Double, lossFactor: Float = 1, _ update: Update
  ) throws {
    let file = try golden("curve-\(name)")
    let model = TinyLanguageModel()
    for parameter in model.parameters {
      parameter.value = try file["initial.\(parameter.name)"]
    }
    let (tokens, losses) = (try file.integers("tokens"), try file["losses"].scalars)
    let norms = try file["gradient_norms"].scalars
    var state: RecurrentStack.State?
    var memories = model.parameters.map {
      Array(repeating: [0.0, 0.0], count: $0.count)
    }
    for step in 0..<10 {
      for parameter in model.parameters { parameter.clearGradient() }
      let window = step * 24..<(step + 1) * 24
      let (loss, last) = model.loss(
        Array(tokens[window]), Array(tokens[window.lowerBound + 4..<window.upperBound + 4]),
        from: state, factor: lossFactor)
      loss.backward()
      state = last.detached
      // Ten updates amplify a Float's rounding some tenfold.
      #expect(abs(loss.value.scalar / lossFactor - losses[step]) < 1e-5, "step \(step + 1)")

      let gradients = model.parameters.map(\.denseGradient)
      let norm = gradients.reduce(0) { $0 + dot($1.doubles, $1.doubles) }.squareRoot()
      #expect(abs(norm - Double(norms[step])) < 1e-5 * max(1, norm), "step \(step + 1)")
      let factor = Float(min(1, clip / (norm + 1e-6)))
      for (index, parameter) in model.parameters.enumerated() {
        let weights = zip(parameter.value.scalars, gradients[index].scalars).enumerated().map {
          update($1.0, factor * $1.1, &memories[index][$0], step + 1)
        }
        parameter.value = Tensor(shape: parameter.shape, scalars: weights)
      }
    }
    for parameter in model.parameters {
      let expected = try file["final.\(parameter.name)"]
      #expect(relativeError(parameter.value, expected) < 1e-5, "\(parameter.name)")
    }
    for (part, letter) in ["h", "c"].enumerated() {
      let parts = Tensor(steps: state!.layers.map { $0.parts[part].value })
      let expected = try file["final.\(letter)"]
      #expect(relativeError(parts, expected) < 1e-5)
    }
  }
}

/// V = 20, E = H = 8, two layers.
private struct TinyLanguageModel: Module {
  let embedding = Embedding(vocabularySize: 20, size: 8, range: 1, key: RandomKey(seed: 1))
  let stack = RecurrentStack(
    .lstm, inputSize: 8, hiddenSize: 8, layers: 2, key: RandomKey(seed: 2))
  let decoder = Linear(inputs: 8, outputs: 20, name: "decoder", key: RandomKey(seed: 3))

  var parameters: [Parameter] {
    embedding.parameters + stack.parameters + decoder.parameters
  }

  /// The mean cross-entropy of a window [T·B] of tokens, times `factor`, and the state after it.
  func loss(
    _ tokens: [Int32], _ targets: [Int32], from state: RecurrentStack.State?, factor: Float
  ) -> (loss: Variable, state: RecurrentStack.State) {
    let mode = Mode.training(RandomKey(seed: 4))
    let (outputs, last) = stack.run(
      embedding(tokens, steps: 6, mode: mode), from: state, mode: mode)
    let (loss, _) = softmaxCrossEntropy(
      outputs.reshaped(to: [24, 8]), weight: decoder.weight.variable(mode),
      bias: decoder.bias.variable(mode), targets: targets, scale: factor / 24)
    return (loss, last)
  }
}

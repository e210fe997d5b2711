import Foundation
import TestSupport
import Testing

@testable import Tensors

/// The values that PyTorch computed in double precision.
private let golden: GoldenFile = {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  do {
    return try GoldenFile(
      tests.appendingPathComponent("RecurrentTests/Golden/operations.safetensors"))
  } catch {
    fatalError("\(error)")
  }
}()

private let training = Mode.training(RandomKey(seed: 0))

/// Softmax, cross-entropy and layer norm.
@Suite struct SoftmaxTests {
  @Test("softmax and log softmax agree with PyTorch, with their gradients")
  func goldenSoftmax() throws {
    for (name, function) in [
      ("softmax", { $0.softmax() }), ("log_softmax", { $0.logSoftmax() }),
    ] as [(String, (Variable) -> Variable)] {
      let input = Parameter("input", try golden["\(name).input"])
      let output = function(input.variable(training))
      output.backward(seed: try golden["\(name).grad_output"])
      // A few roundings of a Float.
      #expect(relativeError(output.value, try golden["\(name).output"]) < 3e-7)
      #expect(relativeError(input.denseGradient, try golden["\(name).d_input"]) < 5e-7)
    }
  }

  @Test("layer norm agrees with PyTorch, with all its gradients")
  func goldenLayerNorm() throws {
    let x = Parameter("x", try golden["layer_norm.input"])
    let gain = Parameter("gain", try golden["layer_norm.weight"])
    let bias = Parameter("bias", try golden["layer_norm.bias"])
    let output = x.variable(training).layerNorm(
      gain: gain.variable(training), bias: bias.variable(training), epsilon: 1e-5)
    output.backward(seed: try golden["layer_norm.grad_output"])
    #expect(relativeError(output.value, try golden["layer_norm.output"]) < 5e-7)
    #expect(relativeError(x.denseGradient, try golden["layer_norm.d_input"]) < 1e-6)
    #expect(relativeError(gain.denseGradient, try golden["layer_norm.d_weight"]) < 5e-7)
    #expect(relativeError(bias.denseGradient, try golden["layer_norm.d_bias"]) < 5e-7)
  }

  @Test("cross-entropy agrees with PyTorch, with its gradient")
  func goldenCrossEntropy() throws {
    let x = Parameter("x", try golden["cross_entropy.input"])
    let targets = try golden.integers("cross_entropy.targets")
    let rows = x.variable(training).crossEntropy(targets: targets, reduction: .none)
    #expect(relativeError(rows.value, try golden["cross_entropy.rows"]) < 3e-7)
    let mean = x.variable(training).crossEntropy(targets: targets)
    mean.backward()
    let expected = try golden["cross_entropy.output"].reshaped(to: [])
    #expect(relativeError(mean.value, expected) < 3e-7)
    #expect(relativeError(x.denseGradient, try golden["cross_entropy.d_input"]) < 5e-7)
  }

  @Test("the gradients of softmax, log softmax and layer norm are right in any rank")
  func gradients() throws {
    for shape in [[5], [3, 4], [2, 2, 3]] {
      let x = Tensor.random(shape, seed: 1, from: -2, to: 2)
      let gain = Tensor.random([shape.last!], seed: 2)
      let bias = Tensor.random([shape.last!], seed: 3)
      try checkGradients(of: [x]) { $0[0].softmax() }
      try checkGradients(of: [x]) { $0[0].logSoftmax() }
      try checkGradients(of: [x, gain, bias]) { $0[0].layerNorm(gain: $0[1], bias: $0[2]) }
    }
  }

  @Test("masked softmax is softmax over what is left")
  func maskedSoftmax() throws {
    let x = Tensor.random([2, 3, 4], seed: 4, from: -2, to: 2)
    // The first row of the batch has 2 keys, the second 3.
    let mask = Tensor(shape: [2, 1, 4], scalars: [1, 1, 0, 0, 1, 1, 1, 0])
    let y = Variable(x).softmax(mask: mask)
    for (index, keys) in [2, 3].enumerated() {
      let row = { (v: Variable) in v.sliced(index..<index + 1) }
      let expected = row(Variable(x)).sliced(0..<keys, axis: -1).softmax()
      #expect(relativeError(row(y).sliced(0..<keys, axis: -1).value, expected.value) < 2e-7)
      #expect(row(y).sliced(keys..<4, axis: -1).value.scalars.allSatisfy { $0 == 0 })
    }
    try checkGradients(of: [x]) { $0[0].softmax(mask: mask) }
  }

  @Test("a row that is masked out in full is zero, and has no gradient")
  func allMasked() {
    let x = Parameter("x", Tensor.random([2, 3], seed: 5))
    let mask = Tensor(shape: [2, 1], scalars: [0, 1])
    let y = x.variable(training).softmax(mask: mask)
    #expect(y.value.scalars[..<3].allSatisfy { $0 == 0 })
    #expect(abs(y.value.scalars[3...].reduce(0, +) - 1) < 1e-6)
    y.backward(seed: Tensor.random([2, 3], seed: 6))
    #expect(x.denseGradient.scalars[..<3].allSatisfy { $0 == 0 })
  }

  @Test("softmax is stable for large scores")
  func stability() {
    let y = Variable(Tensor(shape: [1, 3], scalars: [3e38, -3e38, 3e38])).softmax()
    #expect(y.value.scalars == [0.5, 0, 0.5])
    let log = Variable(Tensor(shape: [1, 2], scalars: [1000, 0])).logSoftmax()
    #expect(log.value.scalars == [0, -1000])
  }

  @Test(
    "the gradient of cross-entropy is right in every reduction, rows that do not count included")
  func crossEntropy() throws {
    let x = Tensor.random([4, 5], seed: 7, from: -2, to: 2)
    let targets: [Int32] = [3, -1, 0, 3]
    try checkGradients(of: [x]) { $0[0].crossEntropy(targets: targets) }
    try checkGradients(of: [x]) { $0[0].crossEntropy(targets: targets, reduction: .sum) }
    try checkGradients(of: [x]) { $0[0].crossEntropy(targets: targets, reduction: .none) }
    try checkGradients(of: [x]) { $0[0].crossEntropy(targets: targets) * 3 }
    // As the composition of its parts.
    let counted = Variable(x).rows(at: [0, 2, 3]).logSoftmax().elements(at: [3, 0, 3])
    let mean = Variable(x).crossEntropy(targets: targets).value
    #expect(relativeError(mean, (-counted.mean()).value) < 3e-7)
  }

  @Test("cross-entropy of nothing is zero, and leaves the logits alone")
  func crossEntropyOfNothing() {
    let x = Parameter("x", Tensor.random([2, 3], seed: 8))
    let before = x.value.scalars
    let loss = x.variable(training).crossEntropy(targets: [-1, -1])
    #expect(loss.value.scalar == 0)
    loss.backward()
    #expect(x.denseGradient == Tensor(zeros: [2, 3]))
    _ = Variable(x.value).crossEntropy(targets: [0, 1])
    #expect(x.value.scalars == before)
  }

  @Test("rows shared by threads have the bits of one thread, forward and backward")
  func threadsAgree() {
    let key = RandomKey(seed: 9)
    let x = key.uniform([300, 70], from: -2, to: 2)
    let targets = (0..<300).map { Int32($0 % 70) - 1 }
    let results = [1, 2, 3].map { threads in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        let input = Parameter("x", x)
        let gain = Parameter("gain", Tensor(repeating: 1, shape: [70]))
        let bias = Parameter("bias", Tensor(zeros: [70]))
        let normed = input.variable(training).layerNorm(
          gain: gain.variable(training), bias: bias.variable(training))
        let loss = (normed.softmax() + normed.logSoftmax()).crossEntropy(targets: targets)
        loss.backward()
        return [loss.value, input.denseGradient, gain.denseGradient, bias.denseGradient]
      }
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }
}

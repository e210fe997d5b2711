import Tensors
import TestSupport
import Testing

@testable import Recurrent

@Suite("PyTorch's adaptive softmax")
struct AdaptiveGoldenTests {
  @Test("log-probabilities, losses and all gradients are the same")
  func everything() throws {
    let file = try golden("adaptive")
    let (input, targets) = (try file["input"], try file.integers("targets"))
    let vocabulary = try file["log_probabilities"].shape[1]
    // Its ids are ranks.
    let layer = OutputLayer(
      .adaptive(cutoffs: try file.integers("cutoffs").map { Int($0) }), inputs: input.shape[1],
      counts: (0..<vocabulary).map { 100 - $0 }, key: RandomKey(seed: 1))
    for parameter in layer.parameters {
      parameter.value = try file[parameter.name.withoutPrefix]
    }
    #expect(
      relativeError(layer.logProbabilities(input), try file["log_probabilities"])
        < GoldenTests.tolerance)

    let hidden = Parameter("input", input)
    let mode = Mode.training(RandomKey(seed: 1))
    let (loss, losses) = layer.loss(
      hidden.variable(mode), targets: targets, scale: 1 / Float(targets.count), mode: mode)
    loss.backward()
    #expect(relativeError([Double(loss.value.scalar)], try file["loss"].doubles) < 1e-6)
    #expect(
      relativeError(losses.map { -Double($0) }, try file["output"].doubles) < GoldenTests.tolerance)
    #expect(relativeError(hidden.denseGradient, try file["d_input"]) < GoldenTests.tolerance)
    for parameter in layer.parameters {
      let expected = try file["d_" + parameter.name.withoutPrefix]
      #expect(
        relativeError(parameter.denseGradient, expected) < GoldenTests.tolerance,
        "gradient of \(parameter.name)")
    }
  }
}

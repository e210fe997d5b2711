import Foundation
import Recurrent
import Tensors
import TestSupport
import Testing

/// The golden file `name` of this target.
func golden(_ name: String) throws -> GoldenFile {
  try GoldenFile(
    Bundle.module.bundleURL.appending(path: "Golden/\(name).safetensors"))
}

extension Net {
  /// The name of the same net in the golden files; nil where PyTorch has none.
  var goldenName: String? {
    let cell: String? =
      switch kind {
      case .rnn: "rnn-tanh"
      case .rnnReLU: "rnn-relu"
      case .lstm: "lstm"
      case .gru: "gru"
      default: nil
      }
    return cell.map {
      $0 + (isProjected ? "-projected" : "") + (isBidirectional ? "-bidirectional" : "")
    }
  }
}

@Suite("PyTorch gives the same")
struct GoldenTests {
  /// Float against Double rounded once: some 10⁻⁷ each step, so 2·10⁻⁶ leaves room for twenty,
  /// while a wrong term is off by 10⁻² and more.
  static let tolerance = 2e-6

  /// Every net that PyTorch has.
  static let nets = Net.all.filter { $0.goldenName != nil }

  @Test("outputs, last states and all gradients", arguments: nets, [1, 2])
  func everything(net: Net, layers: Int) throws {
    try compare(net, layers: layers, "\(net.goldenName!)-\(layers)")
  }

  @Test(
    "outputs, last states and all gradients of sequences of unequal lengths",
    arguments: nets, [1, 2])
  func unequalLengths(net: Net, layers: Int) throws {
    try compare(net, layers: layers, "\(net.goldenName!)-\(layers)-lengths")
  }

  private func compare(_ net: Net, layers: Int, _ name: String) throws {
    let file = try golden(name)
    let input = try file["input"]
    let outputSize = try file["h0"].shape[2]
    let hiddenSize = net.kind.hasMemory ? try file["c0"].shape[2] : outputSize
    let stack = RecurrentStack(
      StackConfiguration(
        net.kind, inputSize: input.shape[2], hiddenSize: hiddenSize, layers: layers,
        projection: net.isProjected ? outputSize : nil, isBidirectional: net.isBidirectional),
      key: RandomKey(seed: 1))
    for parameter in stack.parameters {
      parameter.value = try file[parameter.name.withoutPrefix]
    }
    let letters = net.kind.hasMemory ? ["h", "c"] : ["h"]
    let directions = net.isBidirectional ? 2 : 1
    func parts(_ name: (String) -> String) throws -> [[Tensor]] {
      try (0..<layers).map { layer in
        try (0..<directions).flatMap { direction in
          try letters.map { try file[name($0)].timeStep(layer * directions + direction) }
        }
      }
    }
    let result = stack.pass(
      RecurrentCase(
        inputs: input,
        lengths: file.tensors["lengths"] == nil ? nil : try file.integers("lengths"),
        states: try parts { "\($0)0" }, outputGradient: try file["grad_output"],
        stateGradients: try parts { "grad_\($0)n" }))

    #expect(relativeError(result.outputs, try file["output"]) < Self.tolerance)
    for (states, expected) in zip(result.states, try parts { "\($0)n" }) {
      for (state, expected) in zip(states, expected) {
        #expect(relativeError(state, expected) < Self.tolerance)
      }
    }
    for parameter in stack.parameters {
      expectGradient(result, parameter.name, try file["d_\(parameter.name.withoutPrefix)"])
    }
    expectGradient(result, "input", try file["d_input"])
    for (layer, gradients) in try parts({ "d_\($0)0" }).enumerated() {
      let names = stateNames(layer: layer, parts: gradients.count, stack)
      for (name, gradient) in zip(names, gradients) { expectGradient(result, name, gradient) }
    }
  }

  private func expectGradient(
    _ result: RecurrentResult, _ name: String, _ expected: Tensor,
    _ location: SourceLocation = #_sourceLocation
  ) {
    let error = relativeError(result.gradients[name]!, expected)
    #expect(error < Self.tolerance, "gradient of \(name)", sourceLocation: location)
  }
}

extension String {
  /// PyTorch's name of a parameter within its layer: `weight_ih_l0` of `rnn.weight_ih_l0`.
  var withoutPrefix: String { String(drop(while: { $0 != "." }).dropFirst()) }
}

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

extension CellKind {
  /// The name of the same cell in the golden files; PyTorch has no GRU that resets before.
  var goldenName: String? {
    switch self {
    case .rnn: "rnn-tanh"
    case .rnnReLU: "rnn-relu"
    case .lstm: "lstm"
    case .gru: "gru"
    default: nil
    }
  }
}

@Suite("PyTorch gives the same")
struct GoldenTests {
  /// Float against Double rounded once: some 10⁻⁷ each step, so 10⁻⁶ leaves room for ten steps,
  /// while a wrong term is off by 10⁻² and more.
  static let tolerance = 1e-6

  @Test(
    "outputs, last states and all gradients",
    arguments: CellKind.allCases.filter { $0.goldenName != nil }, [1, 2])
  func everything(kind: CellKind, layers: Int) throws {
    try compare(kind, layers: layers, "\(kind.goldenName!)-\(layers)")
  }

  @Test(
    "outputs, last states and all gradients of sequences of unequal lengths",
    arguments: CellKind.allCases.filter { $0.goldenName != nil }, [1, 2])
  func unequalLengths(kind: CellKind, layers: Int) throws {
    try compare(kind, layers: layers, "\(kind.goldenName!)-\(layers)-lengths")
  }

  private func compare(_ kind: CellKind, layers: Int, _ name: String) throws {
    let file = try golden(name)
    let input = try file["input"]
    let stack = RecurrentStack(
      kind, inputSize: input.shape[2], hiddenSize: try file["h0"].shape[2], layers: layers,
      key: RandomKey(seed: 1))
    for parameter in stack.parameters {
      parameter.value = try file[parameter.name.withoutPrefix]
    }
    let letters = kind == .lstm ? ["h", "c"] : ["h"]
    func parts(_ name: (String) -> String) throws -> [[Tensor]] {
      try (0..<layers).map { layer in try letters.map { try file[name($0)].timeStep(layer) } }
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
      for (letter, gradient) in zip(letters, gradients) {
        expectGradient(result, "rnn.\(letter)0_l\(layer)", gradient)
      }
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
  fileprivate var withoutPrefix: String { String(drop(while: { $0 != "." }).dropFirst()) }
}

import Recurrent
import Tensors
import TestSupport
import Testing

/// T, B, I, H and the number of layers.
struct Extents: Sendable, CustomTestStringConvertible {
  var steps = 4
  var batch = 3
  var inputSize = 3
  var hiddenSize = 5
  var layers = 1
  var lengths: [Int32]? = nil

  var testDescription: String {
    "T=\(steps) B=\(batch) I=\(inputSize) H=\(hiddenSize) L=\(layers)"
      + (lengths.map { " lengths \($0)" } ?? "")
  }

  /// The net `net` of these sizes.
  func configuration(_ net: Net) -> StackConfiguration {
    StackConfiguration(
      net.kind, inputSize: inputSize, hiddenSize: hiddenSize, layers: layers,
      projection: net.isProjected ? (hiddenSize + 1) / 2 : nil, window: net.window,
      isBidirectional: net.isBidirectional, connections: layers > 1 ? net.connections : .none)
  }

  /// A stack with all parameters random, the biases too. Weights shrink with H so that gates stay
  /// in their curved part.
  func stack(_ net: Net, seed: UInt64 = 1) -> RecurrentStack {
    let stack = RecurrentStack(
      configuration(net), initialization: .init(recurrent: .identity), key: RandomKey(seed: 1))
    let range = min(1, 2 / Float(hiddenSize).squareRoot())
    for (index, parameter) in stack.parameters.enumerated() {
      parameter.value = .random(
        parameter.shape, seed: 1000 * seed + UInt64(index), from: -range, to: range)
    }
    return stack
  }

  /// Random inputs and initial states, and random gradients of outputs and last states.
  func randomCase(_ net: Net, seed: UInt64 = 1) -> RecurrentCase {
    let stack = stack(net)
    func states(_ seed: UInt64) -> [[Tensor]] {
      stack.zeroState(batch: batch).layers.enumerated().map { layer, state in
        state.parts.enumerated().map { part, zero in
          .random(zero.shape, seed: seed + UInt64(4 * layer + part))
        }
      }
    }
    return RecurrentCase(
      inputs: .random([steps, batch, inputSize], seed: 2000 * seed + 1), lengths: lengths,
      states: states(2000 * seed + 10),
      outputGradient: .random([steps, batch, stack.outputSize], seed: 2000 * seed + 2),
      stateGradients: states(2000 * seed + 50))
  }
}

/// A cell and how its layers are put together.
struct Net: Sendable, Equatable, CustomTestStringConvertible {
  var kind: CellKind
  var isProjected = false
  var window = 3
  var isBidirectional = false
  var connections = SkipConnections.none

  var testDescription: String {
    kind.rawValue + (kind == .window ? " of \(window)" : "") + (isProjected ? " projected" : "")
      + (isBidirectional ? " bidirectional" : "")
      + (connections == .none ? "" : " \(connections.rawValue)")
  }

  /// Whether it has layer normalisation.
  var isNormalized: Bool { [.rnnNorm, .gruNorm, .lstmNorm].contains(kind) }

  static let lstm = Net(kind: .lstm)
  static let gru = Net(kind: .gru)
  static let gruResetBefore = Net(kind: .gruResetBefore)

  /// Every cell in one direction, LSTMs with a projection too.
  static let forward =
    CellKind.allCases.map { Net(kind: $0) }
    + CellKind.allCases.filter { $0.lstmVariant != nil }.map { Net(kind: $0, isProjected: true) }
    + [Net(kind: .window, window: 1)]

  /// Every cell in both.
  static let bidirectional = forward.map { net in
    var net = net
    net.isBidirectional = true
    return net
  }

  static let all = forward + bidirectional

  /// Nets with skip connections.
  static let skipping = [SkipConnections.input, .residual].flatMap { connections in
    [false, true].flatMap { isBidirectional in
      [CellKind.lstm, .rnn].map {
        Net(kind: $0, isBidirectional: isBidirectional, connections: connections)
      }
    }
  }
}

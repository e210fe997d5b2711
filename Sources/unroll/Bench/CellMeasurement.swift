import Learning
import Recurrent
import Tensors

/// A cell whose training steps are timed, and the cell that it is held against.
struct CellEntry: Sendable {
  let name: String
  /// The name of the plain cell of its family; its own for that cell itself.
  let base: String
  let make: @Sendable (_ inputSize: Int, _ hiddenSize: Int, _ key: RandomKey) -> AnyCell

  /// Every cell that a model can be asked for, and the LSTM once more from plain operations.
  static let all: [CellEntry] =
    CellKind.allCases.map { kind in
      CellEntry(name: kind.rawValue, base: base(of: kind).rawValue) { inputSize, hiddenSize, key in
        CellConfiguration(kind, inputSize: inputSize, hiddenSize: hiddenSize)
          .makeCell(place: LayerPlace(), initialization: .init(), key: key)
      }
    } + [
      CellEntry(name: "lstm, plain operations", base: CellKind.lstm.rawValue) {
        AnyCell(PlainLSTMCell(inputSize: $0, hiddenSize: $1, key: $2))
      }
    ]

  private static func base(of kind: CellKind) -> CellKind {
    switch kind {
    case .rnn, .rnnReLU, .rnnNorm, .irnn, .window: .rnn
    case .gru, .gruResetBefore, .gruNorm: .gru
    default: .lstm
    }
  }
}

/// How long training steps of one layer of each cell take: forward over T steps, backward to the inputs
/// and the weights, update. Without embedding and softmax, which are the same for all.
struct CellMeasurement {
  /// T, B, and I = H.
  struct Extent: Sendable {
    var steps = 50
    var batch = 32
    var features = 512
  }

  /// Seconds of a step, by the cells' names: the median of all steps.
  let seconds: [String: Double]

  /// Times all cells in turn, again and again, for about so long each.
  init(_ entries: [CellEntry], _ extent: Extent, seconds: Double) {
    let size = extent.features
    let inputs = Parameter(
      "inputs", RandomKey(seed: 1).normal([extent.steps, extent.batch, size]))
    let stacks = entries.map { RecurrentStack([$0.make(size, size, RandomKey(seed: 2))]) }

    func step(_ stack: RecurrentStack) -> Double {
      let start = secondsNow()
      let (outputs, _) = stack.run(
        inputs.variable(.training(RandomKey(seed: 3))), mode: .training(RandomKey(seed: 3)))
      (outputs * outputs).sum().backward()
      var rule = SGD()
      rule.step(parameters: stack.parameters, rate: 1e-6, gradientScale: 1)
      for parameter in stack.parameters + [inputs] { parameter.clearGradient() }
      return secondsNow() - start
    }

    var times = [[Double]](repeating: [], count: entries.count)
    for stack in stacks { _ = step(stack) }
    repeat {
      for (index, stack) in stacks.enumerated() { times[index].append(step(stack)) }
    } while times.contains { $0.count < 3 }
      || times.joined().reduce(0, +) < seconds * Double(entries.count)
    self.seconds = Dictionary(
      uniqueKeysWithValues: zip(entries.map(\.name), times.map { middle(of: $0) }))
  }
}

import Recurrent
import Tensors

/// A language model of the target that is told of a source: p(y | x) = Π_t p(y_t | y_1 … y_{t-1}, x).
///
/// ```
/// s_0 = bridge(the encoder's last states)
/// initial      s_t = RNN(E y_{t-1}, s_{t-1})                r_t = h_t
/// every-step   s_t = RNN([E y_{t-1}; x̄], s_{t-1})           r_t = tanh(W [h_t; x̄; E y_{t-1}] + b)
/// before       c_t = attend(h_{t-1})
///              s_t = RNN([E y_{t-1}; c_t], s_{t-1})         r_t = tanh(W [h_t; c_t; E y_{t-1}] + b)
/// after        s_t = RNN([E y_{t-1}; r_{t-1}], s_{t-1})     r_t = tanh(W [c_t; h_t] + b), c_t = attend(h_t)
/// p(y_t | …) = softmax(V r_t + b)
/// ```
/// (Sutskever et al. 2014; Cho et al. 2014; Bahdanau et al. 2015; Luong et al. 2015, r_{t-1} in the input
/// with "input feeding" alone.) h_t is the output of the highest layer, without what a residual connection adds
/// where it is a query before a step; x̄ is the encoder's summary.
struct SequenceDecoder: Module {
  let configuration: SequenceDecoderConfiguration
  let embedding: Embedding
  let network: RecurrentStack
  let attention: Attention?
  let bridge: StateBridge
  let readout: Linear?
  let output: OutputLayer
  /// Whether the table of vectors is another module's.
  private let sharesEmbedding: Bool

  var parameters: [Parameter] {
    (sharesEmbedding ? [] : embedding.parameters) + network.parameters
      + (attention?.parameters ?? []) + bridge.parameters + (readout?.parameters ?? [])
      + output.parameters
  }

  /// Of what sizes a source comes: F, and the parts of the states of the encoder's layers.
  struct SourceSizes {
    var memory: Int
    var states: [[StatePart]]
  }

  /// A decoder of a configuration without a fault.
  ///
  /// - Parameters:
  ///   - counts: of each token of the target's vocabulary.
  ///   - shared: the table of another module's vectors, [V, E], in place of one of its own.
  init(
    _ configuration: SequenceDecoderConfiguration, counts: [Int], source: SourceSizes,
    sharing shared: Embedding? = nil, initialization: ModelInitialization, key: RandomKey
  ) {
    let fault = configuration.fault(memorySize: source.memory)
    precondition(fault == nil, fault ?? "")
    self.configuration = configuration
    sharesEmbedding = shared != nil
    embedding =
      shared
      ?? Embedding(
        vocabularySize: counts.count, size: configuration.embeddingSize,
        name: Self.embeddingName, range: initialization.embeddingRange, key: key.child(0))
    let stack = configuration.stack(memorySize: source.memory)
    network = RecurrentStack(
      stack, prefix: "decoder", initialization: initialization.gates, key: key.child(1))
    attention =
      configuration.context.attends
      ? Attention(
        configuration.attention, querySize: stack.outputSize, memorySize: source.memory,
        size: configuration.attentionSize, initializer: initialization.output, key: key.child(2))
      : nil
    bridge = StateBridge(
      from: source.states, to: stack.stateParts, initializer: initialization.output,
      key: key.child(3))
    readout = configuration.readoutInputs(memorySize: source.memory).map {
      Linear(
        inputs: $0, outputs: configuration.readoutSize, name: "readout",
        initializer: initialization.output, key: key.child(4))
    }
    output = OutputLayer(
      configuration.output, inputs: configuration.outputInputs, counts: counts,
      sharing: configuration.isTied ? embedding.weight : nil, name: "output",
      initializer: initialization.output, key: key.child(5))
  }

  private static let embeddingName = "target_embedding.weight"

  /// The names and shapes of the parameters, in their order.
  static func tensorShapes(
    _ configuration: SequenceDecoderConfiguration, vocabularySize: Int, source: SourceSizes,
    sharesEmbedding: Bool
  ) -> [(name: String, shape: [Int])] {
    let stack = configuration.stack(memorySize: source.memory)
    let embedding = (embeddingName, [vocabularySize, configuration.embeddingSize])
    var shapes: [(name: String, shape: [Int])] = sharesEmbedding ? [] : [embedding]
    shapes += stack.parameterShapes(prefix: "decoder")
    if configuration.context.attends {
      shapes += Attention.parameterShapes(
        configuration.attention, querySize: stack.outputSize, memorySize: source.memory,
        size: configuration.attentionSize)
    }
    shapes += StateBridge.parameterShapes(from: source.states, to: stack.stateParts)
    if let inputs = configuration.readoutInputs(memorySize: source.memory) {
      shapes += [
        ("readout.weight", [configuration.readoutSize, inputs]),
        ("readout.bias", [configuration.readoutSize]),
      ]
    }
    return shapes
      + configuration.output.tensorShapes(
        inputs: configuration.outputInputs, vocabularySize: vocabularySize,
        isTied: configuration.isTied, name: "output")
  }

  /// A source made ready for all steps.
  struct Memory: Sendable {
    /// What is attended to; nil where nothing is.
    var attention: AttentionMemory?
    /// x̄ [B, F].
    let summary: Variable
  }

  /// What is carried from step to step.
  struct State: Sendable {
    /// Of the recurrent layers.
    var network: RecurrentStack.State
    /// r_{t-1}, where it is fed to the next step.
    var readout: Variable?
  }

  /// What is looked at in all steps, and the state before the first one.
  func begin(_ source: EncodedSource, mode: Mode) -> (memory: Memory, state: State) {
    let memory = Memory(
      attention: attention?.memory(source.memory, lengths: source.lengths, mode: mode),
      summary: source.summary)
    let state = State(
      network: bridge(source.states, mode: mode),
      readout: configuration.feedsReadout
        ? Variable(Tensor(zeros: [source.batch, configuration.readoutSize])) : nil)
    return (memory, state)
  }
}

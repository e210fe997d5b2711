import Tensors

/// How well a query goes with a key.
public enum AttentionKind: String, Sendable, Codable, CaseIterable {
  /// q·k: the query is as wide as what is attended to (Luong et al. 2015).
  case dot
  /// q·(W k) (Luong et al. 2015, "general").
  case general
  /// v·tanh(W_q q + W_k k + b) (Bahdanau et al. 2015; Luong et al. 2015, "concat").
  case additive
}

/// Attention: what a decoder looks up in the outputs of an encoder, step by step.
///
/// ```
/// e_ts = score(q_t, m_s)            dot, general or additive
/// α_t  = softmax over s of e_t      s = 1 … length of the sequence
/// c_t  = Σ_s α_ts m_s
/// ```
/// (Bahdanau et al. 2015; Luong et al. 2015.) Queries are [T, B, H], the outputs m that are attended to,
/// the memory, [S, B, F], contexts [T, B, F] and weights α [T, B, S]. W of `general` is [H, F]; of
/// `additive` W_q is [A, H], W_k [A, F], b [A] and v [A]. What stands beyond the end of a sequence has no
/// weight, and of a sequence without steps the context is zeros.
public struct Attention: Module {
  /// The score.
  public let kind: AttentionKind
  /// H, the features of a query.
  public let querySize: Int
  /// F, the features of what is attended to, and of a context.
  public let memorySize: Int
  /// W_q of additive attention; the bias is with the keys.
  let queryWeight: Parameter?
  /// W of general and W_k and b of additive attention.
  let keys: AttentionKeys
  /// v of additive attention, [1, A].
  let scoreWeight: Parameter?

  public var parameters: [Parameter] {
    [queryWeight].compactMap { $0 } + keys.parameters + [scoreWeight].compactMap { $0 }
  }

  /// Attention of queries of H features to outputs of F.
  ///
  /// - Parameters:
  ///   - size: A, the features in which additive attention compares.
  public init(
    _ kind: AttentionKind, querySize: Int, memorySize: Int, size: Int,
    prefix: String = "attention", initializer: Initializer = .glorot, key: RandomKey
  ) {
    precondition(
      kind != .dot || querySize == memorySize,
      "dot attention of queries of \(querySize) features to outputs of \(memorySize)")
    self.kind = kind
    self.querySize = querySize
    self.memorySize = memorySize
    func matrix(_ name: String, _ outputs: Int, _ inputs: Int, _ place: Int) -> Parameter {
      Parameter(
        "\(prefix).\(name)",
        initializer.matrix(outputs: outputs, inputs: inputs, key: key.child(place)))
    }
    switch kind {
    case .dot:
      (queryWeight, keys, scoreWeight) = (nil, AttentionKeys(weight: nil, bias: nil), nil)
    case .general:
      (queryWeight, scoreWeight) = (nil, nil)
      keys = AttentionKeys(weight: matrix("key.weight", querySize, memorySize, 0), bias: nil)
    case .additive:
      queryWeight = matrix("query.weight", size, querySize, 1)
      keys = AttentionKeys(
        weight: matrix("key.weight", size, memorySize, 0),
        bias: Parameter("\(prefix).key.bias", Tensor(zeros: [size])))
      scoreWeight = matrix("score.weight", 1, size, 2)
    }
  }

  /// The names and shapes of the parameters, in their order.
  public static func parameterShapes(
    _ kind: AttentionKind, querySize: Int, memorySize: Int, size: Int,
    prefix: String = "attention"
  ) -> [(name: String, shape: [Int])] {
    switch kind {
    case .dot: []
    case .general: [("\(prefix).key.weight", [querySize, memorySize])]
    case .additive:
      [
        ("\(prefix).query.weight", [size, querySize]),
        ("\(prefix).key.weight", [size, memorySize]), ("\(prefix).key.bias", [size]),
        ("\(prefix).score.weight", [1, size]),
      ]
    }
  }

  /// What is attended to, made ready once for all steps: outputs [S, B, F], of which sequence b has
  /// `lengths[b]` (S when nil).
  public func memory(_ outputs: Variable, lengths: [Int32]?, mode: Mode) -> AttentionMemory {
    precondition(
      outputs.shape.count == 3 && outputs.shape[2] == memorySize,
      "outputs of shape \(outputs.shape), expected [S, B, \(memorySize)]")
    let (steps, batch) = (outputs.shape[0], outputs.shape[1])
    checkLengths(lengths, steps: steps, batch: batch)
    return AttentionMemory(
      values: outputs, keys: keys(outputs, mode: mode),
      lengths: lengths?.map(Int.init) ?? Array(repeating: steps, count: batch))
  }

  /// The contexts of queries [T, B, H], [T, B, F], and the weights [T, B, S].
  public func callAsFunction(
    _ queries: Variable, _ memory: AttentionMemory, mode: Mode
  ) -> (contexts: Variable, weights: Variable) {
    precondition(
      queries.shape.count == 3 && queries.shape[1] == memory.batch,
      "queries of shape \(queries.shape) for \(memory.batch) sequences")
    return attend(queries, .timeMajor(steps: queries.shape[0], batch: memory.batch), memory, mode)
  }

  /// As `callAsFunction`, where some sequences have more queries than others: queries [M, H], of which
  /// `starts[b] ..< starts[b + 1]` are those of sequence b, give contexts [M, F] and weights [M, S].
  public func callAsFunction(
    _ queries: Variable, starts: [Int], _ memory: AttentionMemory, mode: Mode
  ) -> (contexts: Variable, weights: Variable) {
    precondition(
      starts.count == memory.batch + 1 && starts[memory.batch] == queries.shape[0],
      "queries of shape \(queries.shape) for \(memory.batch) sequences")
    return attend(queries, .grouped(starts), memory, mode)
  }

  private func attend(
    _ queries: Variable, _ layout: QueryLayout, _ memory: AttentionMemory, _ mode: Mode
  ) -> (contexts: Variable, weights: Variable) {
    precondition(
      queries.shape.last == querySize, "queries of shape \(queries.shape) of \(querySize) features")
    let scores: Variable
    if let scoreWeight, let queryWeight {
      scores = additiveScores(
        queries.linear(queryWeight.variable(mode)), memory, weight: scoreWeight.variable(mode),
        layout)
    } else {
      scores = dotScores(queries, memory, layout)
    }
    return readMemory(scores, memory, layout)
  }
}

/// What makes keys of outputs: W m + b, or the outputs themselves.
struct AttentionKeys: Module {
  let weight: Parameter?
  let bias: Parameter?

  var parameters: [Parameter] { [weight, bias].compactMap { $0 } }

  func callAsFunction(_ outputs: Variable, mode: Mode) -> Variable {
    guard let weight else { return outputs }
    return outputs.linear(weight.variable(mode), bias: bias?.variable(mode))
  }
}

/// What is attended to, of B sequences.
public struct AttentionMemory: Sendable {
  /// m [S, B, F].
  public let values: Variable
  /// What queries are compared with, [S, B, H] or [S, B, A].
  let keys: Variable
  /// The steps of each sequence.
  public let lengths: [Int]

  /// The same, and what is read from it is something else that was made of the outputs: [S, B, R].
  public func reading(_ values: Variable) -> AttentionMemory {
    AttentionMemory(values: values, keys: keys, lengths: lengths)
  }

  /// B.
  public var batch: Int { lengths.count }
  /// S, the steps of the longest sequence, or more.
  public var steps: Int { values.shape[0] }
}

/// Where the queries of a sequence lie.
enum QueryLayout: Sendable {
  /// [T, B, …]: those of sequence b are rows b, b + B, ….
  case timeMajor(steps: Int, batch: Int)
  /// [M, …]: those of sequence b are the rows from `starts[b]` to `starts[b + 1]`.
  case grouped([Int])

  /// B.
  var batch: Int {
    switch self {
    case .timeMajor(_, let batch): batch
    case .grouped(let starts): starts.count - 1
    }
  }

  /// Whether each sequence has no queries but its own.
  var isGrouped: Bool {
    switch self {
    case .timeMajor: false
    case .grouped: true
    }
  }

  /// The number of sequence b's queries, the first row, and how many rows lie from one to the next.
  func rows(of b: Int) -> (count: Int, first: Int, step: Int) {
    switch self {
    case .timeMajor(let steps, let batch): (steps, b, batch)
    case .grouped(let starts): (starts[b + 1] - starts[b], starts[b], 1)
    }
  }

  /// The shape of something of `width` features a query.
  func shape(_ width: Int) -> [Int] {
    switch self {
    case .timeMajor(let steps, let batch): [steps, batch, width]
    case .grouped(let starts): [starts[starts.count - 1], width]
    }
  }
}

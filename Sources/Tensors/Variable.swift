/// A tensor in a computation graph.
///
/// The graph is made by running it (define-by-run): an operation on variables returns a variable
/// that knows its parents and its backward pass. It is recorded only if a parent leads to something
/// trainable, so a network used for prediction records nothing.
public struct Variable: Sendable {
  /// The value, computed already.
  public let value: Tensor
  let origin: Origin

  /// Where a value comes from, and so where its gradient goes.
  enum Origin: Sendable {
    case constant
    /// A parameter that is not being trained; its packed forms can still be used.
    case frozen(Parameter)
    case parameter(Parameter)
    case node(GraphNode, output: Int)
  }

  /// A constant: no gradient flows into it.
  public init(_ value: Tensor) {
    self.value = value
    origin = .constant
  }

  init(_ value: Tensor, origin: Origin) {
    self.value = value
    self.origin = origin
  }

  /// The extent of each axis.
  public var shape: [Int] { value.shape }

  /// Whether a backward pass would send a gradient here.
  public var isRecorded: Bool {
    switch origin {
    case .constant, .frozen: false
    case .parameter, .node: true
    }
  }

  /// The same value cut off from the graph, as truncated backpropagation through time does with
  /// the state between two windows.
  public var detached: Variable { Variable(value) }

  /// This value packed for `x·Wᵀ` or `x·W`, where it is W; kept with the parameter it comes from
  /// until the parameter changes. `rows` cuts out some of W's outputs.
  public func packed(_ side: PackedMatrix.Side, rows: Range<Int>? = nil) -> PackedMatrix {
    switch origin {
    case .parameter(let parameter), .frozen(let parameter): parameter.packed(side, rows: rows)
    case .constant, .node: PackedMatrix(value, side, rows: rows)
    }
  }
}

extension Variable {
  /// Records an operation: the one way in which graphs grow.
  ///
  /// - Parameters:
  ///   - parents: what the operation read. Those that lead to nothing trainable cost nothing.
  ///   - outputs: its results.
  ///   - backward: adds to the gradients of `parents`, given those of `outputs`. It is kept, with
  ///     all that it captures, only if some parent is recorded, and runs at most once.
  public static func operation(
    from parents: [Variable], outputs: [Tensor],
    backward: @escaping @Sendable (GradientContext) -> Void
  ) -> [Variable] {
    guard parents.contains(where: \.isRecorded) else { return outputs.map { Variable($0) } }
    let node = GraphNode(
      parents: parents.map(\.origin), parentShapes: parents.map(\.shape),
      outputShapes: outputs.map(\.shape), backward: backward)
    return outputs.enumerated().map { Variable($1, origin: .node(node, output: $0)) }
  }

  /// `operation` with a single result.
  public static func operation(
    from parents: [Variable], output: Tensor,
    backward: @escaping @Sendable (GradientContext) -> Void
  ) -> Variable {
    operation(from: parents, outputs: [output], backward: backward)[0]
  }
}

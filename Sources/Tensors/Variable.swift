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
    /// A constant that is made of rows of a table.
    case rows(TableRows)
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
    case .constant, .rows, .frozen: false
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
    case .constant, .rows, .node: PackedMatrix(value, side, rows: rows)
    }
  }
}

extension Variable {
  /// Records an operation: the one way in which graphs grow.
  ///
  /// - Parameters:
  ///   - parents: what the operation read. Those that lead to nothing trainable cost nothing.
  ///   - outputs: its results.
  ///   - tangent: the tangents of the results, given those of `parents` (forward mode); nil for
  ///     zero. Without it the operation can be differentiated backward only, and only once. It should
  ///     capture no more than `backward` does, and change none of it.
  ///   - curvature: makes the operation a loss for ``GaussNewtonMatrix``: given the tangents v of
  ///     `parents`, it adds Jᵀ·H·J·v to their gradients, weighted by those of the results. H is the
  ///     Hessian of the results in what the loss is convex in, J the Jacobian of that in `parents`:
  ///     the identity, or the layer that is part of the operation.
  ///   - backward: adds to the gradients of `parents`, given those of `outputs`. It runs at most
  ///     once, unless the graph is kept (``GradientContext/keepsGraph``).
  ///
  /// The rules are kept, with all that they capture, only if some parent is recorded.
  public static func operation(
    from parents: [Variable], outputs: [Tensor],
    tangent: (@Sendable (TangentContext) -> [Tensor?])? = nil,
    curvature: (@Sendable (CurvatureContext) -> Void)? = nil,
    backward: @escaping @Sendable (GradientContext) -> Void
  ) -> [Variable] {
    record(
      from: parents, outputs: outputs,
      NodeRules(backward: backward, tangent: tangent.map { .several($0) }, curvature: curvature))
  }

  /// `operation` with a single result.
  public static func operation(
    from parents: [Variable], output: Tensor,
    tangent: (@Sendable (TangentContext) -> Tensor?)? = nil,
    curvature: (@Sendable (CurvatureContext) -> Void)? = nil,
    backward: @escaping @Sendable (GradientContext) -> Void
  ) -> Variable {
    record(
      from: parents, outputs: [output],
      NodeRules(backward: backward, tangent: tangent.map { .one($0) }, curvature: curvature))[0]
  }

  private static func record(
    from parents: [Variable], outputs: [Tensor], _ rules: NodeRules
  ) -> [Variable] {
    guard parents.contains(where: \.isRecorded) else { return outputs.map { Variable($0) } }
    let node = GraphNode(
      parents: parents.map(\.origin), parentShapes: parents.map(\.shape),
      outputShapes: outputs.map(\.shape), rules: rules)
    return outputs.enumerated().map { Variable($1, origin: .node(node, output: $0)) }
  }
}

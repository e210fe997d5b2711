import Synchronization

/// What a recorded operation can do beside having been run forward.
struct NodeRules: Sendable {
  /// Adds to the gradients of the parents, given those of the outputs.
  let backward: @Sendable (GradientContext) -> Void
  /// The tangents of the outputs, given those of the parents.
  let tangent: TangentRule?
  /// For a loss: adds Jᵀ·H·J·v to the gradients of the parents, given their tangents.
  let curvature: (@Sendable (CurvatureContext) -> Void)?
}

/// The tangents of an operation's outputs, given those of its parents.
enum TangentRule: Sendable {
  /// Of the only output. A case of its own, so that recording wraps no closure in another.
  case one(@Sendable (TangentContext) -> Tensor?)
  case several(@Sendable (TangentContext) -> [Tensor?])

  func callAsFunction(_ context: TangentContext) -> [Tensor?] {
    switch self {
    case .one(let rule): [rule(context)]
    case .several(let rule): rule(context)
    }
  }
}

/// One recorded operation: its parents and its rules.
final class GraphNode: Sendable {
  /// Rises from parents to children, so that descending order is an order for the backward pass.
  let id: UInt64
  // Written twice: by `init`, before anybody else knows the node, and by `deinit`, when nobody else
  // does any more. So no two threads can meet at it.
  nonisolated(unsafe) private(set) var parents: [Variable.Origin]
  let parentShapes: [[Int]]
  let outputShapes: [[Int]]
  /// Whether the node is a loss whose curvature is known.
  let isLoss: Bool
  /// Taken out when the backward rule runs, so that what all of them saved is freed as the backward
  /// pass proceeds.
  private let storedRules: Mutex<NodeRules?>

  private static let lastID = Atomic<UInt64>(0)

  init(
    parents: [Variable.Origin], parentShapes: [[Int]], outputShapes: [[Int]], rules: NodeRules
  ) {
    id = Self.lastID.add(1, ordering: .relaxed).newValue
    self.parents = parents
    self.parentShapes = parentShapes
    self.outputShapes = outputShapes
    isLoss = rules.curvature != nil
    storedRules = Mutex(rules)
  }

  deinit {
    // A chain of nodes, each the last holder of the one before, must not be freed by recursion: it
    // would be as deep as the longest sequence.
    // Moved out at every step: a copy left behind here would be freed after the list.
    var parents: [Variable.Origin] = []
    swap(&parents, &self.parents)
    DeferredRelease.release(
      .init(parents: consume parents, rules: storedRules.withLock { $0.take() }))
  }

  /// The rules, which stay.
  var rules: NodeRules {
    storedRules.withLock { stored in
      guard let rules = stored else {
        preconditionFailure("a graph was asked for after backward had consumed it")
      }
      return rules
    }
  }

  /// The backward rule, which stays: only operations with a tangent rule promise to leave what they
  /// saved as it is.
  var repeatableBackward: @Sendable (GradientContext) -> Void {
    let rules = rules
    guard rules.tangent != nil else { preconditionFailure("\(MissingTangentRule(self))") }
    return rules.backward
  }

  /// The backward rule; the node keeps nothing.
  func takeBackward() -> @Sendable (GradientContext) -> Void {
    storedRules.withLock { stored in
      guard let rules = stored else {
        preconditionFailure("backward ran over the same graph twice")
      }
      stored = nil
      return rules.backward
    }
  }
}

/// What the backward pass of an operation sees: the gradients of its outputs, and places to add the
/// gradients of its parents to.
public final class GradientContext {
  private let node: GraphNode
  private var outputGradients: [Tensor?]
  private let pass: BackwardPass

  /// Whether the graph outlives this pass, so that the operation may run backward again and has to
  /// leave what it saved as it is.
  public var keepsGraph: Bool { pass.keepsGraph }

  init(node: GraphNode, outputGradients: [Tensor?], pass: BackwardPass) {
    self.node = node
    self.outputGradients = outputGradients
    self.pass = pass
  }

  /// ∂L/∂output, or nil where the loss does not depend on that output.
  public func gradient(ofOutput index: Int = 0) -> Tensor? { outputGradients[index] }

  /// ∂L/∂output, zeros where the loss does not depend on it. It is handed over, so that writing to
  /// it (by `withUnsafeMutableBufferPointer`, never by `sharedPointer`) copies only if another node
  /// was given the same tensor.
  public func takeGradient(ofOutput index: Int = 0) -> Tensor {
    outputGradients[index].take() ?? Tensor(zeros: node.outputShapes[index])
  }

  func origin(ofParent index: Int) -> Variable.Origin { node.parents[index] }

  func putOff(_ dy: Tensor, _ x: Tensor, for parameter: Parameter) {
    pass.putOff(dy, x, for: parameter)
  }

  /// Whether the gradient of a parent is wanted at all.
  public func needsGradient(ofParent index: Int) -> Bool {
    switch node.parents[index] {
    case .constant, .rows, .frozen: false
    case .parameter, .node: true
    }
  }

  /// Adds to the gradient of a parent in place. `body` gets the buffer, and whether it is fresh: if
  /// so its content is undefined and is to be overwritten in full, else added to.
  public func accumulate(
    intoParent index: Int, _ body: (UnsafeMutableBufferPointer<Float>, _ isFresh: Bool) -> Void
  ) {
    switch node.parents[index] {
    case .constant, .rows, .frozen: break
    case .parameter(let parameter):
      pass.checkParameter(parameter)
      parameter.accumulateGradient(body)
    case .node(let parent, let output):
      pass.accumulate(parent, output, shape: node.parentShapes[index], body)
    }
  }

  /// As `accumulate(intoParent:_:)` for several parents, all different, at once: what is added to them
  /// can be computed in one round of the thread team. A parent that wants no gradient has no sum.
  public func accumulate(intoParents indices: [Int], _ body: ([GradientSum?]) -> Void) {
    accumulate(intoParents: indices[...], after: [], body)
  }

  private func accumulate(
    intoParents indices: ArraySlice<Int>, after sums: [GradientSum?],
    _ body: ([GradientSum?]) -> Void
  ) {
    guard let index = indices.first else { return body(sums) }
    let rest = indices.dropFirst()
    guard needsGradient(ofParent: index) else {
      return accumulate(intoParents: rest, after: sums + [nil], body)
    }
    accumulate(intoParent: index) { values, isFresh in
      let sum = GradientSum(values: values, isFresh: isFresh)
      accumulate(intoParents: rest, after: sums + [sum], body)
    }
  }

  /// Adds `gradient`, of the parent's shape, to the gradient of a parent.
  public func add(_ gradient: Tensor, toParent index: Int) {
    precondition(
      gradient.count == node.parentShapes[index].reduce(1, *),
      "a gradient of shape \(gradient.shape) for a parent of shape \(node.parentShapes[index])")
    switch node.parents[index] {
    case .constant, .rows, .frozen: break
    case .parameter(let parameter):
      pass.checkParameter(parameter)
      parameter.addGradient(gradient)
    case .node(let parent, let output):
      pass.add(gradient.reshaped(to: node.parentShapes[index]), to: parent, output)
    }
  }

  /// Adds to some rows of the gradient of a parent of shape [rows, columns], as an embedding does:
  /// row `rows[i]` of the gradient gets row i of `values`. Only touched rows are kept for a parameter.
  public func addRows(_ rows: [Int32], _ values: Tensor, toParent index: Int) {
    if case .parameter(let parameter) = node.parents[index] {
      pass.checkParameter(parameter)
      parameter.accumulateGradient(rows: rows, values: values)
      return
    }
    let columns = node.parentShapes[index][1]
    accumulate(intoParent: index) { sum, isFresh in
      if isFresh { sum.update(repeating: 0) }
      values.withUnsafeBufferPointer { Kernels.addRows($0, columns: columns, at: rows, to: sum) }
    }
  }
}

/// A gradient to be added to, in place.
public struct GradientSum {
  /// The elements.
  public let values: UnsafeMutableBufferPointer<Float>
  /// Whether nothing has been added yet: the elements hold nothing then and are to be set.
  public let isFresh: Bool
}

/// One run from a loss back to the parameters.
final class BackwardPass {
  /// Whether nodes may be run again afterwards.
  let keepsGraph: Bool
  /// Whether losses with a curvature are gathered in `losses`, instead of being run.
  private let stopsAtLosses: Bool
  /// The losses that were reached, with the gradients of their outputs.
  private(set) var losses: [(node: GraphNode, gradients: [Tensor?])] = []
  private var pending: [UInt64: (node: GraphNode, gradients: [Tensor?])] = [:]
  /// Ids of `pending`, as a binary heap with the greatest first.
  private var heap = MaxHeap()
  /// What is added to the parameters when all else is done.
  private var tiedProducts = TiedProducts()

  init(keepsGraph: Bool = false, stopsAtLosses: Bool = false) {
    self.keepsGraph = keepsGraph
    self.stopsAtLosses = stopsAtLosses
  }

  /// Adds the gradient of a root.
  func start(at variable: Variable, seed: Tensor) {
    precondition(
      seed.shape == variable.shape, "seed \(seed.shape) for a variable \(variable.shape)")
    let add = { (sum: UnsafeMutableBufferPointer<Float>, isFresh: Bool) in
      seed.withUnsafeBufferPointer {
        if isFresh { _ = sum.update(fromContentsOf: $0) } else { Kernels.add($0, to: sum) }
      }
    }
    switch variable.origin {
    case .constant, .rows, .frozen: break
    case .parameter(let parameter):
      checkParameter(parameter)
      parameter.accumulateGradient(add)
    case .node(let node, let output):
      accumulate(node, output, shape: variable.shape, add)
    }
  }

  func accumulate(
    _ node: GraphNode, _ output: Int, shape: [Int],
    _ body: (UnsafeMutableBufferPointer<Float>, Bool) -> Void
  ) {
    register(node)
    // Taken out of the table while it is written to, and held by this one variable, so that it is not
    // shared and not copied.
    var gradient = pending[node.id]!.gradients[output].take()
    let isFresh = gradient == nil
    if isFresh { gradient = Tensor(uninitialized: shape) }
    gradient!.withUnsafeMutableBufferPointer { body($0, isFresh) }
    pending[node.id]!.gradients[output] = consume gradient
  }

  /// Takes `gradient` as it is when it is the first, else adds it.
  func add(_ gradient: Tensor, to node: GraphNode, _ output: Int) {
    register(node)
    guard pending[node.id]!.gradients[output] != nil else {
      pending[node.id]!.gradients[output] = gradient
      return
    }
    accumulate(node, output, shape: gradient.shape) { sum, _ in
      gradient.withUnsafeBufferPointer { Kernels.add($0, to: sum) }
    }
  }

  /// On the way from the total to its losses there must be no parameter: what would arrive there is
  /// a gradient, not a curvature.
  func checkParameter(_ parameter: Parameter) {
    precondition(
      !stopsAtLosses,
      "the loss depends on \(parameter.name) otherwise than through a loss whose curvature is known"
    )
  }

  func putOff(_ dy: Tensor, _ x: Tensor, for parameter: Parameter) {
    checkParameter(parameter)
    tiedProducts.add(dy, x, to: parameter)
  }

  private func register(_ node: GraphNode) {
    guard pending[node.id] == nil else { return }
    pending[node.id] = (node, Array(repeating: nil, count: node.outputShapes.count))
    heap.insert(node.id)
  }

  func run() {
    while let id = heap.popGreatest() {
      let (node, gradients) = pending.removeValue(forKey: id)!
      if stopsAtLosses, node.isLoss {
        losses.append((node, gradients))
        continue
      }
      let context = GradientContext(
        node: node, outputGradients: consume gradients, pass: self)
      if keepsGraph { node.repeatableBackward(context) } else { node.takeBackward()(context) }
    }
    tiedProducts.finish()
  }
}

extension Variable {
  /// Runs the backward pass from this variable, adding to the gradients of all parameters that it
  /// depends on: ∂(seed · self)/∂parameter, where the seed is 1 for a scalar.
  ///
  /// Gradients of one variable are summed in the reverse order of recording, which is fixed. The
  /// graph is consumed: it can be run backward once, unless `keepsGraph`, for which all
  /// operations must have tangent rules.
  public func backward(seed: Tensor? = nil, keepsGraph: Bool = false) {
    precondition(
      seed != nil || value.count == 1, "backward without a seed needs a scalar, not \(shape)")
    Variable.backward(
      [(self, seed ?? Tensor(repeating: 1, shape: shape))], keepsGraph: keepsGraph)
  }

  /// Runs one backward pass from several variables at once, each with its own seed.
  public static func backward(
    _ roots: [(variable: Variable, seed: Tensor)], keepsGraph: Bool = false
  ) {
    let pass = BackwardPass(keepsGraph: keepsGraph)
    for (variable, seed) in roots { pass.start(at: variable, seed: seed) }
    pass.run()
  }
}

/// A binary heap of ids.
private struct MaxHeap {
  private var items: [UInt64] = []

  mutating func insert(_ item: UInt64) {
    items.append(item)
    var child = items.count - 1
    while child > 0, items[(child - 1) / 2] < items[child] {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popGreatest() -> UInt64? {
    guard let greatest = items.first else { return nil }
    let last = items.removeLast()
    guard !items.isEmpty else { return greatest }
    items[0] = last
    var parent = 0
    while true {
      let left = 2 * parent + 1
      guard left < items.count else { return greatest }
      let right = left + 1
      let child = right < items.count && items[right] > items[left] ? right : left
      guard items[child] > items[parent] else { return greatest }
      items.swapAt(child, parent)
      parent = child
    }
  }
}

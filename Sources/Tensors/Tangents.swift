// Forward mode: how the results of a recorded graph change when its parameters move along a
// direction, the Jacobian times a vector (the R-operator of Pearlmutter 1994). The values are there
// already, so one sweep over the nodes in the order of recording is enough.

/// What the tangent rule of an operation sees: the tangents of its parents.
public final class TangentContext {
  private let tangents: [Tensor?]

  init(tangents: [Tensor?]) { self.tangents = tangents }

  /// The tangent of a parent, of its shape; nil where it is zero. At least one is not.
  public func tangent(ofParent index: Int = 0) -> Tensor? { tangents[index] }

  /// The sum of two parts of a tangent, either of which may be zero.
  static func sum(_ a: Tensor?, _ b: Tensor?) -> Tensor? {
    guard var a, let b else { return a ?? b }
    a.withUnsafeMutableBufferPointer { sum in b.withUnsafeBufferPointer { Kernels.add($0, to: sum) }
    }
    return a
  }
}

/// What the curvature rule of a loss sees: the tangents of its parents, and places to add to.
public final class CurvatureContext {
  private let tangents: [Tensor?]
  /// The gradients of the results, which weigh the curvature, and the places to which the products
  /// are added, as in a backward pass. The graph is kept.
  public let gradients: GradientContext

  init(tangents: [Tensor?], gradients: GradientContext) {
    self.tangents = tangents
    self.gradients = gradients
  }

  /// The tangent of a parent, of its shape; nil where it is zero. At least one is not.
  public func tangent(ofParent index: Int = 0) -> Tensor? { tangents[index] }
}

/// A direction in the space of parameters: a tensor for some, zero for the others.
struct Direction {
  private let tensors: [ObjectIdentifier: Tensor]

  init(_ parts: [(parameter: Parameter, tensor: Tensor)]) {
    for (parameter, tensor) in parts {
      precondition(
        tensor.shape == parameter.shape,
        "a direction of shape \(tensor.shape) for \(parameter.name) of shape \(parameter.shape)")
    }
    tensors = Dictionary(parts.map { (ObjectIdentifier($0), $1) }) { $1 }
  }

  subscript(parameter: Parameter) -> Tensor? { tensors[ObjectIdentifier(parameter)] }
}

/// The part of a recorded graph that leads to certain places, in the order of recording.
struct GraphSweep: Sendable {
  private let places: [Variable.Origin]
  private let nodes: [GraphNode]
  /// How often each node is read from, by the nodes or as a place.
  private let readers: [UInt64: Int]

  /// All that leads to `places`.
  init(to places: [Variable.Origin]) {
    var found: [UInt64: GraphNode] = [:]
    var readers: [UInt64: Int] = [:]
    var waiting = places
    while let place = waiting.popLast() {
      guard case .node(let node, _) = place else { continue }
      readers[node.id, default: 0] += 1
      if found.updateValue(node, forKey: node.id) == nil { waiting += node.parents }
    }
    self.places = places
    self.readers = readers
    nodes = found.values.sorted { $0.id < $1.id }
  }

  /// Throws if one of the nodes has no tangent rule.
  func checkTangentRules() throws(MissingTangentRule) {
    for node in nodes where node.rules.tangent == nil { throw MissingTangentRule(node) }
  }

  /// The tangents of the places along a direction; nil where they are zero.
  func tangents(along direction: Direction) -> [Tensor?] {
    var known: [UInt64: (tangents: [Tensor?], readers: Int)] = [:]
    // A tangent goes with its last reader, so that few exist at a time.
    func read(_ origin: Variable.Origin) -> Tensor? {
      switch origin {
      case .constant, .rows, .frozen: return nil
      case .parameter(let parameter): return direction[parameter]
      case .node(let node, let output):
        guard let (tangents, readers) = known[node.id] else { return nil }
        known[node.id] = readers > 1 ? (tangents, readers - 1) : nil
        return tangents[output]
      }
    }
    for node in nodes {
      let parents = node.parents.map(read)
      guard parents.contains(where: { $0 != nil }) else { continue }
      known[node.id] = (node.tangents(ofParents: parents), readers[node.id] ?? 0)
    }
    return places.map(read)
  }
}

extension GraphNode {
  fileprivate func tangents(ofParents parents: [Tensor?]) -> [Tensor?] {
    guard let rule = rules.tangent else { preconditionFailure("\(MissingTangentRule(self))") }
    let tangents = rule(TangentContext(tangents: parents))
    precondition(
      tangents.count == outputShapes.count,
      "\(tangents.count) tangents of \(outputShapes.count) results")
    return zip(tangents, outputShapes).map { $0?.reshaped(to: $1) }
  }
}

/// An operation of a graph can be differentiated backward only.
public struct MissingTangentRule: Error, Sendable, Equatable, CustomStringConvertible {
  /// The shapes of what it reads.
  public let parentShapes: [[Int]]
  /// The shapes of what it gives.
  public let outputShapes: [[Int]]

  init(_ node: GraphNode) {
    parentShapes = node.parentShapes
    outputShapes = node.outputShapes
  }

  /// One line.
  public var description: String {
    "the network has an operation, from shapes \(parentShapes) to \(outputShapes), that cannot be "
      + "differentiated forward, as curvature needs"
  }
}

extension Variable {
  /// J·v: how `variables` change when the parameters move along `direction`, those that are not named
  /// standing still. The graph stays as it is; it must not have been run backward.
  ///
  /// - Returns: a tensor for each of `variables`, of its shape.
  public static func tangents(
    of variables: [Variable], along direction: [(parameter: Parameter, tensor: Tensor)]
  ) -> [Tensor] {
    let tangents = GraphSweep(to: variables.map(\.origin)).tangents(along: Direction(direction))
    return zip(variables, tangents).map { $1 ?? Tensor(zeros: $0.shape) }
  }
}

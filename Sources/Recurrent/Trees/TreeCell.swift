import Tensors

/// A cell that makes the state of a node from its input and the states of its children.
///
/// All nodes of a forest are run at once, level by level from the leaves up, a product for each level. A
/// tree's states are the same to the bit whatever other trees it is run with.
public protocol TreeCell: Module {
  /// E, the features of an input.
  var inputSize: Int { get }
  /// H, the units of a state.
  var hiddenSize: Int { get }
  /// The most children that a node may have; nil for any number.
  var maximumArity: Int? { get }
  /// The order of rows that it works off; ``forest(of:)`` makes it.
  var order: Forest.Order { get }

  /// Runs all nodes of a forest.
  ///
  /// - Parameters:
  ///   - inputs: D inputs [D, E]; several nodes may read the same one, which is then projected once.
  ///   - places: the input that each node reads, in the order of ``Forest/rows``, N in all; -1 for none, which
  ///     is an input of zeros.
  /// - Returns: the states h [N, H], in the rows of the forest.
  func run(
    _ inputs: Variable, at places: [Int32], of forest: Forest, mode: Mode
  ) -> Variable
}

extension TreeCell {
  /// The forest of some trees, in the order that this cell works off.
  public func forest(of trees: [TreeShape]) -> Forest { Forest(trees, order: order) }

  /// Checks what is given to `run`.
  func check(_ inputs: Variable, _ forest: Forest) {
    precondition(
      inputs.shape.count == 2 && inputs.shape[1] == inputSize,
      "inputs \(inputs.shape) for a tree cell of \(inputSize) features")
    precondition(
      order == forest.order, "a forest by \(forest.order) for a cell that goes by \(order)")
    if let maximumArity {
      precondition(
        forest.maximumArity <= maximumArity,
        "a node with \(forest.maximumArity) children for a tree cell of \(maximumArity)")
    }
  }
}

/// The tree cells that a model can be asked for by name.
public enum TreeCellKind: String, Sendable, Codable, CaseIterable {
  /// ``RecursiveNet``
  case recursive
  /// ``ChildSumTreeLSTM``
  case childSum = "child-sum"
  /// ``NaryTreeLSTM``
  case nary = "n-ary"
}

/// A tree cell and its size.
public struct TreeCellConfiguration: Sendable, Equatable {
  /// Which cell.
  public var kind: TreeCellKind
  /// E, the features of an input.
  public var inputSize: Int
  /// H, the units.
  public var hiddenSize: Int
  /// K, the most children of a node; of no meaning to a child-sum cell.
  public var arity: Int

  /// A configuration; ``fault`` says what is wrong with it.
  public init(_ kind: TreeCellKind, inputSize: Int, hiddenSize: Int, arity: Int = 2) {
    self.kind = kind
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.arity = arity
  }

  /// The most children that a node may have; nil for any number.
  public var maximumArity: Int? { kind == .childSum ? nil : arity }

  /// What is wrong with it, in words; nil if nothing is.
  public var fault: String? {
    // More would have U with a million times H² elements.
    guard kind == .childSum || (1...1000).contains(arity) else {
      return "a cell with a matrix for each child has 1 to 1000 of them, not \(arity)"
    }
    return nil
  }

  /// The cell. The names of its parameters begin with `prefix`.
  public func makeCell(
    prefix: String = "tree", initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) -> any TreeCell {
    precondition(fault == nil, fault ?? "")
    return switch kind {
    case .recursive:
      RecursiveNet(
        inputSize: inputSize, hiddenSize: hiddenSize, arity: arity, prefix: prefix,
        initialization: initialization, key: key)
    case .childSum:
      ChildSumTreeLSTM(
        inputSize: inputSize, hiddenSize: hiddenSize, prefix: prefix,
        initialization: initialization, key: key)
    case .nary:
      NaryTreeLSTM(
        inputSize: inputSize, hiddenSize: hiddenSize, arity: arity, prefix: prefix,
        initialization: initialization, key: key)
    }
  }

  /// The names and shapes of the cell's parameters, in their order, without making it.
  public func parameterShapes(prefix: String = "tree") -> [(name: String, shape: [Int])] {
    let (e, h) = (inputSize, hiddenSize)
    let shapes: [(String, [Int])] =
      switch kind {
      case .recursive:
        [("weight_ih", [h, e]), ("bias_ih", [h]), ("weight_hh", [h, arity * h])]
      case .childSum:
        [
          ("weight_ih", [4 * h, e]), ("bias_ih", [4 * h]), ("weight_hh", [3 * h, h]),
          ("weight_hf", [h, h]),
        ]
      case .nary:
        [
          ("weight_ih", [4 * h, e]), ("bias_ih", [4 * h]), ("weight_hh", [3 * h, arity * h]),
          ("weight_hf", [arity * h, arity * h]),
        ]
      }
    return shapes.map { ("\(prefix).\($0.0)", $0.1) }
  }
}

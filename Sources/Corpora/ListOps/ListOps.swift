/// ListOps (Nangia & Bowman 2018): nested operations on lists of digits, whose value is a digit again.
///
/// ```
/// [MAX 2 9 [MIN 4 7 ] 0 ]   is 9
///
/// MAX   the greatest            MIN   the least
/// MED   the median, rounded down where it lies between two
/// SM    the sum modulo 10
/// ```
/// Who does not see the brackets' structure cannot compute the value: nets that compose along the tree learn
/// it, nets that read from left to right do not.
///
/// An element is a list with probability 1/4, else a digit, each equally likely; a list has two to five
/// elements; lists are nested at most 20 deep. Expressions of ten words or fewer are drawn again, since few of
/// them are different. Probabilities and arguments are those of the published generator, whose sets hold no
/// expression twice; here a short one may come again. Expression k of a seed is a function of (seed, k)
/// alone.
public struct ListOps: Sendable, Equatable {
  /// The probability that an element is a list.
  public var listProbability = 0.25
  /// Elements of a list.
  public var arguments = 2...5
  /// Lists within lists, the outermost counted.
  public var maximumDepth = 20
  /// Words of an expression, brackets counted; others are drawn again.
  public var length = 11...Int.max

  /// What is done with a list.
  public enum Operator: String, Sendable, CaseIterable {
    case minimum = "MIN"
    case maximum = "MAX"
    case median = "MED"
    case sumModulo = "SM"

    /// The value of a list of digits.
    public func callAsFunction(_ digits: [Int]) -> Int {
      precondition(!digits.isEmpty, "\(rawValue) of nothing")
      switch self {
      case .minimum: return digits.reduce(9, min)
      case .maximum: return digits.reduce(0, max)
      case .sumModulo: return digits.reduce(0, +) % 10
      case .median:
        let sorted = digits.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
      }
    }
  }

  /// Expressions to learn from and to judge by, which are drawn apart.
  public enum Part: Int, Sendable {
    case training, validation, test
  }

  /// The words of an expression that is read from left to right: `[MIN`, … `]`, `0`, … `9`.
  public static let words = Operator.allCases.map { "[" + $0.rawValue } + ["]"] + digits
  private static let digits = (0...9).map { "\($0)" }

  /// The published distribution.
  public init() {}

  /// Expression `index` of a part.
  public func expression(_ index: Int, _ part: Part, seed: UInt64) -> Expression {
    var generator = SplitMix64(seed: seed, epoch: UInt64(index) << 2 | UInt64(part.rawValue))
    while true {
      if let expression = draw(&generator) { return expression }
    }
  }

  /// nil if its length is not wanted.
  private func draw(_ generator: inout SplitMix64) -> Expression? {
    var builder = TreeBuilder()
    var words = 0
    // Elements that are still to be drawn: below which node, and at which depth.
    var stack = [(parent: -1, depth: 1)]
    while let (parent, depth) = stack.popLast() {
      let isList = depth <= maximumDepth && generator.uniform() < listProbability
      if isList {
        let operation = Operator.allCases[generator.within(0..<Operator.allCases.count)]
        let node = builder.add(below: parent, token: operation.rawValue)
        let count = generator.within(arguments.lowerBound..<arguments.upperBound + 1)
        stack += Array(repeating: (node, depth + 1), count: count)
        words += 2
      } else {
        builder.add(below: parent, token: Self.digits[generator.within(0..<10)])
        words += 1
      }
      // Not to draw what is too long to its end.
      if words + stack.count > length.upperBound { return nil }
    }
    guard length.contains(words) else { return nil }
    return Expression(shape: builder.tree)
  }
}

extension ListOps {
  /// An expression with its value.
  public struct Expression: Sendable, Equatable {
    /// A node for each list, with the operator for a token, and for each digit. Labels are values: "9". Nodes
    /// are in preorder.
    public let tree: Tree
    /// The digit that it comes to.
    public let value: Int

    /// - Parameter shape: operators and digits, in preorder.
    init(shape: Tree) {
      let values = Self.values(shape)
      do {
        tree = try Tree(
          parents: shape.parents, labels: values.map { "\($0)" }, tokens: shape.tokens)
      } catch {
        preconditionFailure("the labels of a tree make it none: \(error)")
      }
      value = values[shape.root]
    }

    /// The value of every node.
    private static func values(_ shape: Tree) -> [Int] {
      var values = [Int](repeating: 0, count: shape.count)
      // In preorder, all that is below a node comes after it.
      for node in (0..<shape.count).reversed() {
        let token = shape.tokens[node] ?? ""
        if let operation = Operator(rawValue: token) {
          values[node] = operation(shape.children(of: node).map { values[Int($0)] })
        } else {
          values[node] = Int(token) ?? 0
        }
      }
      return values
    }

    /// The expression from left to right: `[MAX`, `2`, `9`, `]`.
    public var words: [String] {
      var words: [String] = []
      // nil closes a list.
      var stack: [Int32?] = [Int32(tree.root)]
      while let item = stack.popLast() {
        guard let node = item.map(Int.init) else {
          words.append("]")
          continue
        }
        let token = tree.tokens[node] ?? ""
        guard tree.arity(of: node) > 0 else {
          words.append(token)
          continue
        }
        words.append("[" + token)
        stack.append(nil)
        stack += tree.children(of: node).reversed()
      }
      return words
    }

    /// The binary tree that is published with an expression: words are leaves, and each goes together with
    /// all of its list that stands before it,
    ///
    /// ```
    /// (((([MAX 2) 9) ([MIN 4 7 ])) ])
    /// ```
    /// Nodes that are digits or whole lists are labelled with their values.
    public var binaryTree: Tree {
      enum Work {
        case node(Int, below: Int)
        /// The operator and the first so many elements of a list.
        case first(Int, of: Int, below: Int)
        case word(String, below: Int)
      }
      var builder = TreeBuilder()
      var stack = [Work.node(tree.root, below: -1)]
      while let work = stack.popLast() {
        switch work {
        case .word(let word, let parent):
          builder.add(below: parent, token: word)
        case .node(let node, let parent):
          let isDigit = tree.arity(of: node) == 0
          let here = builder.add(
            below: parent, label: tree.labels[node], token: isDigit ? tree.tokens[node] : nil)
          guard !isDigit else { continue }
          stack.append(.word("]", below: here))
          stack.append(.first(tree.arity(of: node), of: node, below: here))
        case .first(let count, let node, let parent):
          let word = "[" + (tree.tokens[node] ?? "")
          guard count > 0 else {
            stack.append(.word(word, below: parent))
            continue
          }
          let here = builder.add(below: parent)
          let children = tree.children(of: node)
          stack.append(.node(Int(children[children.startIndex + count - 1]), below: here))
          stack.append(.first(count - 1, of: node, below: here))
        }
      }
      return builder.tree
    }
  }
}

/// Reads trees in brackets, as those of the Penn Treebank and the Stanford Sentiment Treebank.
///
/// ```
/// (3 (2 It) (4 works))          label, then children; a node of one word is a leaf with that token
/// (S (NP (PRP It)) (VP works))  any words for labels
/// (7 MAX (3 3) (7 7))           a word between the label and the children is the node's own token
/// (NP the old house)            several words are leaves without labels
/// ( (S (NP …) (VP …)) )         brackets around a single tree, without a label, are dropped
/// ```
/// White space and line ends are all alike; a tree may go over several lines, and a line may hold several
/// trees. Words are what stands between white space and brackets.
public struct BracketReader {
  private let name: String
  private var place = TextPlace()
  private var builder = TreeBuilder()
  private var stack: [Open] = []
  private var trees: [Tree] = []
  private var lines: [Int] = []

  /// A bracket that is not closed yet.
  private struct Open {
    let node: Int
    let place: TextPlace
    var hasLabel = false
    var hasChildren = false
    /// The word after the label, as long as it is not known what follows.
    var word: String?
  }

  /// The trees of `text`, read from what errors are to call `name`.
  ///
  /// - Throws: ``TreeError`` with line and column for a bracket that is not closed or closes nothing, a node
  ///   without anything in it, and words outside of brackets.
  public static func read(_ text: String, name: String) throws(TreeError) -> TreeBank {
    var reader = BracketReader(name: name)
    var text = text
    text.makeContiguousUTF8()
    var word: [UInt8] = []
    var wordPlace = TextPlace()
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: " "), 0x09...0x0D:
        if !word.isEmpty {
          try reader.take(String(decoding: word, as: UTF8.self), at: wordPlace)
          word.removeAll(keepingCapacity: true)
        }
        if byte == UInt8(ascii: "(") { reader.open() }
        if byte == UInt8(ascii: ")") { try reader.close() }
      default:
        if word.isEmpty { wordPlace = reader.place }
        word.append(byte)
      }
      reader.place.advance(past: byte)
    }
    if !word.isEmpty { try reader.take(String(decoding: word, as: UTF8.self), at: wordPlace) }
    // The first that is open, because what follows in the file is then inside of it.
    if let first = reader.stack.first { throw first.place.error("\"(\" is never closed", in: name) }
    return TreeBank(name: name, trees: reader.trees, lines: reader.lines)
  }

  private init(name: String) { self.name = name }

  private mutating func open() {
    if let top = stack.indices.last {
      settleWord(asLeaf: false)
      stack[top].hasChildren = true
    }
    let node = builder.add(below: stack.last?.node ?? -1)
    stack.append(Open(node: node, place: place))
  }

  private mutating func take(_ word: String, at place: TextPlace) throws(TreeError) {
    guard let top = stack.indices.last else {
      throw place.error("\(word.debugDescription) is outside of a tree, expected \"(\"", in: name)
    }
    if !stack[top].hasLabel, !stack[top].hasChildren {
      stack[top].hasLabel = true
      builder.setLabel(word, of: stack[top].node)
    } else if stack[top].word == nil, !stack[top].hasChildren {
      stack[top].word = word
    } else {
      settleWord(asLeaf: true)
      stack[top].hasChildren = true
      builder.add(below: stack[top].node, token: word)
    }
  }

  /// Decides what the word after the label of the open node is.
  private mutating func settleWord(asLeaf: Bool) {
    guard let top = stack.indices.last, let word = stack[top].word.take() else { return }
    if asLeaf {
      stack[top].hasChildren = true
      builder.add(below: stack[top].node, token: word)
    } else {
      builder.setToken(word, of: stack[top].node)
    }
  }

  private mutating func close() throws(TreeError) {
    guard let top = stack.last else { throw place.error("\")\" closes nothing", in: name) }
    guard top.hasChildren || top.word != nil else {
      let label = builder.labels[top.node]
      throw top.place.error(
        label.map { "the node \($0.debugDescription) has neither a word nor children" }
          ?? "an empty tree, expected a label and words or children", in: name)
    }
    settleWord(asLeaf: false)
    stack.removeLast()
    guard stack.isEmpty else { return }
    // Brackets around one tree.
    let isWrapped =
      builder.count > 1 && builder.labels[0] == nil && builder.tokens[0] == nil
      && builder.parents.count { $0 == 0 } == 1
    trees.append(builder.tree(isWrapped ? 1..<builder.count : 0..<builder.count))
    lines.append(top.place.line)
    builder = TreeBuilder()
  }
}

extension Tree {
  /// The tree in brackets on one line, as ``BracketReader`` reads it: a node without a label has "_" for
  /// one. Brackets and white space in words are written as the Penn Treebank does, -LRB- and -RRB-, and
  /// as "_".
  public var brackets: String {
    enum Work {
      case open(Int)
      case close
    }
    func written(_ word: String) -> String {
      String(
        word.unicodeScalars.map { scalar -> String in
          switch scalar {
          case "(": "-LRB-"
          case ")": "-RRB-"
          default: scalar.properties.isWhitespace ? "_" : String(scalar)
          }
        }.joined())
    }
    var text = ""
    var stack = [Work.open(root)]
    while let work = stack.popLast() {
      guard case .open(let node) = work else {
        text += ")"
        continue
      }
      text += (text.isEmpty ? "(" : " (") + (labels[node].map(written) ?? "_")
      if let token = tokens[node] { text += " " + written(token) }
      stack.append(.close)
      for child in children(of: node).reversed() { stack.append(.open(Int(child))) }
    }
    return text
  }
}

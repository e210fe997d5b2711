extension Tree {
  /// The dependencies of a sentence: a node for each word, its form for a token, below the word that it
  /// depends on. The tree's label, at its root, is that of a comment `# label = …`, if there is one.
  ///
  /// - Parameter name: what errors call the file.
  /// - Throws: ``TreeError`` with the line for a word without a head, a second root, and heads that make a
  ///   cycle.
  public init(_ sentence: CoNLLUSentence, name: String) throws(TreeError) {
    let words = sentence.words
    var parents: [Int32] = []
    for word in words {
      guard let head = word.head else {
        throw TreeError(
          file: name, line: word.line,
          fault: "column 7 (HEAD) is \"_\", expected the number of a word or 0")
      }
      parents.append(Int32(head) - 1)
    }
    let label = sentence.comment("label")
    do {
      self = try Tree(
        parents: parents, labels: parents.map { $0 == -1 ? label : nil }, tokens: words.map(\.form))
    } catch {
      throw error.inSentence(words, name: name)
    }
  }
}

extension Tree.Fault {
  /// The fault where it is in a file.
  fileprivate func inSentence(_ words: [CoNLLUWord], name: String) -> TreeError {
    func at(_ node: Int, _ fault: String) -> TreeError {
      TreeError(file: name, line: words[node].line, fault: fault)
    }
    switch self {
    case .empty: return TreeError(file: name, line: 1, fault: "a sentence without words")
    case .cycle(let nodes):
      let lines = nodes.map { "\(words[$0].line)" }.joined(separator: ", ")
      return at(
        nodes[0], "the heads make a cycle (lines \(lines)), expected them to lead to the root")
    case .twoRoots(let first, let second):
      return at(
        second,
        "a second root, expected one: the word of line \(words[first].line) has head 0 already")
    case .strayParent(let node):
      return at(node, "column 7 (HEAD) is no word of the sentence, which has \(words.count)")
    }
  }
}

extension CoNLLUSentence {
  /// The value of a comment `# key = value`.
  fileprivate func comment(_ key: String) -> String? {
    for comment in comments {
      let parts = comment.dropFirst().split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let (found, value) = (trimmed(parts[0]), trimmed(parts[1]))
      if found == key, !value.isEmpty { return value }
    }
    return nil
  }

  private func trimmed(_ text: Substring) -> String {
    let start = text.drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
  }
}

/// Reads CoNLL-U as trees, a sentence each: see ``Tree/init(_:name:)``.
public enum DependencyTreeReader {
  /// The trees of `text`, read from what errors are to call `name`. Throws ``CorpusError`` for what is no
  /// CoNLL-U, ``TreeError`` for heads that make no tree.
  public static func read(_ text: String, name: String) throws -> TreeBank {
    let sentences = try CoNLLUReader.sentences(of: text, name: name)
    return TreeBank(
      name: name, trees: try sentences.map { try Tree($0, name: name) },
      lines: sentences.map { $0.words[0].line })
  }
}

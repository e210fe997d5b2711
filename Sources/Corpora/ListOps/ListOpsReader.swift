/// Reads expressions of ListOps, one a line, as they are published and as ``ListOps/Expression/words`` has them.
///
/// ```
/// [MAX 2 9 [MIN 4 7 ] 0 ]
/// 9 ⇥ ( ( ( ( [MAX 2 ) 9 ) ( ( ( [MIN 4 ) 7 ) ] ) ) ] )     with its value before a tab
/// ```
/// Round brackets say nothing that the square ones do not, and are passed over; so are empty lines. What is
/// computed stands for the value, and one that is given must agree with it.
public enum ListOpsReader {
  /// The expressions of `text`, read from what errors are to call `name`, taken as `reading` says.
  ///
  /// - Throws: ``TreeError`` with line and column for a word that ListOps does not have, a list that is empty,
  ///   not closed, or closes nothing, a line of several expressions, and a value that is wrong.
  public static func read(
    _ text: String, name: String, as reading: TreeReading = .trees
  ) throws(TreeError) -> TreeBank {
    var trees: [Tree] = []
    var numbers: [Int] = []
    for (index, line) in lines(of: text).enumerated() {
      guard let expression = try expression(line, number: index + 1, name) else { continue }
      trees.append(expression.tree(reading))
      numbers.append(index + 1)
    }
    return TreeBank(name: name, trees: trees, lines: numbers)
  }

  /// The expression of a line; nil of an empty one.
  private static func expression(
    _ line: Substring, number: Int, _ name: String
  ) throws(TreeError) -> ListOps.Expression? {
    let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
    let value = parts.count == 2 ? String(parts[0]) : nil
    var builder = TreeBuilder()
    // The lists that are open, with the columns where they begin.
    var open: [(node: Int, column: Int)] = []
    var column = 1 + (value.map { $0.unicodeScalars.count + 1 } ?? 0)
    func fault(_ text: String, at column: Int) -> TreeError {
      TreeError(file: name, line: number, column: column, fault: text)
    }
    let words = (parts.last ?? "")
      .split(omittingEmptySubsequences: false, whereSeparator: \.isWhitespace)
    for word in words {
      defer { column += word.unicodeScalars.count + 1 }
      switch word {
      case "", "(", ")": continue
      case "]":
        guard let list = open.popLast() else { throw fault("\"]\" closes nothing", at: column) }
        guard list.node < builder.count - 1 else {
          throw fault("a list of nothing, expected digits or lists", at: list.column)
        }
      default:
        guard builder.count == 0 || !open.isEmpty else {
          throw fault("\(word.debugDescription) after the end of the expression", at: column)
        }
        let operation =
          word.first == "[" ? ListOps.Operator(rawValue: String(word.dropFirst())) : nil
        guard let token = operation?.rawValue ?? digit(word) else {
          throw fault(
            "\(word.debugDescription) is no word of ListOps, expected "
              + ListOps.words.filter { $0.first == "[" }.joined(separator: ", ")
              + ", ] or a digit", at: column)
        }
        let node = builder.add(below: open.last?.node ?? -1, token: token)
        if operation != nil { open.append((node, column)) }
      }
    }
    // The first that is open, because what follows in the line is then inside of it.
    if let list = open.first { throw fault("a list that is never closed", at: list.column) }
    guard builder.count > 0 else {
      guard value == nil else { throw fault("a value without an expression", at: 1) }
      return nil
    }
    let expression = ListOps.Expression(shape: builder.tree)
    if let value, value != "\(expression.value)" {
      throw fault(
        "the value \(value.debugDescription), expected \(expression.value), which the expression comes to",
        at: 1)
    }
    return expression
  }

  private static func digit(_ word: Substring) -> String? {
    word.utf8.count == 1 && word.first?.isWholeNumber == true ? String(word) : nil
  }
}

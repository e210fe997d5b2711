/// A table for standard output: columns as wide as they need to be, the first to the left, the others
/// to the right.
struct TextTable {
  var columns: [String]
  var rows: [[String]]

  /// The lines, each with its end.
  var text: String {
    let all = [columns] + rows
    let widths = columns.indices.map { column in
      all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return all.map { row in
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }
      var line = cells.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}

/// Which rows of a table a value is made of.
///
/// What is multiplied by the same matrix at every place, as embeddings are in prediction, need be multiplied only
/// once for each row of the table that occurs at all: thirty letters, and not the thousand of a batch of words.
public struct TableRows: Sendable {
  /// [N, F].
  public let table: Tensor
  /// The row of the table that each row of the value is.
  public let rows: [Int32]
}

extension Variable {
  /// A constant of rows of `table` [N, F], in the shape `leading` + [F].
  public init(rows: [Int32], of table: Tensor, shape leading: [Int]) {
    self.init(
      table.gathered(rows: rows).reshaped(to: leading + [table.shape[1]]),
      origin: .rows(TableRows(table: table, rows: rows)))
  }

  /// The rows of a table that this value is made of, where that is known: of constants that were made so, their
  /// rows in another order, and other shapes of rows as long.
  public var tableRows: TableRows? {
    if case .rows(let rows) = origin { rows } else { nil }
  }
}

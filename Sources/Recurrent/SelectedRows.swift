import Tensors

/// M rows that are chosen out of others, each as often as it is wanted.
public struct RowSelection: Sendable {
  /// The row that each of the M is.
  public let rows: [Int32]
  /// Those that are chosen at all, in ascending order.
  public let distinct: [Int32]
  /// Where in `distinct` each of the M is.
  public let places: [Int32]

  /// `rows` out of `count`.
  public init(_ rows: [Int32], of count: Int) {
    var places = [Int32](repeating: -1, count: count)
    for row in rows { places[Int(row)] = 0 }
    var distinct: [Int32] = []
    for row in places.indices where places[row] == 0 {
      places[row] = Int32(distinct.count)
      distinct.append(Int32(row))
    }
    self.rows = rows
    self.distinct = distinct
    self.places = rows.map { places[Int($0)] }
  }

  /// Each of `count` rows once.
  public init(all count: Int) {
    rows = (0..<Int32(count)).map(\.self)
    (distinct, places) = (rows, rows)
  }
}

/// M rows of which many are equal, as those that stand for them: row m is `distinct[places[m]]`.
///
/// The hypotheses of a beam end in few different tokens and go on from few different states, so products are
/// made of what is different alone.
public struct SelectedRows: Sendable {
  /// [D, F].
  public let distinct: Variable
  /// Which of them each of the M is.
  public let places: [Int32]

  /// Rows that stand for others.
  public init(distinct: Variable, places: [Int32]) {
    (self.distinct, self.places) = (distinct, places)
  }

  /// Those of `rows` [N, F] that are selected.
  public init(_ rows: Variable, _ selection: RowSelection) {
    let isWhole = selection.distinct.count == rows.shape[0]
    self.init(
      distinct: isWhole ? rows : rows.rows(at: selection.distinct), places: selection.places)
  }

  /// F.
  public var width: Int { distinct.shape[1] }

  /// All M rows, [M, F].
  public var all: Variable { distinct.rows(at: places) }
}

import Learning

/// A figure or a table of the lecture that is made by many small measurements.
///
/// A study is a value: what is to be measured, in which order, and how it is told. Running it, keeping
/// what was found and going on after a stop are the ``StudyRunner``'s work.
protocol Study: Sendable {
  /// One measurement.
  associatedtype Cell: StudyCell
  /// What a measurement finds.
  associatedtype Finding: Codable & Sendable & Equatable

  /// What it is called on the command line.
  static var name: String { get }
  /// The name of one of its cells.
  static var cellExample: String { get }

  /// What the findings depend on beside their cells, by name. A folder of other settings is refused.
  var settings: [String: String] { get }

  /// All cells. Those of a chain are measured one after the other, chains side by side.
  var chains: [[Cell]] { get }

  /// The chains again, in stages: those of one begin when all of the stage before it are done, for they need
  /// what was found there. All at once unless told otherwise.
  var stages: [[[Cell]]] { get }

  /// Whether what was found for a cell is still so in a later run. It is not for a cell that sums up what others
  /// found, of which there may be more by then: that is measured anew each time.
  func isLasting(_ cell: Cell) -> Bool

  /// Whether there is any use in measuring a cell after what was found for the cells before it in its
  /// chain.
  func isWorthTrying(_ cell: Cell, after earlier: [(cell: Cell, finding: Finding)]) -> Bool

  /// Measures a cell, on the current thread team.
  ///
  /// - Returns: nil if it was interrupted.
  func measure(_ cell: Cell, _ watch: StudyWatch) throws -> Finding?

  /// A line about a finding.
  func line(_ finding: Finding) -> String

  /// All findings, for standard output.
  func table(_ findings: StudyFindings<Self>) -> String

  /// All findings, for the report.
  func page(_ findings: StudyFindings<Self>) -> ReportPage
}

extension Study {
  /// All cells in order.
  var cells: [Cell] { chains.flatMap(\.self) }

  /// All chains side by side.
  var stages: [[[Cell]]] { [chains] }

  /// Always.
  func isLasting(_ cell: Cell) -> Bool { true }

  /// Always.
  func isWorthTrying(_ cell: Cell, after earlier: [(cell: Cell, finding: Finding)]) -> Bool { true }
}

/// One measurement of a study.
protocol StudyCell: Sendable {
  /// Its name in results.json, unique within the study: `adding/LSTM/T=100/seed 1`.
  var id: String { get }
}

/// What a measurement looks at and talks to while it goes on.
struct StudyWatch: Sendable {
  /// Raised to stop the measurement.
  let interrupt: InterruptFlag
  /// Takes a few words about how far it is.
  let tell: @Sendable (String) -> Void
}

/// What has been found so far.
struct StudyFindings<S: Study>: Sendable {
  /// By the cells' names.
  let byID: [String: S.Finding]

  /// nil if the cell has not been measured.
  subscript(cell: S.Cell) -> S.Finding? { byID[cell.id] }
}

/// Chooses cells by their names.
struct CellPattern: Sendable {
  /// Any of these; all cells if there is none. `*` stands for any text, and so do both ends.
  let patterns: [String]

  func matches(_ id: String) -> Bool { patterns.isEmpty || patterns.contains { Self.find($0, id) } }

  private static func find(_ pattern: String, _ id: String) -> Bool {
    var rest = id.lowercased()[...]
    for part in pattern.lowercased().split(separator: "*") {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return true
  }
}

import Foundation

/// Pictures and what is said of them: a table with a heading and a line for each picture.
///
/// ```
/// image         en              fr
/// 38-20e3.png   keycap: 8       touches : 8
/// ```
/// Columns stand between tabs. One of them names a file; each of the others has a caption, such as one in each
/// language. A caption without a word is none. Empty lines, with which tables often end, are passed over.
public struct CaptionList: Sendable, Equatable {
  /// A picture and its captions.
  public struct Entry: Sendable, Equatable {
    /// The file's name, as it stands in the table.
    public var image: String
    /// One for each of ``CaptionList/columns``; nil where there is none.
    public var captions: [String?]
    /// Where it stands, counted from 1.
    public var line: Int

    /// An entry.
    public init(image: String, captions: [String?], line: Int) {
      (self.image, self.captions, self.line) = (image, captions, line)
    }
  }

  /// The table.
  public let path: String
  /// The columns of captions, in the order in which they were asked for.
  public let columns: [String]
  /// The pictures in the order of the table.
  public let entries: [Entry]

  /// A list that is not from a file.
  public init(path: String, columns: [String], entries: [Entry]) {
    (self.path, self.columns, self.entries) = (path, columns, entries)
  }

  /// Reads the table at `path`.
  ///
  /// - Parameters:
  ///   - columns: those of captions, by their names in the heading; nil for all but that of the pictures.
  ///   - imageColumn: the name of the column that names files.
  /// - Throws: ``CorpusError/malformed(path:line:detail:)`` for a heading that lacks a column or has one
  ///   twice, a line with more or fewer columns than the heading, and one without a file or a caption;
  ///   ``CorpusError/empty(path:)`` where there are no pictures; and what ``TextFile/read(_:)`` throws.
  public init(
    reading path: String, columns: [String]? = nil, imageColumn: String = "image"
  ) throws(CorpusError) {
    try self.init(
      of: try TextFile.read(path), name: path, columns: columns, imageColumn: imageColumn)
  }

  /// The table in `text`, which came from what errors are to call `name`.
  init(
    of text: String, name: String, columns: [String]? = nil, imageColumn: String = "image"
  ) throws(CorpusError) {
    let lines = lines(of: text)
    guard let first = lines.first else { throw .empty(path: name) }
    let heading = ParallelFile.columns(of: first).map(String.init)
    func place(_ column: String) throws(CorpusError) -> Int {
      let places = heading.indices.filter { heading[$0] == column }
      guard places.count == 1 else {
        let found =
          places.isEmpty
          ? "no column \(column.debugDescription), only "
            + heading.map(\.debugDescription).joined(separator: ", ")
          : "\(places.count) columns \(column.debugDescription), expected one"
        throw .malformed(path: name, line: 1, detail: "the heading has \(found)")
      }
      return places[0]
    }
    let image = try place(imageColumn)
    let columns = columns ?? heading.filter { $0 != imageColumn }
    var places: [Int] = []
    for column in columns { places.append(try place(column)) }
    var entries: [Entry] = []
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      let cells = ParallelFile.columns(of: line)
      guard cells.count == heading.count else {
        throw .malformed(
          path: name, line: index + 1,
          detail: "\(cells.count) \(cells.count == 1 ? "column" : "columns"), expected "
            + "\(heading.count) as in the heading")
      }
      guard !isBlank(cells[image]) else {
        throw .malformed(path: name, line: index + 1, detail: "there is no name of a picture")
      }
      let captions = places.map { isBlank(cells[$0]) ? nil : String(cells[$0]) }
      guard captions.contains(where: { $0 != nil }) else {
        throw .malformed(
          path: name, line: index + 1, detail: "there is no caption of \(cells[image])")
      }
      entries.append(Entry(image: String(cells[image]), captions: captions, line: index + 1))
    }
    guard !entries.isEmpty else { throw .empty(path: name) }
    self.init(path: name, columns: columns, entries: entries)
  }

  /// Number of pictures.
  public var count: Int { entries.count }

  /// The folder `images` beside the table.
  public var usualFolder: String {
    URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent("images").path
  }
}

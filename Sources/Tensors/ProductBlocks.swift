import CKernels

/// The parts of B [N, K] that a product packs one after the other: at most 8 MB, which stay in the
/// third-level cache, of many columns in full depth, or of fewer in some blocks of depth.
struct ProductParts {
  struct Part {
    let columns: Range<Int>
    let depths: Range<Int>

    /// Floats of its panels.
    var panelCount: Int { unroll_panels_count(columns.count, depths.count) }

    /// Columns that one task packs, about 64 KiB.
    private var packingWidth: Int { 16 * max(1, 1024 / max(depths.count, 1)) }

    /// Tasks of packing it.
    var packingCount: Int {
      depths.isEmpty ? 0 : (columns.count + packingWidth - 1) / packingWidth
    }

    /// The columns that a task packs.
    func packed(by task: Int) -> Range<Int> {
      task * packingWidth..<min(columns.count, (task + 1) * packingWidth)
    }
  }

  /// Floats of a part.
  private static let capacity = 2 << 20
  /// A multiple of the columns that tiles share.
  private static let unit = 48

  private let columns: Int
  private let depth: Int
  private let width: Int
  private let height: Int
  let count: Int

  init(rows: Int, columns: Int, depth: Int) {
    self.columns = columns
    self.depth = depth
    guard rows > 0, columns > 0 else { (width, height, count) = (0, 0, 0); return }
    let most = max(4096, Self.capacity / max(depth, 1)) / Self.unit * Self.unit
    width = min(columns, most)
    let block = unroll_depth_block(depth)
    height = max(1, Self.capacity / width / block) * block
    count = (columns + width - 1) / width * max(1, (depth + height - 1) / height)
  }

  subscript(index: Int) -> Part {
    let deep = max(1, (depth + height - 1) / height)
    let (column, row) = (index / deep * width, index % deep * height)
    return Part(
      columns: column..<min(columns, column + width), depths: row..<min(depth, row + height))
  }
}

/// How a product is cut into blocks of C: more blocks than threads, so that a thread whose core is
/// taken away holds up little, in the grid that costs least. Of r·c blocks, the packed B is read r times
/// and A is packed, or at least read, c times.
struct ProductBlocks {
  private let rows: Cuts
  private let columns: Cuts

  init(rows: Int, columns: Int, depth: Int, packsRows: Bool, threads: Int) {
    let work = rows * columns * depth
    // A block of less than a quarter of a million multiply-adds is not worth handing out.
    let wanted = threads == 1 ? 1 : max(1, min(2 * threads, work >> 18))
    // Reading costs about a quarter of packing.
    let rowCost = packsRows ? 4 : 1
    func cost(_ rowCuts: Int) -> Int { rowCuts * columns + rowCost * (wanted / rowCuts) * rows }
    let rowCuts = (1...wanted).filter { wanted % $0 == 0 }.min { cost($0) < cost($1) }!
    self.rows = Cuts(length: rows, count: rowCuts, unit: 8)
    self.columns = Cuts(length: columns, count: wanted / rowCuts, unit: 48)
  }

  var count: Int { rows.count * columns.count }

  subscript(index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    (rows[index / columns.count], columns[index % columns.count])
  }

  /// A length cut into pieces of as equally many whole tiles as can be.
  private struct Cuts {
    private let length: Int
    private let unit: Int
    private let tiles: Int
    let count: Int

    init(length: Int, count: Int, unit: Int) {
      self.length = length
      self.unit = unit
      tiles = (length + unit - 1) / unit
      self.count = min(count, tiles)
    }

    subscript(index: Int) -> Range<Int> {
      index * tiles / count * unit..<min(length, (index + 1) * tiles / count * unit)
    }
  }
}

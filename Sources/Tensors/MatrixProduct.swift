import CKernels

/// A strided view of a matrix for `multiply`; the memory is the caller's.
public struct MatrixView: @unchecked Sendable {
  // Only read, and only during a product that the caller waits for.
  let base: UnsafePointer<Float>
  let rows: Int
  let columns: Int
  let rowStride: Int
  let columnStride: Int

  /// A row-major matrix, rows `rowStride` apart (contiguous when nil).
  public init(_ base: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int? = nil) {
    self.init(
      base: base, rows: rows, columns: columns, rowStride: rowStride ?? columns, columnStride: 1)
  }

  private init(
    base: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int, columnStride: Int
  ) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// The transpose, without moving data.
  public var transposed: MatrixView {
    MatrixView(
      base: base, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride)
  }
}

/// C = A·Bᵀ (+ bias) (+ C), with A [M, K], B [N, K], C [M, N], shared by the thread team.
///
/// For operands that are used once, so packed on the fly: X·Wᵀ is `multiply(x, w)`, dY·W is
/// `multiply(dy, w.transposed)`, dYᵀ·X is `multiply(dy.transposed, x.transposed)`.
public func multiply(
  _ a: MatrixView, _ b: MatrixView, bias: UnsafePointer<Float>? = nil, accumulate: Bool = false,
  into c: UnsafeMutablePointer<Float>, rowStride: Int? = nil
) {
  let (rows, columns, depth) = (a.rows, b.rows, a.columns)
  precondition(
    b.columns == depth, "a product of [\(rows), \(depth)] and [\(columns), \(b.columns)]ᵀ")
  guard rows > 0, columns > 0 else { return }
  let stride = rowStride ?? columns
  let team = ThreadTeam.current
  let blocks = ProductBlocks(
    rows: rows, columns: columns, depth: depth, packsRows: a.columnStride != 1,
    threads: team.threadCount)
  team.forEach(blocks.count) { index in
    let (rowRange, columnRange) = blocks[index]
    withWorkspace(unroll_multiply_workspace_count()) { workspace in
      unroll_multiply(
        rowRange.count, columnRange.count, depth,
        a.base + rowRange.lowerBound * a.rowStride, a.rowStride, a.columnStride,
        b.base + columnRange.lowerBound * b.rowStride, b.rowStride, b.columnStride,
        bias.map { $0 + columnRange.lowerBound }, accumulate,
        c + rowRange.lowerBound * stride + columnRange.lowerBound, stride, workspace)
    }
  }
}

/// How a product is cut into blocks of C: more blocks than threads, so that a thread whose core is
/// taken away holds up little, in the grid that costs least. A block packs its columns of B for itself,
/// and its rows of A if their elements are not side by side, so of r·c blocks B is packed r times and A
/// packed, or at least read, c times.
private struct ProductBlocks {
  private let rows: Cuts
  private let columns: Cuts

  init(rows: Int, columns: Int, depth: Int, packsRows: Bool, threads: Int) {
    let work = rows * columns * depth
    // A block of less than a quarter of a million multiply-adds is not worth handing out.
    let wanted = threads == 1 ? 1 : max(1, min(2 * threads, work >> 18))
    // Reading costs about a quarter of packing.
    let rowCost = packsRows ? 4 : 1
    func cost(_ rowCuts: Int) -> Int {
      4 * rowCuts * columns + rowCost * (wanted / rowCuts) * rows
    }
    let rowCuts = (1...wanted).filter { wanted % $0 == 0 }.min { cost($0) < cost($1) }!
    self.rows = Cuts(length: rows, count: rowCuts, unit: 8)
    self.columns = Cuts(length: columns, count: wanted / rowCuts, unit: 32)
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

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
    rows: rows, columns: columns, depth: depth, threads: team.threadCount)
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
/// taken away holds up little, in the grid that packs least. A block packs its rows of A and its
/// columns of B for itself, so of r·c blocks B is packed r times and A c times.
private struct ProductBlocks {
  private let rows: Int
  private let columns: Int
  private let rowBlock: Int
  private let columnBlock: Int
  private let columnBlocks: Int
  let count: Int

  init(rows: Int, columns: Int, depth: Int, threads: Int) {
    self.rows = rows
    self.columns = columns
    let work = rows * columns * depth
    // A block of less than a quarter of a million multiply-adds is not worth handing out.
    let wanted = threads == 1 ? 1 : max(1, min(2 * threads, work >> 18))
    let rowCuts = (1...wanted).filter { wanted % $0 == 0 }
      .min { $0 * columns + wanted / $0 * rows < $1 * columns + wanted / $1 * rows }!
    rowBlock = Self.block(rows, cuts: rowCuts, unit: 6)
    columnBlock = Self.block(columns, cuts: wanted / rowCuts, unit: 16)
    columnBlocks = (columns + columnBlock - 1) / columnBlock
    count = columnBlocks * ((rows + rowBlock - 1) / rowBlock)
  }

  /// The length of a block, a whole number of tiles.
  private static func block(_ length: Int, cuts: Int, unit: Int) -> Int {
    max(1, (length + cuts * unit - 1) / (cuts * unit)) * unit
  }

  subscript(index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (row, column) = (index / columnBlocks * rowBlock, index % columnBlocks * columnBlock)
    return (
      row..<min(rows, row + rowBlock), column..<min(columns, column + columnBlock)
    )
  }
}

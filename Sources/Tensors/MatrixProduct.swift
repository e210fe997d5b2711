import CKernels

/// A strided view of a matrix for `multiply`; the memory is the caller's.
// Safe to share: a value that is never written; who may write to the memory is the caller's to say.
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

/// One product C = A·Bᵀ (+ bias) (+ C) to be computed, with A [M, K], B [N, K], C [M, N].
///
/// For operands that are used once, so packed on the fly: X·Wᵀ is `MatrixProduct(x, w, …)`, dY·W is
/// `MatrixProduct(dy, w.transposed, …)`, dYᵀ·X is `MatrixProduct(dy.transposed, x.transposed, …)`.
// Safe to share: a value; the threads that work on it write parts of the result that do not overlap.
public struct MatrixProduct: @unchecked Sendable {
  // The memory is the caller's; C is written in blocks that do not overlap.
  private let a: MatrixView
  private let b: MatrixView
  private let bias: UnsafePointer<Float>?
  private let accumulate: Bool
  private let c: UnsafeMutablePointer<Float>
  private let stride: Int

  /// C's rows are `rowStride` apart (contiguous when nil).
  public init(
    _ a: MatrixView, _ b: MatrixView, bias: UnsafePointer<Float>? = nil, accumulate: Bool = false,
    into c: UnsafeMutablePointer<Float>, rowStride: Int? = nil
  ) {
    precondition(
      b.columns == a.columns,
      "a product of [\(a.rows), \(a.columns)] and [\(b.rows), \(b.columns)]ᵀ")
    self.a = a
    self.b = b
    self.bias = bias
    self.accumulate = accumulate
    self.c = c
    stride = rowStride ?? b.rows
  }

  fileprivate func blocks(threads: Int) -> ProductBlocks {
    ProductBlocks(
      rows: a.rows, columns: b.rows, depth: a.columns, packsRows: a.columnStride != 1,
      threads: threads)
  }

  fileprivate func multiply(rows: Range<Int>, columns: Range<Int>) {
    withWorkspace(unroll_multiply_workspace_count()) { workspace in
      unroll_multiply(
        rows.count, columns.count, a.columns,
        a.base + rows.lowerBound * a.rowStride, a.rowStride, a.columnStride,
        b.base + columns.lowerBound * b.rowStride, b.rowStride, b.columnStride,
        bias.map { $0 + columns.lowerBound }, accumulate,
        c + rows.lowerBound * stride + columns.lowerBound, stride, workspace)
    }
  }
}

/// Computes products, none of which reads what another writes, in one round of the thread team: the
/// more blocks a round has, the less its threads wait for the last.
public func multiply(_ products: [MatrixProduct]) {
  let team = ThreadTeam.current
  let grids = products.map { $0.blocks(threads: team.threadCount) }
  team.forEach(grids.reduce(0) { $0 + $1.count }) { index in
    var index = index
    for (product, grid) in zip(products, grids) {
      if index < grid.count {
        let (rows, columns) = grid[index]
        return product.multiply(rows: rows, columns: columns)
      }
      index -= grid.count
    }
  }
}

/// C = A·Bᵀ (+ bias) (+ C), shared by the thread team; see ``MatrixProduct``.
public func multiply(
  _ a: MatrixView, _ b: MatrixView, bias: UnsafePointer<Float>? = nil, accumulate: Bool = false,
  into c: UnsafeMutablePointer<Float>, rowStride: Int? = nil
) {
  multiply([
    MatrixProduct(a, b, bias: bias, accumulate: accumulate, into: c, rowStride: rowStride)
  ])
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

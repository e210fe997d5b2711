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

  /// The parts that B is packed in, one after the other: all of it if it is not too large.
  fileprivate var parts: ProductParts {
    ProductParts(rows: a.rows, columns: b.rows, depth: a.columns)
  }

  /// How C is cut where it is made from `part`.
  fileprivate func blocks(of part: ProductParts.Part, threads: Int) -> ProductBlocks {
    ProductBlocks(
      rows: a.rows, columns: part.columns.count, depth: part.depths.count,
      packsRows: a.columnStride != 1, threads: threads)
  }

  /// Packs columns of `part` of B, the first of them a multiple of 16, into all the part's panels.
  fileprivate func pack(
    _ columns: Range<Int>, of part: ProductParts.Part, into panels: UnsafeMutablePointer<Float>
  ) {
    let depth = part.depths.count
    let first = part.columns.lowerBound + columns.lowerBound
    unroll_pack_panels(
      b.base + first * b.rowStride + part.depths.lowerBound * b.columnStride, b.rowStride,
      b.columnStride, columns.count, depth, panels + columns.lowerBound * depth)
  }

  /// One block of C, in rows of A and columns of `part`, times what is packed of B.
  fileprivate func multiply(
    rows: Range<Int>, columns: Range<Int>, of part: ProductParts.Part,
    _ panels: UnsafePointer<Float>
  ) {
    let depth = part.depths.count
    let first = part.columns.lowerBound + columns.lowerBound
    // What deeper parts add to is there by then.
    let isFirst = part.depths.lowerBound == 0
    withWorkspace(unroll_multiply_workspace_count()) { workspace in
      unroll_multiply(
        rows.count, columns.count, depth, unroll_depth_block(a.columns),
        a.base + rows.lowerBound * a.rowStride + part.depths.lowerBound * a.columnStride,
        a.rowStride, a.columnStride, panels + columns.lowerBound * depth, depth,
        isFirst ? bias.map { $0 + first } : nil, accumulate || !isFirst,
        c + rows.lowerBound * stride + first, stride, workspace)
    }
  }
}

/// Computes products, none of which reads what another writes, in rounds of the thread team: the more
/// blocks a round has, the less its threads wait for the last. Threads pack B together, and then share it.
public func multiply(_ products: [MatrixProduct]) {
  let team = ThreadTeam.current
  let parts = products.map(\.parts)
  for index in 0..<(parts.map(\.count).max() ?? 0) {
    let round = zip(products, parts).filter { index < $1.count }.map {
      (product: $0, part: $1[index])
    }
    let sizes = round.map { $0.part.panelCount }
    withWorkspace(sizes.reduce(0, +)) { workspace in
      var offset = 0
      let panels = sizes.map { size in
        defer { offset += size }
        // Safe to share: first each thread packs panels of its own, then all read them.
        return SharedPanels(start: workspace + offset)
      }
      team.forEach(in: round.map { $0.part.packingCount }) { place, task in
        let (product, part) = round[place]
        product.pack(part.packed(by: task), of: part, into: panels[place].start)
      }
      let grids = round.map { $0.product.blocks(of: $0.part, threads: team.threadCount) }
      team.forEach(in: grids.map(\.count)) { place, task in
        let (product, part) = round[place]
        let (rows, columns) = grids[place][task]
        product.multiply(rows: rows, columns: columns, of: part, panels[place].start)
      }
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

// Safe to share: what is written through it, and when, is `multiply`'s to say.
private struct SharedPanels: @unchecked Sendable { let start: UnsafeMutablePointer<Float> }

extension ThreadTeam {
  /// Calls `body` once for each task of each of several loops, all in one round.
  fileprivate func forEach(in counts: [Int], _ body: (_ loop: Int, _ task: Int) -> Void) {
    forEach(counts.reduce(0, +)) { index in
      var index = index
      for (loop, count) in counts.enumerated() {
        if index < count { return body(loop, index) }
        index -= count
      }
    }
  }
}

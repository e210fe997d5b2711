import CKernels
import Tensors

/// Where the queries and the keys of one sequence lie.
struct SequenceViews {
  /// Which one.
  let sequence: Int
  /// Its queries: how many, the first row, and the rows from one to the next.
  let (count, first, step): (Int, Int, Int)
  /// Its keys.
  let length: Int
  /// B.
  let batch: Int

  init(_ sequence: Int, _ layout: QueryLayout, _ length: Int, batch: Int) {
    self.sequence = sequence
    (count, first, step) = layout.rows(of: sequence)
    hasFewQueries = layout.isGrouped && count <= 8
    self.length = length
    self.batch = batch
  }

  /// Its queries, row by row.
  var rows: StrideTo<Int> { stride(from: first, to: first + count * step, by: step) }

  /// Whether its keys are better taken one by one: a product of matrices would have to pack them all for a few
  /// queries, as those of a beam are. Not where sequences are padded: what a sequence gets must not depend on
  /// the queries of others.
  let hasFewQueries: Bool

  /// e_s = x·k_s for one row x and each of its keys.
  func compare(
    _ x: UnsafePointer<Float>, _ keys: UnsafePointer<Float>, _ width: Int,
    into scores: UnsafeMutablePointer<Float>
  ) {
    for s in 0..<length { scores[s] = Float(unroll_dot(width, x, keys + place(s) * width)) }
  }

  /// y += Σ_s w_s k_s over its keys.
  func add(
    _ weights: UnsafePointer<Float>, _ keys: UnsafePointer<Float>, _ width: Int,
    to y: UnsafeMutablePointer<Float>
  ) {
    for s in 0..<length { unroll_axpy(width, weights[s], keys + place(s) * width, y) }
  }

  /// k_s += w_s x for each of its keys.
  func add(
    _ weights: UnsafePointer<Float>, times x: UnsafePointer<Float>, _ width: Int,
    toKeys keys: UnsafeMutablePointer<Float>
  ) {
    for s in 0..<length { unroll_axpy(width, weights[s], x, keys + place(s) * width) }
  }

  /// The row of step s of the memory.
  private func place(_ s: Int) -> Int { s * batch + sequence }

  /// Its rows of something of `width` features a query.
  func queries(_ base: UnsafePointer<Float>, _ width: Int) -> MatrixView {
    MatrixView(base + first * width, rows: count, columns: width, rowStride: step * width)
  }

  /// Its rows of something of `width` features a step of the memory.
  func keys(_ base: UnsafePointer<Float>, _ width: Int) -> MatrixView {
    MatrixView(base + sequence * width, rows: length, columns: width, rowStride: batch * width)
  }

  /// Its own columns of scores or weights, S = `steps` a query.
  func scores(_ base: UnsafePointer<Float>, _ steps: Int) -> MatrixView {
    MatrixView(base + first * steps, rows: count, columns: length, rowStride: step * steps)
  }
}

import CKernels

/// Kernels under Swift's pointers, for the few that several files need.
enum Kernels {
  /// sum += addend
  static func add(_ addend: UnsafeBufferPointer<Float>, to sum: UnsafeMutableBufferPointer<Float>) {
    precondition(addend.count == sum.count, "\(addend.count) elements added to \(sum.count)")
    unroll_axpy(sum.count, 1, addend.baseAddress, sum.baseAddress)
  }

  /// Row `rows[i]` of `sum` += row i of `values`, in order.
  static func addRows(
    _ values: UnsafeBufferPointer<Float>, columns: Int, at rows: [Int32],
    to sum: UnsafeMutableBufferPointer<Float>
  ) {
    for (index, row) in rows.enumerated() {
      let start = Int(row) * columns
      precondition(
        row >= 0 && start + columns <= sum.count, "row \(row) of \(sum.count / max(columns, 1))")
      unroll_axpy(columns, 1, values.baseAddress! + index * columns, sum.baseAddress! + start)
    }
  }
}

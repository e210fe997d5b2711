import CKernels

/// A matrix laid out for the product kernel: panels of 16 outputs.
///
/// A recurrent weight is used at every time step, so packing it once an update is nearly free, and
/// the product then reads memory strictly forward.
public final class PackedMatrix: Sendable {
  /// Which product of a weight W [outputs, inputs] the panels serve.
  public enum Side: Sendable, Hashable {
    /// y = x·Wᵀ, the forward product.
    case forward
    /// dx = dy·W, the gradient of the input.
    case backward
  }

  /// Outputs of the product.
  public let columns: Int
  /// Elements that are summed over.
  public let depth: Int
  private let panels: Tensor

  /// Packs W [outputs, inputs], or the rows (outputs) of it in `rows`.
  public init(_ weight: Tensor, _ side: Side, rows: Range<Int>? = nil) {
    precondition(weight.rank == 2, "a matrix is packed, not a tensor of shape \(weight.shape)")
    let rows = rows ?? 0..<weight.shape[0]
    precondition(
      rows.upperBound <= weight.shape[0], "rows \(rows) of a matrix of shape \(weight.shape)")
    let (outputs, inputs) = (rows.count, weight.shape[1])
    let isForward = side == .forward
    columns = isForward ? outputs : inputs
    depth = isForward ? inputs : outputs
    let (columns, depth) = (columns, depth)
    let (columnStride, depthStride) = isForward ? (inputs, 1) : (1, inputs)
    panels = Tensor(uninitialized: [unroll_panels_count(columns, depth)])
    let target = panels.sharedPointer
    weight.withUnsafeBufferPointer { weight in
      guard columns > 0, depth > 0 else { return }
      let source = weight.baseAddress! + rows.lowerBound * inputs
      // About 64 KiB a task.
      let width = 16 * max(1, 1024 / max(depth, 1))
      let tasks = (columns + width - 1) / width
      ThreadTeam.current.forEach(tasks) { task in
        let first = task * width
        unroll_pack_panels(
          source + first * columnStride, columnStride, depthStride, min(width, columns - first),
          depth, target + first * depth)
      }
    }
  }

  /// c = a·Bᵀ (+ bias) (+ c) for `rows` rows on the calling thread. `columns` may cut out a range of
  /// outputs that starts at a multiple of 16: then `c` and `bias` still point at output 0.
  @inline(__always)
  public func multiply(
    rows: Int, _ a: UnsafePointer<Float>, rowStride: Int, bias: UnsafePointer<Float>? = nil,
    accumulate: Bool = false, into c: UnsafeMutablePointer<Float>, resultStride: Int,
    columns range: Range<Int>? = nil
  ) {
    let range = range ?? 0..<columns
    unroll_multiply_panels(
      rows, range.count, depth, a, rowStride, panels.sharedPointer + range.lowerBound * depth,
      bias.map { $0 + range.lowerBound }, accumulate, c + range.lowerBound, resultStride)
  }
}

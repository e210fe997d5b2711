import CKernels

/// A matrix laid out for the product kernel: panels of 16 outputs.
///
/// A recurrent weight is used at every time step, so packing it once an update is nearly free, and
/// the product then reads memory strictly forward. A matrix whose elements are all halves (IEEE 754 half
/// precision), as those of a model that was stored so, is kept as halves: the products are the same to
/// the bit, and a step of few rows, which lasts as long as its weights take to be read, takes half as long.
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
  private let panels: Panels

  private enum Panels {
    case floats(Tensor)
    /// Two halves in the place of each float.
    case halves(Tensor)
  }

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
    let floats = Tensor(uninitialized: [unroll_panels_count(columns, depth)])
    let target = floats.sharedPointer
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
    panels = Self.halves(of: floats).map(Panels.halves) ?? .floats(floats)
  }

  /// Packed panels as halves, if each element is one.
  private static func halves(of panels: Tensor) -> Tensor? {
    // Most matrices are not, as their first elements show, before any memory is taken for the others.
    let count = panels.count
    let isWorthTrying = withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 16) {
      unroll_halve_panels(min(count, 16), panels.sharedPointer, $0.baseAddress!)
    }
    guard count > 0, isWorthTrying else { return nil }
    let halves = Tensor(uninitialized: [(count + 1) / 2])
    let isExact = halves.sharedPointer.withMemoryRebound(to: UInt16.self, capacity: count) {
      unroll_halve_panels(count, panels.sharedPointer, $0)
    }
    return isExact ? halves : nil
  }

  /// c = a·Bᵀ (+ bias) (+ c) for `rows` rows on the calling thread. `columns` may cut out a range of
  /// outputs that starts at a multiple of 16: then `c` and `bias` still point at output 0. `depth` says
  /// which of the elements are summed over (nil for all); then `a` points at the first of them.
  @inline(__always)
  public func multiply(
    rows: Int, _ a: UnsafePointer<Float>, rowStride: Int, bias: UnsafePointer<Float>? = nil,
    accumulate: Bool = false, into c: UnsafeMutablePointer<Float>, resultStride: Int,
    columns range: Range<Int>? = nil, depth used: Range<Int>? = nil
  ) {
    let range = range ?? 0..<columns
    let used = used ?? 0..<depth
    let first = range.lowerBound * depth + used.lowerBound * Int(UNROLL_PANEL_COLUMNS)
    let bias = bias.map { $0 + range.lowerBound }
    switch panels {
    case .floats(let floats):
      unroll_multiply_panels(
        rows, range.count, used.count, a, rowStride, floats.sharedPointer + first, depth, bias,
        accumulate, c + range.lowerBound, resultStride)
    case .halves(let halves):
      halves.sharedPointer.withMemoryRebound(to: UInt16.self, capacity: columns * depth) {
        unroll_multiply_half_panels(
          rows, range.count, used.count, a, rowStride, $0 + first, depth, bias, accumulate,
          c + range.lowerBound, resultStride)
      }
    }
  }
}

/// An array of `Float` with a shape, row-major, with value semantics.
///
/// Copies share memory until one of them is written to. Reshaping never moves data.
///
/// ```swift
/// var x = Tensor(zeros: [2, 3])
/// x[1, 2] = 5
/// let y = x.reshaped(to: [3, 2])
/// ```
public struct Tensor: Sendable {
  /// The extent of each axis; empty for a scalar.
  public private(set) var shape: [Int]
  /// The number of elements, the product of `shape`.
  public let count: Int
  private var storage: Storage

  /// A block of the pool, given back when the last tensor that shares it goes away.
  private final class Storage: @unchecked Sendable {
    // Written only by a tensor that holds the sole reference (`mutableStorage`), or through
    // `sharedPointer`, whose callers prove the same.
    let block: BufferPool.Block

    init(count: Int) { block = BufferPool.shared.take(count) }
    deinit { BufferPool.shared.give(block) }
  }

  private init(shape: [Int], storage: Storage, count: Int) {
    self.shape = shape
    self.storage = storage
    self.count = count
  }

  /// A tensor whose elements `body` fills; what it leaves out is undefined.
  public init(
    shape: [Int], initializedBy body: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows {
    self.init(uninitialized: shape)
    try body(UnsafeMutableBufferPointer(start: storage.block.address, count: count))
  }

  /// A tensor of undefined content, for results that are overwritten in full.
  public init(uninitialized shape: [Int]) {
    precondition(shape.allSatisfy { $0 >= 0 }, "a shape has no negative extents: \(shape)")
    let count = shape.reduce(1, *)
    self.init(shape: shape, storage: Storage(count: count), count: count)
  }

  /// A tensor with every element `value`.
  public init(repeating value: Float, shape: [Int]) {
    self.init(shape: shape) { $0.update(repeating: value) }
  }

  /// A tensor of zeros.
  public init(zeros shape: [Int]) { self.init(repeating: 0, shape: shape) }

  /// A tensor of the given elements in row-major order. Their number must be that of the shape.
  public init(shape: [Int], scalars: some Collection<Float>) {
    self.init(uninitialized: shape)
    precondition(
      scalars.count == count, "shape \(shape) holds \(count) elements, not \(scalars.count)")
    _ = UnsafeMutableBufferPointer(start: storage.block.address, count: count)
      .update(fromContentsOf: scalars)
  }

  /// A scalar: shape `[]`.
  public init(_ scalar: Float) { self.init(repeating: scalar, shape: []) }

  /// The number of axes.
  public var rank: Int { shape.count }

  /// The elements in row-major order.
  public var scalars: [Float] { withUnsafeBufferPointer { Array($0) } }

  /// The only element of a tensor of one element.
  public var scalar: Float {
    precondition(count == 1, "a tensor of shape \(shape) is no scalar")
    return withUnsafeBufferPointer { $0[0] }
  }

  /// The same elements in another shape of equal count.
  public func reshaped(to shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "\(self.shape) cannot be reshaped to \(shape)")
    return Tensor(shape: shape, storage: storage, count: count)
  }

  /// Reads the elements.
  public func withUnsafeBufferPointer<Result>(
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeBufferPointer(start: storage.block.address, count: count))
  }

  /// Writes the elements; memory shared with other tensors is copied first.
  public mutating func withUnsafeMutableBufferPointer<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    makeUnique()
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeMutableBufferPointer(start: storage.block.address, count: count))
  }

  /// The memory itself, without a copy when it is shared. For the saved buffers of fused graph
  /// nodes, which nobody else has seen: the caller proves that no other tensor reads or writes this
  /// memory meanwhile, and keeps the tensor alive.
  public var sharedPointer: UnsafeMutablePointer<Float> { storage.block.address }

  /// The same elements in memory of their own, so that `sharedPointer` may be written to.
  public func copied() -> Tensor {
    withUnsafeBufferPointer { source in
      Tensor(shape: shape) { _ = $0.update(fromContentsOf: source) }
    }
  }

  /// The element at `indices`, one an axis.
  public subscript(indices: Int...) -> Float {
    get { withUnsafeBufferPointer { $0[offset(of: indices)] } }
    set {
      let offset = offset(of: indices)
      makeUnique()
      storage.block.address[offset] = newValue
    }
  }

  private func offset(of indices: [Int]) -> Int {
    precondition(indices.count == rank, "\(indices.count) indices into shape \(shape)")
    var offset = 0
    for (index, extent) in zip(indices, shape) {
      precondition(0 <= index && index < extent, "index \(indices) is outside of shape \(shape)")
      offset = offset * extent + index
    }
    return offset
  }

  private mutating func makeUnique() {
    guard !isKnownUniquelyReferenced(&storage) else { return }
    let copy = Storage(count: count)
    copy.block.address.update(from: storage.block.address, count: count)
    storage = copy
  }
}

extension Tensor: Equatable {
  /// Equal shapes and equal elements (so a NaN makes tensors unequal).
  public static func == (a: Tensor, b: Tensor) -> Bool {
    a.shape == b.shape
      && a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { a.elementsEqual($0) } }
  }
}

extension Tensor: CustomStringConvertible {
  /// The shape and the first elements.
  public var description: String {
    let shown = scalars.prefix(8).map { "\($0)" }.joined(separator: ", ")
    return "Tensor\(shape)(\(shown)\(count > 8 ? ", …" : ""))"
  }
}

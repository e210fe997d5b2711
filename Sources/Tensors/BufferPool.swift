import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Recycles the memory of tensors.
///
/// A training step asks for the same sizes again and again; handing the same pages back saves the
/// page faults that would otherwise cost as much as the arithmetic of a small model. What the pool
/// holds, in use and idle together, never exceeds twice what was lately in use at one time (or 128
/// MiB): a step finds all the memory of the step before, whatever sizes its forward and its backward
/// pass need in turn, and yet ever changing shapes do not pile up.
final class BufferPool: Sendable {
  static let shared = BufferPool()

  /// Start of a block, which is also the key by which it is given back.
  // Safe to share: an address; the memory belongs to whoever took the block.
  struct Block: @unchecked Sendable {
    // A plain address: whoever holds the block owns the memory behind it.
    let address: UnsafeMutablePointer<Float>
    /// Floats the block holds.
    let capacity: Int
  }

  /// Idle blocks of one size.
  fileprivate struct Shelf {
    var blocks: [Block] = []
    /// The number of `takes` when it was last taken from or added to.
    var lastUse = 0
  }

  fileprivate struct State {
    var shelves: [Int: Shelf] = [:]
    var idleFloats = 0
    var usedFloats = 0
    /// The most in use since the last multiple of `memory` takes, and in the `memory` takes before.
    var peak = 0
    var earlierPeak = 0
    var takes = 0
  }
  private let state = Mutex(State())

  /// Takes after which a peak begins to be forgotten; several steps of any but a tiny network.
  fileprivate static let memory = 1 << 14
  /// Floats that may always be kept.
  private static let floor = 16 << 20

  deinit { for block in state.withLock({ $0.evict(downTo: 0) }) { free(block.address) } }

  /// Floats in use and idle.
  var size: (used: Int, idle: Int) { state.withLock { ($0.usedFloats, $0.idleFloats) } }

  /// A block of at least `count` floats, aligned to 64 bytes, its content undefined.
  func take(_ count: Int) -> Block {
    let capacity = Self.capacity(for: count)
    let (reused, evicted) = state.withLock { state in
      let block = state.take(capacity)
      let limit = 2 * max(state.peak, state.earlierPeak, Self.floor)
      return (block, state.evict(downTo: limit - state.usedFloats))
    }
    for block in evicted { free(block.address) }
    return reused ?? Self.allocate(capacity)
  }

  /// Gives `block` back. The caller must not touch it afterwards.
  func give(_ block: Block) { state.withLock { $0.give(block) } }

  /// Sizes are rounded up to 16 floats, large ones to an eighth of their power of two, so that
  /// slightly different shapes share blocks.
  private static func capacity(for count: Int) -> Int {
    let small = max(16, (count + 15) & ~15)
    guard small > 4096 else { return small }
    let step = 1 << (Int.bitWidth - 1 - small.leadingZeroBitCount - 3)
    return (small + step - 1) & ~(step - 1)
  }

  private static func allocate(_ capacity: Int) -> Block {
    let bytes = capacity * MemoryLayout<Float>.stride
    let hugePage = 2 << 20
    // Large blocks start on a huge page and ask for huge pages: streaming through weights that do
    // not fit the caches is otherwise bound by address translation.
    let alignment = bytes >= hugePage ? hugePage : 64
    var memory: UnsafeMutableRawPointer?
    let status = posix_memalign(&memory, alignment, bytes)
    guard status == 0, let memory else {
      // As everywhere in Swift, running out of memory is not an error that a caller could handle.
      fatalError("out of memory: a block of \(bytes) bytes could not be allocated")
    }
    #if os(Linux)
      if bytes >= hugePage { _ = madvise(memory, bytes, Int32(MADV_HUGEPAGE)) }
    #endif
    return Block(address: memory.assumingMemoryBound(to: Float.self), capacity: capacity)
  }
}

extension BufferPool.State {
  /// Counts a block of `capacity` as used, and finds one that is idle.
  fileprivate mutating func take(_ capacity: Int) -> BufferPool.Block? {
    takes += 1
    if takes % BufferPool.memory == 0 { (earlierPeak, peak) = (peak, usedFloats) }
    usedFloats += capacity
    peak = max(peak, usedFloats)
    guard let block = shelves[capacity]?.blocks.popLast() else { return nil }
    shelves[capacity]?.lastUse = takes
    idleFloats -= capacity
    return block
  }

  fileprivate mutating func give(_ block: BufferPool.Block) {
    shelves[block.capacity, default: .init()].blocks.append(block)
    shelves[block.capacity]?.lastUse = takes
    usedFloats -= block.capacity
    idleFloats += block.capacity
  }

  /// Takes out idle blocks, those of the sizes that were longest not asked for first, until no more
  /// than `limit` floats are idle.
  fileprivate mutating func evict(downTo limit: Int) -> [BufferPool.Block] {
    var evicted: [BufferPool.Block] = []
    while idleFloats > limit, let oldest = shelves.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      var shelf = oldest.value
      while idleFloats > limit, let block = shelf.blocks.popLast() {
        idleFloats -= block.capacity
        evicted.append(block)
      }
      shelves[oldest.key] = shelf.blocks.isEmpty ? nil : shelf
    }
    return evicted
  }
}

/// Working memory of a kernel call, taken from the pool and given back at the end of its scope.
public func withWorkspace<Result>(
  _ count: Int, _ body: (UnsafeMutablePointer<Float>) throws -> Result
) rethrows -> Result {
  let block = BufferPool.shared.take(count)
  defer { BufferPool.shared.give(block) }
  return try body(block.address)
}

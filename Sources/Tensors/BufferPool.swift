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
/// page faults that would otherwise cost as much as the arithmetic of a small model. What lies idle
/// never exceeds what is in use (or 64 MiB), so a change of shapes does not leave a second copy of
/// the working set behind.
final class BufferPool: Sendable {
  static let shared = BufferPool()

  /// Start of a block, which is also the key by which it is given back.
  struct Block: @unchecked Sendable {
    // A plain address: whoever holds the block owns the memory behind it.
    let address: UnsafeMutablePointer<Float>
    /// Floats the block holds.
    let capacity: Int
  }

  private struct State {
    var idle: [Int: [Block]] = [:]
    var idleFloats = 0
    var usedFloats = 0
  }
  private let state = Mutex(State())

  /// A block of at least `count` floats, aligned to 64 bytes, its content undefined.
  func take(_ count: Int) -> Block {
    let capacity = Self.capacity(for: count)
    let reused = state.withLock { state -> Block? in
      state.usedFloats += capacity
      guard let block = state.idle[capacity]?.popLast() else { return nil }
      state.idleFloats -= capacity
      return block
    }
    return reused ?? Self.allocate(capacity)
  }

  /// Gives `block` back. The caller must not touch it afterwards.
  func give(_ block: Block) {
    let kept = state.withLock { state -> Bool in
      state.usedFloats -= block.capacity
      let limit = max(state.usedFloats, 16 << 20)
      guard state.idleFloats + block.capacity <= limit else { return false }
      state.idle[block.capacity, default: []].append(block)
      state.idleFloats += block.capacity
      return true
    }
    if !kept { free(block.address) }
  }

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
      fatalError("out of memory: a block of \(bytes) bytes could not be allocated")
    }
    #if os(Linux)
      if bytes >= hugePage { _ = madvise(memory, bytes, Int32(MADV_HUGEPAGE)) }
    #endif
    return Block(address: memory.assumingMemoryBound(to: Float.self), capacity: capacity)
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

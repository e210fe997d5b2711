import CKernels
import Foundation
import Synchronization

/// A persistent team of threads that share loops.
///
/// Each thread has its share of a loop's indices, the same one in loops of the same length, so that it
/// finds the weights it read last time in its own caches. A thread that is done with its share takes
/// from the others', index by index: one whose core is taken by another process holds up no more than
/// the one index it is working on. The calling thread works too. Idle threads spin for some
/// microseconds, because in a network the next loop usually follows at once, then sleep.
///
/// A call from inside a loop, or while another thread is using the team, runs on the calling thread
/// alone: never a dead-lock, never a wait.
public final class ThreadTeam: Sendable {
  /// The number of threads, the caller's included.
  public let threadCount: Int

  let state: TeamState

  /// A team with as many threads as the machine has processors.
  public static let machine = ThreadTeam(threads: ProcessInfo.processInfo.activeProcessorCount)

  /// The calling thread alone.
  public static let solo = ThreadTeam(threads: 1)

  /// The team that tensors and networks use. Change it for a scope with
  /// `ThreadTeam.$current.withValue(ThreadTeam(threads: 1)) { … }`. Results never depend on it.
  @TaskLocal public static var current: ThreadTeam = .machine

  /// A team of `threads` threads (at least 1, the caller's own).
  public init(threads: Int) {
    precondition(threads >= 1, "a team has at least one thread, not \(threads)")
    threadCount = threads
    state = TeamState(threads: threads)
    for index in 1..<max(threads, 1) {
      let thread = Thread { [state] in
        // A loop inside a loop runs on the thread that meets it.
        ThreadTeam.$current.withValue(.solo) { state.work(index) }
      }
      thread.name = "unroll-\(index)"
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  deinit { state.stop() }

  /// Calls `body` once for each index in `0..<count`, on any thread and in any order, and returns
  /// when all calls have returned. Calls run at the same time: what one writes, no other may touch.
  public func forEach(_ count: Int, _ body: (Int) -> Void) {
    guard count > 1, threadCount > 1, state.enter() else {
      for index in 0..<max(count, 0) { body(index) }
      return
    }
    defer { state.leave() }
    // The indices must fit a share; longer loops are handed out in equal chunks.
    let chunk = (count + Share.limit - 1) / Share.limit
    let jobs = (count + chunk - 1) / chunk
    withoutActuallyEscaping(body) { body in
      state.run(jobs) { job in
        for index in job * chunk..<min(count, (job + 1) * chunk) { body(index) }
      }
    }
  }
}

/// The indices of a loop that one thread has not begun yet, with the loop's number, in one atomic word:
/// an index is claimed only if the loop is still the one that the thread looked at.
private struct Share {
  static let limit = (1 << 16) - 1

  var bits: UInt64
  init(bits: UInt64) { self.bits = bits }
  init(loop: UInt64, _ indices: Range<Int>) {
    bits = loop << 32 | UInt64(indices.upperBound) << 16 | UInt64(indices.lowerBound)
  }

  var first: Int { Int(bits & 0xFFFF) }
  var end: Int { Int(bits >> 16 & 0xFFFF) }
  var isEmpty: Bool { first >= end }
  var droppingFirst: Share { Share(bits: bits + 1) }
  var droppingLast: Share { Share(bits: bits - (1 << 16)) }
}

private final class SharedShare: Sendable {
  private let bits = Atomic<UInt64>(0)

  func fill(_ share: Share) { bits.store(share.bits, ordering: .releasing) }

  /// Takes the first index or the last, nil when none is left.
  func take(last: Bool) -> Int? {
    var share = Share(bits: bits.load(ordering: .acquiring))
    while !share.isEmpty {
      let rest = last ? share.droppingLast : share.droppingFirst
      let (exchanged, original) = bits.compareExchange(
        expected: share.bits, desired: rest.bits, ordering: .acquiringAndReleasing)
      if exchanged { return last ? share.end - 1 : share.first }
      share = Share(bits: original)
    }
    return nil
  }
}

/// What the threads of a team share. It outlives the team object until the last thread has left.
final class TeamState: @unchecked Sendable {
  // `body` is written by the one caller that holds `busy`, before it fills the shares, and read by a
  // thread only after claiming an index of that loop, which cannot finish before that index is done.
  // Everything else is atomic or guarded by `condition`.
  private var body: ((Int) -> Void)?
  private let shares: [SharedShare]
  private let places: ThreadPlaces
  /// The number of the last loop.
  private let loop = Atomic<UInt64>(0)
  private let remaining = Atomic<Int>(0)
  private let busy = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  private let callerSleeps = Atomic<Bool>(false)
  private let stopped = Atomic<Bool>(false)
  private let condition = NSCondition()

  /// About 20 to 50 µs, long against the pause between two loops of a network, short against a
  /// time slice.
  private static let spins = 1000

  init(threads: Int) {
    shares = (0..<threads).map { _ in SharedShare() }
    places = ThreadPlaces(threads: threads)
  }

  func enter() -> Bool {
    busy.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
  }

  func leave() { busy.store(false, ordering: .releasing) }

  func run(_ count: Int, _ body: @escaping (Int) -> Void) {
    self.body = body
    remaining.store(count, ordering: .relaxed)
    let number = (loop.load(ordering: .relaxed) &+ 1) & 0xFFFF_FFFF
    for (thread, share) in shares.enumerated() {
      let indices = count * thread / shares.count..<count * (thread + 1) / shares.count
      share.fill(Share(loop: number, indices))
    }
    loop.store(number, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      condition.lock()
      condition.broadcast()
      condition.unlock()
    }
    claim(0)
    waitForOthers()
    self.body = nil
  }

  /// Works until no index is left: on the share of thread `own` from its beginning, then on the
  /// others' from their ends.
  private func claim(_ own: Int) {
    for offset in 0..<shares.count {
      let share = shares[(own + offset) % shares.count]
      var isSettled = false
      while let index = share.take(last: offset > 0) {
        if !isSettled {
          places.settle(own)
          isSettled = true
        }
        body!(index)
        let left = remaining.subtract(1, ordering: .sequentiallyConsistent).newValue
        if left == 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
          condition.lock()
          condition.broadcast()
          condition.unlock()
        }
      }
    }
  }

  private func waitForOthers() {
    for _ in 0..<Self.spins {
      if remaining.load(ordering: .acquiring) == 0 { return }
      unroll_spin_pause()
    }
    places.leave(0)
    condition.lock()
    callerSleeps.store(true, ordering: .sequentiallyConsistent)
    while remaining.load(ordering: .sequentiallyConsistent) > 0 { condition.wait() }
    callerSleeps.store(false, ordering: .relaxed)
    condition.unlock()
  }

  /// The life of thread `own`.
  func work(_ own: Int) {
    var last: UInt64 = 0
    while !stopped.load(ordering: .acquiring) {
      let current = loop.load(ordering: .acquiring)
      if current != last {
        last = current
        claim(own)
      } else if !spinForWork(after: last) {
        sleepUntilWork(after: last, own)
      }
    }
  }

  private func hasWork(after last: UInt64) -> Bool {
    loop.load(ordering: .sequentiallyConsistent) != last
      || stopped.load(ordering: .sequentiallyConsistent)
  }

  private func spinForWork(after last: UInt64) -> Bool {
    for _ in 0..<Self.spins {
      if hasWork(after: last) { return true }
      unroll_spin_pause()
    }
    return false
  }

  private func sleepUntilWork(after last: UInt64, _ own: Int) {
    places.leave(own)
    condition.lock()
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while !hasWork(after: last) { condition.wait() }
    sleepers.subtract(1, ordering: .relaxed)
    condition.unlock()
  }

  func stop() {
    stopped.store(true, ordering: .sequentiallyConsistent)
    condition.lock()
    condition.broadcast()
    condition.unlock()
  }
}

import CKernels
import Foundation
import Synchronization

/// A persistent team of threads that share loops.
///
/// `forEach` hands the indices of a loop out one by one as threads come free, so that a thread whose
/// core is taken by another process holds up no more than the one index it is working on. The
/// calling thread works too. Idle threads spin for some microseconds, because in a network the next
/// loop usually follows at once, then sleep.
///
/// A call from inside a loop, or while another thread is using the team, runs on the calling thread
/// alone: never a dead-lock, never a wait.
public final class ThreadTeam: Sendable {
  /// The number of threads, the caller's included.
  public let threadCount: Int

  let state = TeamState()

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
    for index in 1..<max(threads, 1) {
      let thread = Thread { [state] in
        // A loop inside a loop runs on the thread that meets it.
        ThreadTeam.$current.withValue(.solo) { state.work() }
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
    // A job's length must fit the ticket; longer loops are handed out in equal chunks.
    let chunk = (count + Ticket.limit - 1) / Ticket.limit
    let jobs = (count + chunk - 1) / chunk
    withoutActuallyEscaping(body) { body in
      state.run(jobs) { job in
        for index in job * chunk..<min(count, (job + 1) * chunk) { body(index) }
      }
    }
  }
}

/// Which loop is running, how long it is, and the next index, in one atomic word: an index is
/// claimed only if the loop is still the one that the thread looked at.
private struct Ticket {
  static let limit = (1 << 16) - 1

  var bits: UInt64
  init(bits: UInt64) { self.bits = bits }
  init(generation: UInt64, count: Int) { bits = generation << 32 | UInt64(count) << 16 }

  var generation: UInt64 { bits >> 32 }
  var count: Int { Int(bits >> 16 & 0xFFFF) }
  var next: Int { Int(bits & 0xFFFF) }
  var hasNext: Bool { next < count }
  var advanced: Ticket { Ticket(bits: bits + 1) }
}

/// What the threads of a team share. It outlives the team object until the last thread has left.
final class TeamState: @unchecked Sendable {
  // `body` is written by the one caller that holds `busy`, before it publishes a ticket, and read
  // by a thread only after claiming an index of that ticket's loop, which cannot finish before that
  // index is done. Everything else is atomic or guarded by `condition`.
  private var body: ((Int) -> Void)?
  private let ticket = Atomic<UInt64>(0)
  private let remaining = Atomic<Int>(0)
  private let busy = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  private let callerSleeps = Atomic<Bool>(false)
  private let stopped = Atomic<Bool>(false)
  private let condition = NSCondition()

  /// About 20 to 50 µs, long against the pause between two loops of a network, short against a
  /// time slice.
  private static let spins = 1000

  func enter() -> Bool {
    busy.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
  }

  func leave() { busy.store(false, ordering: .releasing) }

  func run(_ count: Int, _ body: @escaping (Int) -> Void) {
    self.body = body
    remaining.store(count, ordering: .relaxed)
    let last = Ticket(bits: ticket.load(ordering: .relaxed))
    let generation = (last.generation &+ 1) & 0xFFFF_FFFF
    ticket.store(
      Ticket(generation: generation, count: count).bits, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      condition.lock()
      condition.broadcast()
      condition.unlock()
    }
    claim()
    waitForOthers()
    self.body = nil
  }

  /// Works on the current loop until no index is left.
  private func claim() {
    var current = Ticket(bits: ticket.load(ordering: .acquiring))
    while current.hasNext {
      let (exchanged, original) = ticket.compareExchange(
        expected: current.bits, desired: current.advanced.bits, ordering: .acquiringAndReleasing)
      guard exchanged else {
        current = Ticket(bits: original)
        continue
      }
      body!(current.next)
      let left = remaining.subtract(1, ordering: .sequentiallyConsistent).newValue
      if left == 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
        condition.lock()
        condition.broadcast()
        condition.unlock()
      }
      current = Ticket(bits: ticket.load(ordering: .acquiring))
    }
  }

  private func waitForOthers() {
    for _ in 0..<Self.spins {
      if remaining.load(ordering: .acquiring) == 0 { return }
      unroll_spin_pause()
    }
    condition.lock()
    callerSleeps.store(true, ordering: .sequentiallyConsistent)
    while remaining.load(ordering: .sequentiallyConsistent) > 0 { condition.wait() }
    callerSleeps.store(false, ordering: .relaxed)
    condition.unlock()
  }

  /// The life of a thread.
  func work() {
    while !stopped.load(ordering: .acquiring) {
      claim()
      if !spinForWork() { sleepUntilWork() }
    }
  }

  private var hasWork: Bool {
    Ticket(bits: ticket.load(ordering: .sequentiallyConsistent)).hasNext
      || stopped.load(ordering: .sequentiallyConsistent)
  }

  private func spinForWork() -> Bool {
    for _ in 0..<Self.spins {
      if hasWork { return true }
      unroll_spin_pause()
    }
    return false
  }

  private func sleepUntilWork() {
    condition.lock()
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while !hasWork { condition.wait() }
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

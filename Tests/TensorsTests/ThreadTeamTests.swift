import Foundation
import Synchronization
import Testing

@testable import Tensors

@Suite(.serialized) struct ThreadTeamTests {
  @Test("every index is visited exactly once", arguments: [1, 2, 3, 8])
  func exactlyOnce(_ threads: Int) {
    let team = ThreadTeam(threads: threads)
    // 65535 indices fit one share; longer loops are cut into chunks.
    for count in [0, 1, 2, 3, 7, 64, 1000, 65535, 65536, 200_001] {
      let counts = Counts(count)
      team.forEach(count) { counts.increment($0) }
      #expect(counts.areAll(1), "\(count) indices")
    }
  }

  @Test("thousands of tiny loops", arguments: [2, 3, 8])
  func tinyLoops(_ threads: Int) {
    let team = ThreadTeam(threads: threads)
    let counts = Counts(9)
    for _ in 0..<2000 { team.forEach(9) { counts.increment($0) } }
    #expect(counts.areAll(2000))
  }

  @Test("what a loop wrote is seen after it, and by the next loop")
  func loopsAreOrdered() {
    let team = ThreadTeam(threads: 3)
    let count = 64
    // Plain memory: each element is written by one index of a loop, its neighbour read in the next.
    let memory = UnsafeMutablePointer<Int>.allocate(capacity: count)
    let copy = UnsafeMutablePointer<Int>.allocate(capacity: count)
    defer {
      memory.deallocate()
      copy.deallocate()
    }
    memory.initialize(repeating: 0, count: count)
    copy.initialize(repeating: 0, count: count)
    // Read by calls that run at the same time and never write it.
    nonisolated(unsafe) let (from, to) = (memory, copy)
    for round in 0..<300 {
      team.forEach(count) { from[$0] = to[($0 + 1) % count] + 1 }
      team.forEach(count) { to[$0] = from[$0] }
      #expect(to[round % count] == round + 1)
    }
  }

  @Test("a loop inside a loop runs where it stands", arguments: [1, 2, 8])
  func nested(_ threads: Int) {
    let team = ThreadTeam(threads: threads)
    let counts = Counts(20 * 30)
    team.forEach(20) { outer in
      team.forEach(30) { counts.increment(outer * 30 + $0) }
    }
    #expect(counts.areAll(1))
  }

  @Test("several threads use one team at once", arguments: [1, 2, 3])
  func concurrentCallers(_ threads: Int) {
    let team = ThreadTeam(threads: threads)
    let counts = Counts(4 * 50)
    DispatchQueue.concurrentPerform(iterations: 4) { caller in
      for _ in 0..<500 {
        team.forEach(50) { index in
          if index == 7 {
            team.forEach(3) { _ in }
          }
          counts.increment(caller * 50 + index)
        }
      }
    }
    #expect(counts.areAll(500))
  }

  @Test("threads that fell asleep wake up for work, and a caller that fell asleep for its end")
  func sleeping() {
    let team = ThreadTeam(threads: 3)
    let counts = Counts(4)
    for _ in 0..<15 {
      // Longer than anybody spins.
      Thread.sleep(forTimeInterval: 0.002)
      team.forEach(4) {
        if $0 > 1 { Thread.sleep(forTimeInterval: 0.003) }
        counts.increment($0)
      }
    }
    #expect(counts.areAll(15))
  }

  @Test("other threads take part")
  func sharesWork() {
    let team = ThreadTeam(threads: 3)
    let threads = Mutex<Set<ObjectIdentifier>>([])
    let deadline = Date(timeIntervalSinceNow: 20)
    team.forEach(3) { _ in
      threads.withLock { _ = $0.insert(ObjectIdentifier(Thread.current)) }
      // Nobody takes a second index before everybody has one.
      while threads.withLock({ $0.count }) < 3, Date() < deadline {
        Thread.sleep(forTimeInterval: 0.0005)
      }
    }
    #expect(threads.withLock { $0.count } == 3)
  }

  @Test("loops of one length give each thread the same indices, while nobody falls behind")
  func homes() {
    let team = ThreadTeam(threads: 3)
    let caller = ObjectIdentifier(Thread.current)
    var homes: [[ObjectIdentifier]] = []
    for _ in 0..<50 {
      let found = Mutex<[Int: ObjectIdentifier]>([:])
      let deadline = Date(timeIntervalSinceNow: 20)
      team.forEach(3) { index in
        found.withLock { $0[index] = ObjectIdentifier(Thread.current) }
        // Nobody has time for another's index.
        while found.withLock({ $0.count }) < 3, Date() < deadline {
          Thread.sleep(forTimeInterval: 1e-5)
        }
      }
      homes.append(found.withLock { found in (0..<3).map { found[$0]! } })
    }
    // On a busy machine a thread may come late to some loops, and another has taken its index; by
    // chance alone a sixth of the loops would agree.
    let usual = Dictionary(grouping: homes, by: \.self).values.max { $0.count < $1.count } ?? []
    #expect(usual.count > 25)
    #expect(usual[0][0] == caller && Set(usual[0]).count == 3)
  }

  @Test("the threads of a team end with it")
  func threadsEnd() {
    weak var state: TeamState?
    do {
      let team = ThreadTeam(threads: 4)
      state = team.state
      team.forEach(10) { _ in }
      #expect(state != nil)
    }
    // Each thread holds the state until it ends.
    let deadline = Date(timeIntervalSinceNow: 20)
    while state != nil, Date() < deadline { Thread.sleep(forTimeInterval: 0.001) }
    #expect(state == nil)
  }

  @Test("inside a loop the current team is one thread, outside it is what the scope says")
  func currentTeam() {
    let team = ThreadTeam(threads: 2)
    ThreadTeam.$current.withValue(team) { #expect(ThreadTeam.current === team) }
    let caller = ObjectIdentifier(Thread.current)
    let strangers = Counts(1)
    team.forEach(20) { _ in
      let isWorker = ObjectIdentifier(Thread.current) != caller
      if isWorker, ThreadTeam.current.threadCount != 1 { strangers.increment(0) }
      Thread.sleep(forTimeInterval: 0.0005)
    }
    #expect(strangers.areAll(0))
  }
}

/// Counters that many threads may increment.
private final class Counts: @unchecked Sendable {
  // A fixed block of atomics, freed when nobody refers to it any more.
  private let counts: UnsafeMutablePointer<Atomic<Int>>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    counts = .allocate(capacity: max(count, 1))
    for index in 0..<count { (counts + index).initialize(to: Atomic(0)) }
  }

  deinit {
    counts.deinitialize(count: count)
    counts.deallocate()
  }

  func increment(_ index: Int) { counts[index].add(1, ordering: .relaxed) }

  func areAll(_ expected: Int) -> Bool {
    (0..<count).allSatisfy { counts[$0].load(ordering: .relaxed) == expected }
  }
}

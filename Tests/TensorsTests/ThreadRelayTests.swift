import CKernels
import Foundation
import Synchronization
import Testing

@testable import Tensors

@Suite(.serialized) struct ThreadRelayTests {
  @Test("every stage of every track runs once, in order", arguments: [1, 2, 3, 8])
  func inOrder(_ threads: Int) {
    let team = ThreadTeam(threads: threads)
    for (tracks, stages) in [(0, 3), (1, 5), (2, 0), (2, 1), (2, 8), (3, 2), (7, 8), (20, 3)] {
      for _ in 0..<50 {
        let seen = Mutex<[[Int]]>(Array(repeating: [], count: tracks))
        team.relay(tracks: tracks, stages: stages) { track, stage in
          seen.withLock { $0[track].append(stage) }
        }
        let expected = Array(repeating: Array(0..<stages), count: tracks)
        #expect(seen.withLock { $0 } == expected, "\(tracks) tracks of \(stages) stages")
      }
    }
  }

  @Test("a relay inside a loop, and from several threads at once")
  func nested() {
    let team = ThreadTeam(threads: 2)
    let count = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<100 {
        team.forEach(3) { _ in
          team.relay(tracks: 2, stages: 3) { _, _ in _ = count.add(1, ordering: .relaxed) }
        }
        team.relay(tracks: 3, stages: 4) { _, _ in _ = count.add(1, ordering: .relaxed) }
      }
    }
    #expect(count.load(ordering: .relaxed) == 4 * 100 * (3 * 6 + 12))
  }

  @Test("a thread that is late hands its track over")
  func handsOver() {
    let team = ThreadTeam(threads: 2)
    let caller = ObjectIdentifier(Thread.current)
    let runners = Mutex<[Int: Set<ObjectIdentifier>]>([:])
    team.relay(tracks: 2, stages: 12) { track, _ in
      let thread = ObjectIdentifier(Thread.current)
      runners.withLock { _ = $0[track, default: []].insert(thread) }
      // The caller's core is slow.
      Thread.sleep(forTimeInterval: thread == caller ? 0.02 : 0.001)
    }
    // The caller's own track ends with the other thread.
    #expect(runners.withLock { $0[0]?.count } == 2)
    #expect(runners.withLock { $0[1]?.contains(caller) } == false)
  }

  @Test("threads of a team move to processors of their own")
  func places() throws {
    let here = Int(unroll_processor())
    // Elsewhere than on Linux nobody tells; with one processor there is nowhere to go.
    guard here >= 0, ProcessInfo.processInfo.activeProcessorCount > 1 else { return }
    let done = DispatchSemaphore(value: 0)
    let moved = Atomic(0)
    // In a thread of its own, that the rest of the suite is not moved about.
    let thread = Thread {
      for _ in 0..<20 {
        let places = ThreadPlaces(threads: 2)
        places.settle(0)
        // The same thread as the second of the team finds the first where it is itself, and goes.
        let before = unroll_processor()
        places.settle(1)
        if unroll_processor() != before { moved.add(1, ordering: .relaxed) }
      }
      done.signal()
    }
    thread.start()
    done.wait()
    // The system may have moved it back or on at any time.
    #expect(moved.load(ordering: .relaxed) >= 15)
  }
}

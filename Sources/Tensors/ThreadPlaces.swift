import CKernels
import Synchronization

/// Keeps the threads of a team on processors of their own.
///
/// When another process takes one of two processors, a scheduler that counts three busy threads sees
/// nothing wrong with two of ours sharing the other: each then has half a processor, where one of them
/// could have a whole one and the other the half that is left. So a thread that finds another of its team
/// where it runs itself moves on. Nothing is pinned: the scheduler remains free to move threads.
final class ThreadPlaces: Sendable {
  private let processors: [Place]
  private static let nowhere = -1

  private final class Place: Sendable {
    private let processor = Atomic<Int>(ThreadPlaces.nowhere)
    var number: Int {
      get { processor.load(ordering: .relaxed) }
      set { processor.store(newValue, ordering: .relaxed) }
    }
  }

  init(threads: Int) { processors = (0..<threads).map { _ in Place() } }

  /// Notes where thread `own` of the team runs, and moves it if another one is there.
  func settle(_ own: Int) {
    let here = Int(unroll_processor())
    guard here >= 0 else { return }
    if processors[own].number != here { processors[own].number = here }
    for other in processors.indices where other != own && processors[other].number == here {
      moveOn(own)
      return
    }
  }

  /// Thread `own` is about to sleep: its processor is free for others.
  func leave(_ own: Int) { processors[own].number = Self.nowhere }

  private func moveOn(_ own: Int) {
    let taken = processors.map { Int32($0.number) }
    if unroll_leave_processors(taken, taken.count) {
      processors[own].number = Int(unroll_processor())
    }
  }
}

import Foundation

extension ThreadTeam {
  /// Calls `body(track, stage)` for each stage of each track: the stages of a track one after the other,
  /// the tracks at the same time, and returns when all calls have returned.
  ///
  /// This is how rows of a batch go through time: a track is a block of rows, a stage some steps. A
  /// thread follows its tracks to the end as `forEach` would have it. But one that is late, because its
  /// core is taken by another process, hands its track over at the next stage to a thread that has
  /// nothing left to do, instead of being waited for.
  public func relay(tracks: Int, stages: Int, _ body: (_ track: Int, _ stage: Int) -> Void) {
    guard tracks > 1, threadCount > 1 else {
      for track in 0..<max(tracks, 0) { for stage in 0..<stages { body(track, stage) } }
      return
    }
    let relay = Relay(tracks: tracks, stages: stages, runners: threadCount)
    forEach(threadCount) { runner in
      var last: Int?
      while let (track, stage) = relay.next(for: runner, after: last) {
        body(track, stage)
        last = track
      }
    }
  }
}

/// Who runs which track of a relay, and how far the tracks are.
private final class Relay: @unchecked Sendable {
  // Everything is guarded by `condition`; a stage is long against a lock.
  private struct Track {
    var finished = 0
    var isHeld = false
    /// The runner that the track is handed over to.
    var heir: Int?
  }
  private let stages: Int
  private let condition = NSCondition()
  private var tracks: [Track]
  /// Stages that each runner has run.
  private var done: [Int]
  private var waiting: Set<Int> = []

  init(tracks: Int, stages: Int, runners: Int) {
    self.stages = stages
    self.tracks = Array(repeating: Track(), count: tracks)
    done = Array(repeating: 0, count: runners)
  }

  /// The next stage for `runner`, which has run one of track `last`; nil when all that is left is
  /// others' and not worth waiting for.
  func next(for runner: Int, after last: Int?) -> (track: Int, stage: Int)? {
    condition.lock()
    defer { condition.unlock() }
    if let last { finishStage(of: last, runner) }
    while true {
      if let track = choose(for: runner, after: last) {
        tracks[track].isHeld = true
        tracks[track].heir = nil
        return (track, tracks[track].finished)
      }
      // The last stage of a track ends where it began.
      guard tracks.contains(where: { stages - $0.finished > 1 }) else { return nil }
      waiting.insert(runner)
      condition.wait()
      waiting.remove(runner)
    }
  }

  private func finishStage(of track: Int, _ runner: Int) {
    tracks[track].finished += 1
    tracks[track].isHeld = false
    done[runner] += 1
    let left = stages - tracks[track].finished
    // Half a stage more or less is chance; two stages behind is late.
    if left > 1, let heir = waiting.max(by: { done[$0] < done[$1] }), done[heir] >= done[runner] + 2
    {
      tracks[track].heir = heir
      condition.broadcast()
    } else if left <= 1, !waiting.isEmpty {
      condition.broadcast()
    }
  }

  private func choose(for runner: Int, after last: Int?) -> Int? {
    func isFree(_ track: Int) -> Bool {
      !tracks[track].isHeld && tracks[track].finished < stages
        && (tracks[track].heir ?? runner) == runner
    }
    if let last, isFree(last) { return last }
    // Its own tracks from the first, then the others' from the last.
    let home = tracks.count * runner / done.count..<tracks.count * (runner + 1) / done.count
    return home.first(where: isFree) ?? tracks.indices.last(where: isFree)
  }
}

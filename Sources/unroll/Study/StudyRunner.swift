import Foundation
import Learning
import ModelFiles
import Synchronization
import Tensors

/// Measures the cells of a study, several at a time, and keeps what is found.
///
/// The nets of studies are small, so measurements go side by side, each on one thread: that is faster
/// than two threads on one, and finds the same.
final class StudyRunner<S: Study>: Sendable {
  private let study: S
  private let folder: String
  private let jobs: Int
  private let console: Console
  private let interrupt: InterruptFlag
  private let lock: FolderLock
  private let state: Mutex<State>

  private struct State {
    var store: StudyStore<S.Finding>
    var waiting: ArraySlice<[S.Cell]>
    /// Cells that were measured or found not worth it.
    var done = 0
    var failure: (any Error)?
    var pageWrittenAt = -Double.infinity
    var line: StudyLine
  }

  /// A run of `study` in `folder`, which is there, and which no other run may write to until this one
  /// is over.
  ///
  /// - Throws: `Failure` if another run is writing to the folder, or if it holds results of another
  ///   study or of other settings.
  init(
    _ study: S, folder: String, jobs: Int, interrupt: InterruptFlag, _ console: Console
  ) throws {
    self.study = study
    self.folder = folder
    self.jobs = jobs
    self.interrupt = interrupt
    self.console = console
    lock = try FolderLock(folder)
    let store = try StudyStore<S.Finding>(
      folder: folder, study: S.name, settings: study.settings, order: study.cells.map(\.id))
    state = Mutex(
      State(store: store, waiting: [], line: StudyLine(console)))
  }

  /// What has been found so far.
  var findings: StudyFindings<S> {
    StudyFindings(byID: state.withLock { $0.store.findings })
  }

  /// Measures all that is missing, and writes results and report. Returns the number of cells of the
  /// study that are done; it is less than all only after an interrupt. To be called once.
  func run() throws -> Int {
    // Not left to the end of this object, which a thread may hold for a moment longer.
    defer { lock.release() }
    let known = findings
    let count = study.cells.count { study.isLasting($0) && known[$0] != nil }
    if count > 0 {
      console.message(
        "\(Format.count(count)) of \(Format.count(study.cells.count)) are there already")
    }
    // Before the work: a folder that cannot be written to is a failure of now.
    try state.withLock { try $0.store.save() }
    try AtomicFile.checkWritable(pagePath)
    for stage in study.stages where !interrupt.isRaised { run(stage) }
    try state.withLock { state in
      state.line.clear()
      if let failure = state.failure { throw failure }
    }
    try writePage()
    return state.withLock { $0.done }
  }

  private func run(_ stage: [[S.Cell]]) {
    state.withLock { $0.waiting = stage[...] }
    let group = DispatchGroup()
    for _ in 0..<min(jobs, stage.count) {
      group.enter()
      let thread = Thread { [self] in
        ThreadTeam.$current.withValue(.solo) { work() }
        group.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    group.wait()
  }

  /// The life of one job: chain after chain.
  private func work() {
    while let chain = next() {
      do {
        try measure(chain)
      } catch {
        state.withLock { if $0.failure == nil { $0.failure = error } }
        interrupt.raise()
      }
    }
  }

  private func next() -> [S.Cell]? {
    interrupt.isRaised ? nil : state.withLock { $0.waiting.popFirst() }
  }

  private func measure(_ chain: [S.Cell]) throws {
    var earlier: [(cell: S.Cell, finding: S.Finding)] = []
    for cell in chain {
      let known =
        study.isLasting(cell) ? state.withLock { $0.store.findings[cell.id] } : nil
      if known == nil, study.isWorthTrying(cell, after: earlier) {
        let watch = StudyWatch(interrupt: interrupt) { [self] words in
          state.withLock { $0.line.show("\(cell.id): \(words)", done: $0.done, of: total) }
        }
        guard !interrupt.isRaised, let finding = try study.measure(cell, watch) else { return }
        earlier.append((cell, finding))
        try keep(finding, of: cell)
      } else {
        if let known { earlier.append((cell, known)) }
        state.withLock { $0.done += 1 }
      }
    }
  }

  private var total: Int { study.cells.count }

  private func keep(_ finding: S.Finding, of cell: S.Cell) throws {
    let isPageDue = try state.withLock { state in
      try state.store.keep(finding, of: cell.id)
      state.done += 1
      state.line.say("[\(state.done)/\(total)] \(cell.id): \(study.line(finding))")
      guard secondsNow() - state.pageWrittenAt > 20 else { return false }
      state.pageWrittenAt = secondsNow()
      return true
    }
    if isPageDue { try writePage() }
  }

  private func writePage() throws {
    try AtomicFile.write(study.page(findings).html, to: pagePath)
  }

  private var pagePath: String { folder + "/report.html" }
}

/// A line about what is being measured, on a terminal only: elsewhere the finished cells say enough.
struct StudyLine {
  private let console: Console
  private var shownAt = -Double.infinity
  private var isLive = false

  init(_ console: Console) { self.console = console }

  mutating func show(_ words: String, done: Int, of total: Int) {
    guard let width = console.terminalWidth(), secondsNow() - shownAt >= 0.2 else { return }
    shownAt = secondsNow()
    let line = "\(done)/\(total)  \(words)".prefix(max(width - 1, 0))
    console.writeMessage("\r\(line)\u{1B}[K")
    isLive = true
  }

  /// Writes a message that stays, in the live line's place.
  mutating func say(_ message: String) {
    clear()
    console.message(message)
  }

  mutating func clear() {
    if isLive { console.writeMessage("\r\u{1B}[K") }
    isLive = false
  }
}

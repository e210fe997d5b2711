/// Shows a run's progress: on a terminal as one live line, elsewhere as a line every ten seconds.
struct ProgressBar {
  private let console: Console
  private var shownAt = -Double.infinity
  private var isLive = false

  init(_ console: Console) { self.console = console }

  /// Shows `line` if it is time to.
  mutating func show(_ line: ProgressLine, now: Double = secondsNow()) {
    if let width = console.terminalWidth() {
      guard now - shownAt >= 0.1 else { return }
      console.writeMessage("\r" + line.live(width: width) + "\u{1B}[K")
      isLive = true
    } else {
      // The first figures come after a while, when they mean something.
      if shownAt == -.infinity { shownAt = now - 7 }
      guard now - shownAt >= 10 else { return }
      console.message(line.plain)
    }
    shownAt = now
  }

  /// Writes a message that stays, in the live line's place.
  mutating func say(_ message: String) {
    clear()
    console.message(message)
  }

  /// Takes the live line away.
  mutating func clear() {
    if isLive { console.writeMessage("\r\u{1B}[K") }
    isLive = false
  }
}

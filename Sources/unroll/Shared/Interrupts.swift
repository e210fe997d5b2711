import Dispatch
import Synchronization

/// Ctrl-C (SIGINT) and SIGTERM: the first asks the work to stop at the next good place, a second one
/// ends the process at once.
final class Interrupts {
  /// The signals that end a run.
  private static let signals = [SIGINT, SIGTERM]

  private let first = FirstSignal()
  private var sources: [any DispatchSourceSignal] = []

  /// Listens until `stop()`. `onFirst` runs once, on another thread.
  init(onFirst: @escaping @Sendable () -> Void) {
    let queue = DispatchQueue(label: "unroll.interrupts", qos: .userInteractive)
    for number in Self.signals {
      signal(number, SIG_IGN)  // or the process would end before the source hears of it
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [first] in
        if first.keep(number) {
          onFirst()
        } else {
          signal(number, SIG_DFL)
          // Not `raise`: this thread blocks signals.
          kill(getpid(), number)
        }
      }
      source.resume()
      sources.append(source)
    }
  }

  /// The status with which a process ends that the signal has stopped, as shells count it; nil if
  /// there was none.
  var exitStatus: Int32? { first.number.map { 128 + $0 } }

  /// Gives the signals back their usual effect.
  func stop() {
    for source in sources { source.cancel() }
    sources = []
    for number in Self.signals { signal(number, SIG_DFL) }
  }
}

/// The first signal that came, kept across threads.
private final class FirstSignal: Sendable {
  private let received = Atomic<Int32>(0)

  var number: Int32? {
    let number = received.load(ordering: .acquiring)
    return number == 0 ? nil : number
  }

  /// Keeps `number` if it is the first; returns whether it was.
  func keep(_ number: Int32) -> Bool {
    received.compareExchange(expected: 0, desired: number, ordering: .acquiringAndReleasing)
      .exchanged
  }
}

import Foundation
import ModelFiles

/// The processor time of a piece of work of one thread that may be stopped and gone on with later, kept in a file
/// meanwhile: on a busy machine the clock on the wall says little of what a net costs.
struct WorkTime {
  private let path: String
  /// Seconds of earlier runs.
  private let before: Double
  private let start = threadSeconds()

  /// - Parameter goesOn: whether earlier runs count.
  init(keptAt path: String, goesOn: Bool) {
    self.path = path
    before =
      goesOn ? (try? String(contentsOfFile: path, encoding: .utf8)).flatMap(Double.init) ?? 0 : 0
  }

  /// Of all runs, on the thread that began this one.
  var seconds: Double { before + threadSeconds() - start }

  /// Keeps it for a run that goes on.
  func keep() throws { try AtomicFile.write("\(seconds)", to: path) }

  /// The work is done.
  func forget() { try? FileManager.default.removeItem(atPath: path) }
}

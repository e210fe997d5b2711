import Foundation

/// Keeps other runs out of a folder while one writes to it: each would write its own findings over those
/// of the other.
///
/// The folder itself is locked, so that no lock file is left behind, and the system takes the lock away
/// with the process, however it ends.
final class FolderLock: Sendable {
  private let file: Int32

  /// Locks `folder`, which is there.
  ///
  /// - Throws: `Failure` if another run has it.
  init(_ folder: String) throws {
    let file = open(folder, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Failure("cannot open \(folder): \(systemErrorText())") }
    // File systems without locks are written to as they are.
    if flock(file, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      close(file)
      throw Failure(
        "another run is writing to \(folder); wait for its end or choose another --output")
    }
    self.file = file
  }

  /// Lets others in.
  func release() { _ = flock(file, LOCK_UN) }

  deinit { close(file) }
}

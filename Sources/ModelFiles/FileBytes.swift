#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bytes of a file, in memory or mapped, for as long as this object lives.
///
/// A file below ``mappingThreshold`` is read into memory: it is then safe from whatever happens on
/// disk, at a cost of milliseconds. Larger ones are mapped, so that opening costs nothing and
/// processes share the pages; the price is that a page of a file that someone truncates *in place*
/// meanwhile cannot be delivered and ends the process. Files written by ``AtomicFile`` are
/// replaced, never truncated, and a mapping keeps the replaced file alive.
///
/// `@unchecked Sendable`: the memory is written only in `init`, before anyone else has the object,
/// and freed in `deinit`, after the last one has let go of it; in between it is only read.
package final class FileBytes: @unchecked Sendable {
  /// Files of this many bytes or more are mapped.
  package static let mappingThreshold = 64 << 20

  package let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  package init(
    path: String, mappingThreshold: Int = FileBytes.mappingThreshold
  ) throws(ModelFileError) {
    // Without O_NONBLOCK, opening a named pipe would wait for someone to write to it.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw .unreadable(path: path, reason: systemMessage(errno)) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else {
      throw .unreadable(path: path, reason: systemMessage(errno))
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .unreadable(path: path, reason: "it is a directory, expected a file")
    default: throw .unreadable(path: path, reason: "it is not a regular file")
    }
    let count = Int(status.st_size)
    if count >= mappingThreshold, count > 0 {
      guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED
      else { throw .unreadable(path: path, reason: systemMessage(errno)) }
      bytes = UnsafeRawBufferPointer(start: start, count: count)
      isMapped = true
      return
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    var filled = 0
    while filled < count {
      let received = pread(file, buffer.baseAddress! + filled, count - filled, off_t(filled))
      if received < 0, errno == EINTR { continue }
      guard received > 0 else {
        let reason =
          received < 0
          ? systemMessage(errno)
          : "it shrank from \(count) to \(filled) bytes while it was read"
        buffer.deallocate()
        throw .unreadable(path: path, reason: reason)
      }
      filled += received
    }
    bytes = UnsafeRawBufferPointer(buffer)
    isMapped = false
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
    } else {
      bytes.deallocate()
    }
  }
}

/// The system's words for an error number, in lower case to stand in the middle of a line.
func systemMessage(_ code: Int32) -> String {
  let message = String(cString: strerror(code))
  return message.prefix(1).lowercased() + message.dropFirst()
}

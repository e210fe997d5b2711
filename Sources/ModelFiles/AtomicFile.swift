import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes files whole or not at all.
///
/// The bytes go to a temporary file in the same folder, are flushed to the disk, and only then take
/// the name; the folder is flushed too. Whenever the process or the machine stops, the path holds
/// the old file or the new one. After a failure (full disk, folder that cannot be written) the
/// temporary file is gone and the old one is as it was.
public enum AtomicFile {
  /// Receives the bytes of a file that is being written.
  public struct Writer: ~Copyable {
    private let file: Int32
    private let path: String

    fileprivate init(file: Int32, path: String) {
      self.file = file
      self.path = path
    }

    /// Appends `bytes`.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(ModelFileError) {
      // One call moves at most 2 GiB on Linux and fails above it on macOS.
      let largest = 1 << 30
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(largest))
        #if canImport(Glibc)
          let written = Glibc.write(file, piece.baseAddress, piece.count)
        #elseif canImport(Musl)
          let written = Musl.write(file, piece.baseAddress, piece.count)
        #elseif canImport(Darwin)
          let written = Darwin.write(file, piece.baseAddress, piece.count)
        #endif
        if written < 0, errno == EINTR { continue }
        guard written > 0 else {
          throw .unwritable(path: path, reason: systemMessage(written < 0 ? errno : EIO))
        }
        rest = rest.dropFirst(written)
      }
    }

    /// Appends `text` as UTF-8.
    public func write(_ text: String) throws(ModelFileError) {
      try write(ContiguousArray(text.utf8))
    }

    private func write(_ bytes: ContiguousArray<UInt8>) throws(ModelFileError) {
      try bytes.withUnsafeBufferPointer { (bytes) throws(ModelFileError) in
        try write(UnsafeRawBufferPointer(bytes))
      }
    }
  }

  /// Writes what `body` hands to the writer. If `body` throws, the path is left as it was.
  public static func write(
    to path: String, _ body: (borrowing Writer) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    let target = try Target(path: path)
    let (temporary, file) = try target.createTemporary()
    var isOpen = true
    do throws(ModelFileError) {
      try body(Writer(file: file, path: path))
      guard flush(file) else { throw target.failure() }
      isOpen = false
      guard close(file) == 0 else { throw target.failure() }
      guard rename(temporary, target.resolved) == 0 else { throw target.failure() }
    } catch {
      if isOpen { close(file) }
      unlink(temporary)
      throw error
    }
    // The name is in place; some file systems cannot flush a folder, and then there is nothing more
    // to do.
    let folder = open(target.folder, O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      _ = flush(folder)
      close(folder)
    }
  }

  /// Writes `text` as UTF-8.
  public static func write(_ text: String, to path: String) throws(ModelFileError) {
    try write(to: path) { (writer) throws(ModelFileError) in try writer.write(text) }
  }

  /// Writes `data`.
  public static func write(_ data: Data, to path: String) throws(ModelFileError) {
    let bytes = [UInt8](data)
    try write(to: path) { (writer) throws(ModelFileError) in
      try bytes.withUnsafeBufferPointer { (bytes) throws(ModelFileError) in
        try writer.write(UnsafeRawBufferPointer(bytes))
      }
    }
  }

  /// Throws what ``write(_:to:)-(String,_)`` would throw now for reasons known beforehand: no such
  /// folder, a folder or file that cannot be written, a directory of that name. To be asked before
  /// hours of work, not after.
  public static func checkWritable(_ path: String) throws(ModelFileError) {
    let (temporary, file) = try Target(path: path).createTemporary()
    close(file)
    unlink(temporary)
  }

  private static func flush(_ file: Int32) -> Bool {
    #if canImport(Darwin)
      // There, fsync leaves the bytes in the drive's cache.
      if fcntl(file, F_FULLFSYNC) == 0 { return true }
    #endif
    return fsync(file) == 0
  }
}

/// Where a file is to go.
private struct Target {
  let path: String
  /// `path` with symbolic links followed, so that a link keeps pointing to what is replaced.
  let resolved: String
  let folder: String
  private let mode: mode_t?

  init(path: String) throws(ModelFileError) {
    self.path = path
    guard !path.isEmpty else { throw .unwritable(path: path, reason: "the name is empty") }
    var status = stat()
    if stat(path, &status) == 0 {
      switch status.st_mode & S_IFMT {
      case S_IFREG: break
      case S_IFDIR: throw .unwritable(path: path, reason: "it is a directory")
      // Renaming onto a device or a pipe would put a file in its place.
      default: throw .unwritable(path: path, reason: "it is not a regular file")
      }
      guard access(path, W_OK) == 0, let real = realpath(path, nil) else {
        throw .unwritable(path: path, reason: systemMessage(errno))
      }
      resolved = String(cString: real)
      free(real)
      mode = status.st_mode & 0o777
    } else {
      guard !path.hasSuffix("/") else {
        throw .unwritable(path: path, reason: "it names a directory, expected a file")
      }
      resolved = path
      mode = nil
    }
    if let slash = resolved.utf8.lastIndex(of: UInt8(ascii: "/")) {
      folder = slash == resolved.startIndex ? "/" : String(resolved[..<slash])
    } else {
      folder = "."
    }
  }

  func failure() -> ModelFileError { .unwritable(path: path, reason: systemMessage(errno)) }

  /// Creates and opens an empty file with a new name beside the target.
  func createTemporary() throws(ModelFileError) -> (path: String, file: Int32) {
    // Cut, so that the longest allowed name still leaves room for the suffix.
    let base = String(decoding: resolved.utf8.dropFirst(prefixLength).prefix(200), as: UTF8.self)
    while true {
      let suffix = String(UInt32.random(in: .min ... .max), radix: 16)
      let temporary = "\(folder)/.\(base).\(suffix).tmp"
      let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if file >= 0 {
        if let mode { fchmod(file, mode) }
        return (temporary, file)
      }
      guard errno == EEXIST else { throw failure() }
    }
  }

  private var prefixLength: Int {
    guard let slash = resolved.utf8.lastIndex(of: UInt8(ascii: "/")) else { return 0 }
    return resolved.utf8.distance(from: resolved.startIndex, to: slash) + 1
  }
}

import Foundation

extension CommonOptions {
  /// Refuses outputs that are one file with an input, which they would destroy, or with one another.
  /// To be asked before the work. Devices and pipes may be anything at once.
  ///
  /// - Parameters:
  ///   - outputs: paths, each with its option, such as `--html`; nil where none is given.
  ///   - inputs: paths, each with what it is, such as "the model that is read". The configuration file
  ///     is one without being named.
  /// - Throws: `Failure` for the first output that is not a file of its own.
  func refuseSharedFiles(
    outputs: [(option: String, path: String?)], inputs: [(role: String, path: String?)] = []
  ) throws {
    var taken: [FileIdentity: String] = [:]
    for input in inputs + [(role: "the file of --config", path: config)] {
      if let file = input.path.flatMap(FileIdentity.init(path:)) { taken[file] = input.role }
    }
    for output in outputs {
      guard let path = output.path, let file = FileIdentity(path: path) else { continue }
      if let role = taken[file] {
        throw Failure.usage("\(output.option) \(path) is \(role); expected a file of its own")
      }
      taken[file] = "the file of \(output.option) too"
    }
  }
}

/// What tells files apart, whatever their paths are called.
enum FileIdentity: Hashable {
  case existing(device: UInt64, node: UInt64)
  case new(path: String)

  /// nil for what is no regular file: nothing in it can be lost.
  init?(path: String) {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else { return nil }
      self = .existing(
        device: UInt64(truncatingIfNeeded: status.st_dev),
        node: UInt64(truncatingIfNeeded: status.st_ino))
      return
    }
    // The folder is there, or nothing can be written to it anyway.
    let url = URL(fileURLWithPath: path).standardizedFileURL
    let folder = url.deletingLastPathComponent().resolvingSymlinksInPath()
    self = .new(path: folder.appendingPathComponent(url.lastPathComponent).path)
  }
}

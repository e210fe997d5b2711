import Foundation

/// The command line of this process, to print commands that work when they are pasted.
enum Invocation {
  /// How to call this tool from the current folder: by its name if a shell would find it, else by
  /// its path.
  static var tool: String {
    let called = CommandLine.arguments.first ?? "unroll"
    guard called.contains("/") else { return called }
    let path = URL(fileURLWithPath: called).standardizedFileURL.path
    let name = URL(fileURLWithPath: path).lastPathComponent
    let searched = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let found = searched.split(separator: ":").lazy.map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    if found == path { return name }
    let folder = FileManager.default.currentDirectoryPath + "/"
    guard path.hasPrefix(folder) else { return path }
    let relative = String(path.dropFirst(folder.count))
    return relative.contains("/") ? relative : "./" + relative
  }

  /// The very command that was given, with `--resume`.
  static var resuming: String {
    var arguments = Array(CommandLine.arguments.dropFirst())
    if !arguments.contains("--resume") { arguments.append("--resume") }
    return shellCommand([tool] + arguments)
  }
}

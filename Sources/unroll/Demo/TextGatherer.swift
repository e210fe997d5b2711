import Foundation

/// Gathers the text under a folder for a model to learn: which files, in which order, and which part
/// is held out. The same folder gives the same text, wherever it lies.
struct TextGatherer {
  /// Characters (Unicode scalars) of text to stop at: about what a short training run can read.
  var limit = 2_500_000
  /// A larger file is data more often than prose or code.
  var largestFile = 1_000_000
  /// One block of text in so many is held out.
  var blocksPerHeldOut = 12

  /// A folder that is being written to, which is not read, whatever it is called.
  var ownOutput: String?

  /// Folders that hold what tools have made or fetched.
  static let skippedFolders: Set<String> = [
    "build", "node_modules", "DerivedData", "Carthage", "Pods", "__pycache__", "venv", "target",
    "unroll-demo",
  ]

  /// What programs write for programs: it can be learnt, but nobody would want to read more of it.
  static let dataExtensions: Set<String> = [
    "arpa", "conllu", "csv", "json", "jsonl", "lock", "svg", "tsv", "xml",
  ]

  /// What was gathered.
  struct Text {
    /// The files it comes from, as paths below the folder.
    var files: [String]
    var training: String
    var heldOut: String
    /// Characters of both.
    var characters: Int
  }

  /// Gathers from a folder, or from one file.
  ///
  /// - Throws: `Failure` if there is nothing at `path`, or too little text.
  func gather(_ path: String) throws -> Text {
    let paths = try candidates(path)
    var gathered: [(path: String, text: String)] = []
    var characters = 0
    // Where there is too much text, a fair choice: by a hash of the name, not by the alphabet.
    for file in paths.sorted(by: { (hash($0), $0) < (hash($1), $1) }) {
      guard characters < limit, let text = text(of: path, file) else { continue }
      let kept = text.unicodeScalars.prefix(limit - characters)
      characters += kept.count
      gathered.append((file, String(kept)))
    }
    gathered.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    guard characters >= 5_000 else {
      throw Failure(
        "\(path): \(Format.count(characters)) characters of text in "
          + "\(Format.plural(gathered.count, "file")); "
          + "expected at least 5,000 to learn from")
    }
    let (training, heldOut) = split(gathered.map(\.text).joined(separator: "\n"), characters)
    return Text(
      files: gathered.map(\.path), training: training, heldOut: heldOut, characters: characters)
  }

  /// Cuts the text into blocks that end at a line's end and holds out every twelfth, so that what
  /// is held out is like what is learnt.
  private func split(_ text: String, _ characters: Int) -> (training: String, heldOut: String) {
    let blockSize = min(4096, characters / (4 * blocksPerHeldOut))
    var parts = (training: String.UnicodeScalarView(), heldOut: String.UnicodeScalarView())
    var rest = text.unicodeScalars[...]
    var index = 0
    while !rest.isEmpty {
      var end =
        rest.index(rest.startIndex, offsetBy: blockSize, limitedBy: rest.endIndex)
        ?? rest.endIndex
      // A line that goes on and on is cut where it is.
      let lineLimit =
        rest.index(end, offsetBy: blockSize, limitedBy: rest.endIndex) ?? rest.endIndex
      end = rest[end..<lineLimit].firstIndex(of: "\n").map(rest.index(after:)) ?? lineLimit
      if index % blocksPerHeldOut == blocksPerHeldOut / 2 {
        parts.heldOut.append(contentsOf: rest[..<end])
      } else {
        parts.training.append(contentsOf: rest[..<end])
      }
      rest = rest[end...]
      index += 1
    }
    return (String(parts.training), String(parts.heldOut))
  }

  /// Paths below `path` that may hold text. Hidden files and links are left out.
  private func candidates(_ path: String) throws -> [String] {
    let root = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Failure("\(path): no such file or folder; expected text to learn from")
    }
    guard isFolder.boolValue else { return [""] }
    let own = ownOutput.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
    let keys: [URLResourceKey] = [.isDirectoryKey, .isRegularFileKey, .fileSizeKey]
    var found: [String] = []
    var folders = [""]
    while let folder = folders.popLast() {
      let contents = try? FileManager.default.contentsOfDirectory(
        at: folder.isEmpty ? root : root.appendingPathComponent(folder),
        includingPropertiesForKeys: keys)
      for entry in contents ?? [] {
        let name = entry.lastPathComponent
        guard !name.hasPrefix("."), let values = try? entry.resourceValues(forKeys: Set(keys))
        else { continue }
        let relative = folder.isEmpty ? name : folder + "/" + name
        if values.isDirectory == true {
          let isOwn = own != nil && entry.resolvingSymlinksInPath().path == own
          if !isOwn, !Self.skippedFolders.contains(name) { folders.append(relative) }
        } else if values.isRegularFile == true, (1...largestFile).contains(values.fileSize ?? 0),
          !Self.dataExtensions.contains(entry.pathExtension.lowercased())
        {
          found.append(relative)
        }
      }
    }
    return found
  }

  /// A file's text with plain line ends, or nil if it holds something else than text.
  private func text(of root: String, _ file: String) -> String? {
    let path = file.isEmpty ? root : root + "/" + file
    guard let data = FileManager.default.contents(atPath: path), !data.isEmpty,
      var text = String(validating: data, as: UTF8.self)
    else { return nil }
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    let isText = text.unicodeScalars.allSatisfy {
      $0.value >= 0x20 && $0.value != 0x7F || "\t\n\r\u{C}".unicodeScalars.contains($0)
    }
    return isText ? text.replacing("\r\n", with: "\n") : nil
  }

  /// FNV-1a, 64 bits: the same everywhere, unlike Swift's own hash.
  private func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}

/// A command line that a POSIX shell reads as exactly these arguments.
func shellCommand(_ arguments: [String]) -> String {
  arguments.map(shellQuoted).joined(separator: " ")
}

private func shellQuoted(_ argument: String) -> String {
  let isPlain =
    !argument.isEmpty
    && argument.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || "-_./=,:+@%".unicodeScalars.contains($0)
    }
  return isPlain ? argument : "'" + argument.replacing("'", with: "'\\''") + "'"
}

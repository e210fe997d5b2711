import ArgumentParser

/// A verb of the command line that does something, on a console that tests can put in the process's place.
protocol Verb: ParsableCommand {
  /// Does the work.
  func run(_ console: Console) throws
}

extension Verb {
  func run() throws { try run(.standard) }
}

import ArgumentParser

@main
struct Unroll: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unroll",
    abstract: "Deep networks for sequences: train, evaluate and run recurrent models.",
    discussion: """
      Start with a model of the text around you, in about two minutes:
        unroll demo

      Results go to standard output, progress and messages to standard error.
      """,
    subcommands: [
      Demo.self, Train.self, Evaluate.self, Generate.self, Score.self, Translate.self,
      CaptionVerb.self, Tag.self, Classify.self, ForecastVerb.self, Embed.self, Neighbors.self,
      Inspect.self, Gradients.self, Convert.self, Average.self, Compare.self, Bench.self,
      StudyVerb.self,
    ])

  /// Ends every failure the same way: one line on standard error that begins with "unroll:".
  static func main() {
    // A reader that leaves is an error to handle where we write, not a signal that ends training.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      end(after: error)
    }
  }

  private static func end(after error: any Error) -> Never {
    if error is ReaderLeft { exit(withError: ExitCode.success) }
    if let code = error as? ExitCode { exit(withError: code) }
    if let failure = error as? Failure {
      Console.standard.message("unroll: \(failure)")
      exit(withError: ExitCode(failure.status))
    }
    switch exitCode(for: error) {
    case .success: exit(withError: error)  // --help, --version
    case .validationFailure:
      // The usage of a verb with thirty flags is a page; where to find it is enough.
      let verb = fullMessage(for: error).firstMatch(of: /See '(unroll.*?) --help'/)?.1
      let hint = verb.map { "; \($0) --help says more" } ?? ""
      var problem = oneLine(message(for: error))
      if problem.hasSuffix(".") { problem.removeLast() }
      Console.standard.message("unroll: \(problem)\(hint)")
      exit(withError: ExitCode.validationFailure)
    default:
      Console.standard.message("unroll: \(oneLine(error))")
      exit(withError: ExitCode.failure)
    }
  }
}

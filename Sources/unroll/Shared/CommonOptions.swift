import ArgumentParser
import Foundation
import Tensors

/// The flags that every verb has.
struct CommonOptions: ParsableArguments {
  @Flag(help: "Print results as JSON, one object a line.")
  var json = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Threads to work with (default: one a processor). Results do not depend on it.",
      valueName: "n"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "A YAML file of settings: the flags' names without the dashes. Flags win over it.",
      valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var config: String?

  /// The settings of the verb that these flags belong to.
  func settings() throws -> Settings { Settings(file: try config.map(ConfigFile.init(path:))) }

  /// Takes the number of threads from the settings.
  func threadCount(_ settings: inout Settings) throws -> Int {
    try settings.value(
      "threads", threads, default: ProcessInfo.processInfo.activeProcessorCount,
      .upTo(1024))
  }
}

/// The flag of the verbs that draw random numbers.
struct SeedOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Where random numbers start (default: 1). The same seed gives the same result.",
      valueName: "n"))
  var seed: UInt64?

  func value(_ settings: inout Settings) throws -> UInt64 {
    try settings.value("seed", seed, default: 1)
  }
}

/// Runs `work` with a team of `threads` threads.
func withThreads<Result>(_ threads: Int, _ work: () throws -> Result) rethrows -> Result {
  try ThreadTeam.$current.withValue(ThreadTeam(threads: threads), operation: work)
}

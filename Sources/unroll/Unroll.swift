import ArgumentParser

@main
struct Unroll: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Deep networks for sequences.")
}

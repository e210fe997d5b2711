import ArgumentParser

/// `unroll study trees`
struct TreeVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: TreeStudy.name,
    abstract: "What is it worth to be told the tree?",
    discussion: """
      ListOps (Nangia & Bowman 2018): nested operations on lists of digits. Tree nets against an LSTM \
      that reads the same words from left to right, with about as many parameters: accuracy, by depth, \
      length and operator, and speed. Two hours of a core in full.

      Measurements are named NET/told WHAT/seed n, NET being \
      \(TreeStudy.Net.allCases.map(\.rawValue).joined(separator: ", ")).

      EXAMPLES
        unroll study trees --quick
        unroll study trees --only n-ary --only sequence --trees 100000 --epochs 20
      """)

  @OptionGroup var options: StudyVerb.Options
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Expressions of an epoch (default: 50000).", valueName: "n"))
  var trees: Int?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Epochs (default: 10).", valueName: "n"))
  var epochs: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Parameters of a tree cell, about (default: 50000).", valueName: "n"))
  var parameters: Int?

  func run(_ console: Console) throws {
    var settings = try options.common.settings()
    let choice = try options.choice(&settings, study: TreeStudy.name)
    var training = TreeStudy.Training()
    if choice.isQuick {
      (training.trees, training.epochs, training.longest) = (1500, 2, 30)
      (training.tested, training.parameters) = (500, 20_000)
    }
    training.trees = try settings.value("trees", trees, default: training.trees, .upTo(100_000_000))
    training.epochs = try settings.value(
      "epochs", epochs, default: training.epochs, .upTo(1_000_000))
    training.parameters = try settings.value(
      "parameters", parameters, default: training.parameters, .upTo(10_000_000))
    try settings.finish()
    try options.run(
      TreeStudy(
        training: training, nets: TreeStudy.Net.allCases, seeds: choice.seeds ?? 1,
        pattern: choice.pattern), choice, console)
  }
}

import ArgumentParser
import Corpora
import Models

/// `unroll classify`
struct Classify: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Say of texts, series or trees what a classifier makes of them.",
    discussion: """
      Texts come a line each, without labels, and are answered as they come, in their order, a line each: \
      the class and its probability, with tabs between them. Of labels all with a probability of a half \
      and more are named, and of a regressor the number is printed. Series come as for `train classifier`, \
      trees as for `train trees`; labels in them are not looked at.

      EXAMPLES
        echo "a film that you will not forget" | unroll classify model.safetensors
        unroll classify model.safetensors reviews.txt --top 2
        unroll classify vowels.safetensors test.ts --json
        echo "[MAX 2 9 [MIN 4 7 ] 0 ]" | unroll classify listops.safetensors
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(
    help: "Texts, .ts, .csv or trees; - or nothing: texts, .ts or trees from standard input.",
    completion: .file())
  var file: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Name the likeliest n classes or labels.", valueName: "n"))
  var top: Int?
  @Option(
    help: """
      How trees are written: brackets, conllu, json or listops (default: listops for a model of it, else by \
      the file's name; brackets on standard input).
      """)
  var treeFormat: TreeFormat?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let top = try settings.value("top", top, .atLeast(1))
    let treeFormat = try settings.value("tree-format", treeFormat)
    try settings.finish()
    let path = file == "-" ? nil : file
    func lines(_ labels: [String]) -> ClassificationLines {
      ClassificationLines(labels: labels, top: top, json: common.json)
    }
    let kind = try ModelKind(ofFile: model)
    switch kind {
    case .neural(.classifier):
      guard treeFormat == nil else {
        throw Failure("--tree-format goes with a classifier of trees; \(model) is \(kind)")
      }
      let classifier = try Classifier(contentsOf: model)
      guard top == nil || classifier.labels != nil else {
        throw Failure("--top goes with classes and labels; \(model) says a number")
      }
      let answers = CaseAnswers(
        classifier: classifier, lines: lines(classifier.labels?.tokens ?? []), console: console)
      try withThreads(threads) { try answers.run(path) }
    case .neural(.treeClassifier):
      let classifier = try TreeClassifier(contentsOf: model)
      let answers = TreeAnswers(
        classifier: classifier, format: treeFormat, lines: lines(classifier.labels.tokens),
        console: console)
      try withThreads(threads) { try answers.run(path) }
    default:
      throw Failure("classify goes with a classifier; \(model) is \(kind)")
    }
  }
}

import ArgumentParser
import Models

/// `unroll inspect`
struct Inspect: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Show what is in a model file.",
    discussion: """
      Architecture, tensors with their parameter counts, vocabulary, and how the model was trained.

      EXAMPLES
        unroll inspect model.safetensors
        unroll inspect model.safetensors --json
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    _ = try common.threadCount(&settings)
    try settings.finish()
    let inspection = try inspection()
    try common.json
      ? console.result(inspection.json.text) : console.writeResult(inspection.text)
  }

  /// What there is to see: a case, and a file of `Inspect/`, for each kind of model.
  private func inspection() throws -> Inspection {
    switch try ModelKind(ofFile: model) {
    case .ngrams: Inspection(try NGramLanguageModel(contentsOf: model))
    case .neural(.languageModel): Inspection(try LanguageModel(contentsOf: model))
    case .neural(.tagger): Inspection(try Tagger(contentsOf: model))
    case .neural(.classifier): Inspection(try Classifier(contentsOf: model))
    case .neural(.forecaster): Inspection(try Forecaster(contentsOf: model))
    case .neural(.treeClassifier): Inspection(try TreeClassifier(contentsOf: model))
    case .neural(.translator): Inspection(try Translator(contentsOf: model))
    case .neural(.captioner): Inspection(try Captioner(contentsOf: model))
    }
  }
}

import Models

/// What is in a model file. A verb switches over it, and hands over to a file for each kind of model.
enum ModelKind: Equatable {
  /// n-grams in ARPA's format.
  case ngrams
  /// A safetensors file.
  case neural(ModelTask)

  /// Of the file at `path`; see `ModelTask.init(ofFile:)` for what it throws.
  init(ofFile path: String) throws {
    self = NGramLanguageModel.isARPA(path) ? .ngrams : .neural(try ModelTask(ofFile: path))
  }
}

extension ModelKind: CustomStringConvertible {
  /// "an n-gram model (ARPA)", "a language model", "a tagger"
  var description: String {
    switch self {
    case .ngrams: "an n-gram model (ARPA)"
    case .neural(let task): "a " + task.rawValue.replacing("-", with: " ")
    }
  }
}

/// The neural model in a file, whatever it is for.
func loadModel(_ path: String) throws -> any StoredModel {
  switch try ModelKind(ofFile: path) {
  case .ngrams:
    throw ModelError.notAModel(
      path: path, detail: "it is an n-gram model (ARPA), expected a neural one")
  case .neural(let task): try task.modelType.init(contentsOf: path)
  }
}

/// The language model in a file.
///
/// - Parameter verb: what needs one, for the error where the file holds another kind of model.
func loadLanguageModel(_ path: String, for verb: String) throws -> LanguageModel {
  let kind = try ModelKind(ofFile: path)
  guard kind == .neural(.languageModel) else {
    throw Failure("\(verb) goes with a neural language model; \(path) is \(kind)")
  }
  return try LanguageModel(contentsOf: path)
}

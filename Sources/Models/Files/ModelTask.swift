import Foundation
import ModelFiles

/// What a model is for, as its file says.
public enum ModelTask: String, Sendable, Codable, CaseIterable {
  /// ``LanguageModel``
  case languageModel = "language-model"
  /// ``Tagger``
  case tagger
  /// ``Classifier``
  case classifier
  /// ``Forecaster``
  case forecaster
  /// ``TreeClassifier``
  case treeClassifier = "tree-classifier"
  /// ``Translator``
  case translator
  /// ``Captioner``
  case captioner

  /// The type of the models for it.
  public var modelType: any StoredModel.Type {
    switch self {
    case .languageModel: LanguageModel.self
    case .tagger: Tagger.self
    case .classifier: Classifier.self
    case .forecaster: Forecaster.self
    case .treeClassifier: TreeClassifier.self
    case .translator: Translator.self
    case .captioner: Captioner.self
    }
  }

  /// The task of the model in the file at `path`.
  ///
  /// Throws `ModelFileError` for what is no safetensors file, and ``ModelError/notAModel(path:detail:)``
  /// for one that holds no model, or one of a task unknown here.
  public init(ofFile path: String) throws {
    let heading = try ModelHeading(SafetensorsFile(path: path))
    guard let task = Self(rawValue: heading.task) else {
      let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw ModelError.notAModel(
        path: path, detail: "it is a \(heading.task.debugDescription), expected one of \(known)")
    }
    self = task
  }
}

/// What the metadata entry `unroll` of every model file begins with.
struct ModelHeading {
  /// The only format there has been.
  static let format = 1

  /// The name of a ``ModelTask``, or whatever else the file has there.
  let task: String
  /// The entry, as JSON.
  let json: Data

  private struct Content: Decodable {
    let format: Int
    let task: String
  }

  init(_ file: SafetensorsFile) throws(ModelError) {
    func notAModel(_ detail: String) -> ModelError { .notAModel(path: file.path, detail: detail) }
    guard let entry = file.metadata["unroll"] else {
      throw notAModel("its metadata has no entry \"unroll\"")
    }
    json = Data(entry.utf8)
    let content: Content
    do {
      content = try JSONDecoder().decode(Content.self, from: json)
    } catch {
      throw notAModel("its metadata entry \"unroll\" is not as expected: \(decodingReason(error))")
    }
    guard content.format == Self.format else {
      throw notAModel("it has format \(content.format), expected \(Self.format)")
    }
    task = content.task
  }
}

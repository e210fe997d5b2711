import Corpora
import Foundation
import ModelFiles
import Recurrent
import Tensors

extension LanguageModel {
  /// What the metadata entry `unroll` of a model file holds, as JSON.
  private struct Description: Codable {
    var format: Int
    var task: String
    var architecture: LanguageModelConfiguration
    var vocabulary: Vocabulary
    var training: TrainingRecord?
  }
  private struct Kind: Decodable {
    let format: Int
    let task: String
  }
  private static let task = "language-model"
  private static let format = 1

  /// How the weights are written.
  public enum Precision: String, Sendable, CaseIterable {
    /// As they are.
    case single
    /// Rounded to IEEE 754 halves, 11 bits of each: a file half as large, and steps that read half as
    /// much, since the packed weights of such a model are kept as halves too.
    case half
  }

  /// Writes the model to a safetensors file, atomically: weights under PyTorch's names, and in the
  /// metadata entry `unroll` the architecture, vocabulary and training record as JSON. Equal models
  /// give equal files. Throws ``ModelFileError``, and ``ModelError`` for a weight that no half is near.
  public func save(to path: String, precision: Precision = .single) throws {
    if precision == .half { try checkHalves(path) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let description = Description(
      format: Self.format, task: Self.task, architecture: configuration, vocabulary: vocabulary,
      training: trainingRecord)
    let json = String(decoding: try encoder.encode(description), as: UTF8.self)
    let sources = parameters.map { parameter in
      let value = parameter.value
      let (name, shape) = (parameter.name, parameter.shape)
      return switch precision {
      case .single:
        TensorSource(name: name, shape: shape) { receive in value.withUnsafeBufferPointer(receive) }
      case .half:
        TensorSource(
          name: name, shape: shape, halves: { value.scalars.map(HalfPrecision.bits(nearestTo:)) })
      }
    }
    try SafetensorsWriter.write(to: path, tensors: sources, metadata: ["unroll": json])
  }

  /// Throws if a weight is beyond the largest half, 65504.
  private func checkHalves(_ path: String) throws(ModelError) {
    for parameter in parameters {
      let largest = parameter.value.scalars.lazy.map(\.magnitude).max() ?? 0
      guard largest < 65520 else {
        throw .wrongTensor(
          path: path, tensor: parameter.name,
          detail: "a weight of \(largest) is beyond half precision, which ends at 65504")
      }
    }
  }

  /// Reads a model file, trusting nothing in it: sizes must agree with the architecture, and every
  /// weight must be a finite number. Throws ``ModelFileError``, ``ModelError`` or ``CorpusError``.
  public init(contentsOf path: String) throws {
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(path: path)
    } catch {
      guard NGramLanguageModel.isARPA(path) else { throw error }
      throw ModelError.notAModel(
        path: path, detail: "it is an n-gram model (ARPA), expected a neural language model")
    }
    try self.init(file)
  }

  init(_ file: SafetensorsFile) throws {
    let description = try Self.description(file)
    // Before anything is allocated by the sizes that the file claims, its tensors must have them.
    try Self.checkTensors(
      description.architecture, vocabularySize: description.vocabulary.count, in: file)
    try self.init(
      configuration: description.architecture, vocabulary: description.vocabulary,
      initialization: .zero, key: RandomKey(seed: 0))
    trainingRecord = description.training
    for parameter in parameters {
      let (shape, scalars) = try file.floats(parameter.name, requireFinite: true)
      parameter.value = Tensor(shape: shape, scalars: scalars)
    }
  }

  /// What the metadata say, if they describe a network.
  private static func description(_ file: SafetensorsFile) throws -> Description {
    func notAModel(_ detail: String) -> ModelError { .notAModel(path: file.path, detail: detail) }
    guard let json = file.metadata["unroll"] else {
      throw notAModel("its metadata has no entry \"unroll\"")
    }
    do {
      // Looked at before the rest, which may differ in another format and for another task.
      let kind = try JSONDecoder().decode(Kind.self, from: Data(json.utf8))
      guard kind.format == format else {
        throw notAModel("it has format \(kind.format), expected \(format)")
      }
      guard kind.task == task else {
        throw notAModel("it is a \(kind.task.debugDescription), expected a \(task)")
      }
      let description = try JSONDecoder().decode(Description.self, from: Data(json.utf8))
      try description.architecture.validate()
      try description.architecture.validate(description.vocabulary)
      return description
    } catch ModelError.invalidConfiguration(let fault) {
      throw notAModel(fault)
    } catch let error as ModelError {
      throw error
    } catch {
      throw notAModel("its metadata entry \"unroll\" is not as expected: \(reason(error))")
    }
  }

  /// Throws unless `file` has the tensors of `architecture` and no others.
  private static func checkTensors(
    _ architecture: LanguageModelConfiguration, vocabularySize: Int, in file: SafetensorsFile
  ) throws {
    var strays = Set(file.names)
    for (name, expected) in architecture.tensorShapes(vocabularySize: vocabularySize) {
      let shape = try file.record(name).shape
      guard shape == expected else {
        throw ModelError.wrongTensor(
          path: file.path, tensor: name, detail: "shape \(shape), expected \(expected)")
      }
      strays.remove(name)
    }
    if let stray = strays.min() {
      throw ModelError.wrongTensor(
        path: file.path, tensor: stray, detail: "the architecture has no such tensor")
    }
  }
}

/// A decoding error in some words.
private func reason(_ error: any Error) -> String {
  switch error {
  case DecodingError.keyNotFound(let key, _): "it has no \"\(key.stringValue)\""
  case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
    "\"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" is of another type"
  case DecodingError.dataCorrupted(let context):
    context.codingPath.isEmpty
      ? "it is not JSON"
      : "\"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" has an unknown value"
  case let error as CorpusError: error.description
  default: "it cannot be decoded"
  }
}

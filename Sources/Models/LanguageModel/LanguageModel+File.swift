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
  private static let task = "language-model"
  private static let format = 1

  /// Writes the model to a safetensors file, atomically: weights under PyTorch's names, and in the
  /// metadata entry `unroll` the architecture, vocabulary and training record as JSON. Equal models
  /// give equal files. Throws ``ModelFileError``.
  public func save(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let description = Description(
      format: Self.format, task: Self.task, architecture: configuration, vocabulary: vocabulary,
      training: trainingRecord)
    let json = String(decoding: try encoder.encode(description), as: UTF8.self)
    let sources = parameters.map { parameter in
      let value = parameter.value
      return TensorSource(name: parameter.name, shape: parameter.shape) { receive in
        value.withUnsafeBufferPointer(receive)
      }
    }
    try SafetensorsWriter.write(to: path, tensors: sources, metadata: ["unroll": json])
  }

  /// Reads a model file, trusting nothing in it: sizes must agree with the architecture, and every
  /// weight must be a finite number. Throws ``ModelFileError``, ``ModelError`` or ``CorpusError``.
  public init(contentsOf path: String) throws {
    try self.init(SafetensorsFile(path: path))
  }

  init(_ file: SafetensorsFile) throws {
    let path = file.path
    guard let json = file.metadata["unroll"] else {
      throw ModelError.notAModel(path: path, detail: "its metadata has no entry \"unroll\"")
    }
    let description: Description
    do {
      description = try JSONDecoder().decode(Description.self, from: Data(json.utf8))
      guard description.format == Self.format else {
        throw ModelError.notAModel(
          path: path, detail: "it has format \(description.format), expected \(Self.format)")
      }
      guard description.task == Self.task else {
        throw ModelError.notAModel(
          path: path,
          detail: "it is a \(description.task.debugDescription), expected a \(Self.task)")
      }
      try description.architecture.validate()
    } catch let error as ModelError {
      if case .invalidConfiguration(let fault) = error {
        throw ModelError.notAModel(path: path, detail: fault)
      }
      throw error
    } catch {
      throw ModelError.notAModel(
        path: path, detail: "its metadata entry \"unroll\" is not as expected: \(reason(error))")
    }
    guard description.vocabulary.count > 0 else {
      throw ModelError.notAModel(path: path, detail: "its vocabulary is empty")
    }
    // Before anything is allocated by the sizes that the file claims, its tensors must have them.
    try Self.checkShapes(
      description.architecture, vocabularySize: description.vocabulary.count, in: file)
    try self.init(
      configuration: description.architecture, vocabulary: description.vocabulary,
      initialization: .zero, key: RandomKey(seed: 0))
    trainingRecord = description.training
    for parameter in parameters {
      let (shape, scalars) = try file.floats(parameter.name, requireFinite: true)
      guard shape == parameter.shape else {
        throw ModelError.wrongTensor(
          path: path, tensor: parameter.name, detail: "shape \(shape), expected \(parameter.shape)")
      }
      parameter.value = Tensor(shape: shape, scalars: scalars)
    }
    let names = Set(parameters.map(\.name))
    if let stray = file.names.first(where: { !names.contains($0) }) {
      throw ModelError.wrongTensor(
        path: path, tensor: stray, detail: "the architecture has no such tensor")
    }
  }

  private static func checkShapes(
    _ architecture: LanguageModelConfiguration, vocabularySize: Int, in file: SafetensorsFile
  ) throws {
    let expected = [
      ("embedding.weight", [vocabularySize, architecture.embeddingSize]),
      ("decoder.bias", [vocabularySize]),
    ]
    func check(_ name: String, _ isRight: ([Int]) -> Bool, _ wanted: String) throws {
      let shape = try file.record(name).shape
      guard isRight(shape) else {
        throw ModelError.wrongTensor(
          path: file.path, tensor: name, detail: "shape \(shape), expected \(wanted)")
      }
    }
    for (name, shape) in expected { try check(name, { $0 == shape }, "\(shape)") }
    for layer in 0..<architecture.layers {
      try check(
        "rnn.weight_hh_l\(layer)", { $0.count == 2 && $0[1] == architecture.hiddenSize },
        "[gates, \(architecture.hiddenSize)]")
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

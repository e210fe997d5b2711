import Corpora
import Foundation
import ModelFiles
import Recurrent
import Tensors

/// A model that is one safetensors file: weights under their parameters' names, and in the metadata
/// entry `unroll`, as JSON, what it takes to make the model again.
///
/// A model type says what it is made from and which tensors that takes; reading, checking and writing are
/// the same for all.
public protocol StoredModel: Module {
  /// All that a model is made from but its weights: architecture, vocabularies, labels. Its keys stand
  /// beside `format`, `task` and `training` in the JSON, so it has none of these.
  associatedtype Blueprint: Codable & Sendable

  /// What models of this type are for.
  static var task: ModelTask { get }

  /// What this model is made from.
  var blueprint: Blueprint { get }

  /// How it was trained; nil for a fresh model.
  var trainingRecord: TrainingRecord? { get set }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for a blueprint that makes no model. Nothing is to
  /// be allocated by the sizes that it claims.
  static func validate(_ blueprint: Blueprint) throws(ModelError)

  /// The names and shapes of the parameters of a valid blueprint, without making them.
  static func tensorShapes(_ blueprint: Blueprint) -> [(name: String, shape: [Int])]

  /// A model of a valid blueprint with weights that are about to be read.
  init(_ blueprint: Blueprint) throws
}

/// How weights are written.
public enum WeightPrecision: String, Sendable, CaseIterable {
  /// As they are.
  case single
  /// Rounded to IEEE 754 halves, 11 bits of each: a file half as large, and steps that read half as
  /// much, since the packed weights of such a model are kept as halves too.
  case half
}

extension StoredModel {
  /// Writes the model to a safetensors file, atomically. Equal models give equal files. Throws
  /// `ModelFileError`, and ``ModelError`` for a weight that no half is near.
  public func save(to path: String, precision: WeightPrecision = .single) throws {
    if precision == .half { try checkHalves(path) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let description = ModelDescription(
      task: Self.task, blueprint: blueprint, training: trainingRecord)
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
  /// weight must be a finite number. Throws `ModelFileError`, ``ModelError`` or `CorpusError`.
  public init(contentsOf path: String) throws {
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(path: path)
    } catch {
      guard NGramLanguageModel.isARPA(path) else { throw error }
      throw ModelError.notAModel(
        path: path, detail: "it is an n-gram model (ARPA), expected a \(Self.task.rawValue)")
    }
    try self.init(file)
  }

  init(_ file: SafetensorsFile) throws {
    let description = try Self.description(file)
    // Before anything is allocated by the sizes that the file claims, its tensors must have them.
    try Self.checkTensors(description.blueprint, in: file)
    try self.init(description.blueprint)
    trainingRecord = description.training
    for parameter in parameters {
      let (shape, scalars) = try file.floats(parameter.name, requireFinite: true)
      parameter.value = Tensor(shape: shape, scalars: scalars)
    }
  }

  /// What the metadata say, if they describe a model of this type.
  private static func description(
    _ file: SafetensorsFile
  ) throws -> ModelDescription<Blueprint> {
    func notAModel(_ detail: String) -> ModelError { .notAModel(path: file.path, detail: detail) }
    let heading = try ModelHeading(file)
    guard heading.task == task.rawValue else {
      throw notAModel("it is a \(heading.task.debugDescription), expected a \(task.rawValue)")
    }
    do {
      let description = try JSONDecoder().decode(
        ModelDescription<Blueprint>.self, from: heading.json)
      try validate(description.blueprint)
      return description
    } catch ModelError.invalidConfiguration(let fault) {
      throw notAModel(fault)
    } catch let error as ModelError {
      throw error
    } catch {
      throw notAModel("its metadata entry \"unroll\" is not as expected: \(decodingReason(error))")
    }
  }

  /// Throws unless `file` has the tensors of `blueprint` and no others.
  private static func checkTensors(_ blueprint: Blueprint, in file: SafetensorsFile) throws {
    var strays = Set(file.names)
    for (name, expected) in tensorShapes(blueprint) {
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

/// The metadata entry `unroll`: heading, blueprint and training record side by side.
private struct ModelDescription<Blueprint: Codable>: Codable {
  let task: ModelTask
  let blueprint: Blueprint
  let training: TrainingRecord?

  private enum CodingKeys: String, CodingKey { case format, task, training }

  init(task: ModelTask, blueprint: Blueprint, training: TrainingRecord?) {
    self.task = task
    self.blueprint = blueprint
    self.training = training
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    task = try values.decode(ModelTask.self, forKey: .task)
    training = try values.decodeIfPresent(TrainingRecord.self, forKey: .training)
    blueprint = try Blueprint(from: decoder)
  }

  func encode(to encoder: any Encoder) throws {
    try blueprint.encode(to: encoder)
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(ModelHeading.format, forKey: .format)
    try values.encode(task, forKey: .task)
    try values.encodeIfPresent(training, forKey: .training)
  }
}

/// A decoding error in some words.
func decodingReason(_ error: any Error) -> String {
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

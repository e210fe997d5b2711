import Foundation
import Tensors

/// The mean of the weights of models of one blueprint.
public struct ModelMean {
  private let model: any StoredModel
  private let blueprint: Data
  private var sums: [[Double]]
  private var count = 1

  /// A mean of one model, which ``finish()`` changes.
  public init(_ model: any StoredModel) throws {
    self.model = model
    blueprint = try Self.described(model)
    sums = model.parameters.map { $0.value.scalars.map(Double.init) }
  }

  /// Adds a model. Throws ``ModelError/invalidConfiguration(_:)`` for one of another blueprint.
  public mutating func add(_ other: any StoredModel, from path: String) throws {
    guard type(of: other) == type(of: model), try Self.described(other) == blueprint else {
      throw ModelError.invalidConfiguration(
        "\(path) has another architecture or vocabulary than the first model, expected the same")
    }
    for (index, parameter) in other.parameters.enumerated() {
      for (place, value) in parameter.value.scalars.enumerated() {
        sums[index][place] += Double(value)
      }
    }
    count += 1
  }

  /// The first model with the mean for its weights, and no record of a training that it has not had.
  public func finish() -> any StoredModel {
    var model = model
    for (parameter, sum) in zip(model.parameters, sums) {
      parameter.value = Tensor(
        shape: parameter.shape, scalars: sum.map { Float($0 / Double(count)) })
    }
    model.trainingRecord = nil
    return model
  }

  private static func described(_ model: some StoredModel) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(model.blueprint)
  }
}

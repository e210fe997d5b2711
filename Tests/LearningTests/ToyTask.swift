import Foundation
import Learning
import Tensors

/// A small task with everything that a checkpoint must keep: a dense parameter and one with row
/// gradients, masks from the key, a state carried from step to step, and order shuffled by epoch.
///
/// The loss is the squared distance of the parameters from targets that depend on the carried state
/// and the step's data; it makes no sense, but every bit of it depends on all of these.
final class ToyTask: TrainingTask {
  let table: Parameter
  let bias: Parameter
  var state = Tensor(zeros: [4])
  private var order: [UInt32] = []

  var stepsPerEpoch = 5
  var uniformLoss: Double?
  var validationLosses: [Double]?
  var hasValidation = true
  /// Whether the validation loss goes up and down with the parameters.
  var isRough = false
  /// Called before each validation.
  var beforeValidation: () -> Void = {}
  /// Called before each step with its number; may throw, as a power cut does.
  var beforeStep: (StepPosition) throws -> Void = { _ in }
  /// What is reported instead of the true loss, and the factor of the gradient.
  var reportedLoss: (Int) -> Double? = { _ in nil }
  var gradientFactor: (Int) -> Float = { _ in 1 }

  private(set) var validations = 0
  private(set) var positions: [StepPosition] = []

  init(rows: Int = 6) {
    table = Parameter("table", RandomKey(seed: 10).normal([rows, 4]))
    bias = Parameter("bias", RandomKey(seed: 11).normal([4]))
  }

  var parameters: [Parameter] { [table, bias] }

  func beginEpoch(_ epoch: Int, key: RandomKey) {
    order = key.words(stepsPerEpoch)
    // Halved, not zeroed: doing it twice, or not at all, would show.
    state = Tensor(shape: [4], scalars: state.scalars.map { 0.5 * $0 + 1 })
  }

  func loss(at position: StepPosition) throws -> StepLoss {
    try beforeStep(position)
    positions.append(position)
    let factor = gradientFactor(position.step)
    let word = Int32(order[position.index] % UInt32(table.shape[0]))
    let rows = [word, (word + 1) % Int32(table.shape[0])]
    let mask = position.key.uniform(4).map { $0 < 0.3 ? 0 : Float(1 / 0.7) }
    var loss = 0.0
    var rowGradients: [Float] = []
    var biasGradient = [Float](repeating: 0, count: 4)
    for row in rows {
      for j in 0..<4 {
        let difference = mask[j] * table.value[Int(row), j] + bias.value[j] - 0.1 * state[j]
        loss += Double(difference * difference) / 2
        rowGradients.append(factor * mask[j] * difference)
        biasGradient[j] += factor * difference
      }
    }
    table.accumulateGradient(rows: rows, values: Tensor(shape: [2, 4], scalars: rowGradients))
    bias.accumulateGradient { gradient, isFresh in
      for j in 0..<4 { gradient[j] = biasGradient[j] + (isFresh ? 0 : gradient[j]) }
    }
    state = Tensor(shape: [4], scalars: (0..<4).map { 0.9 * state[$0] + bias.value[$0] })
    return StepLoss(sum: reportedLoss(position.step).map { 8 * $0 } ?? loss, tokens: 8)
  }

  func validate() -> Double? {
    beforeValidation()
    defer { validations += 1 }
    guard hasValidation else { return nil }
    if let validationLosses {
      return validationLosses[min(validations, validationLosses.count - 1)]
    }
    let squares = table.value.scalars.reduce(0) { $0 + Double($1 * $1) }
    return isRough ? squares + 4 * sin(8 * squares) : squares
  }

  var carriedState: [String: Tensor] { ["state": state] }

  func restoreCarriedState(_ saved: [String: Tensor]) throws {
    guard saved.count == 1, let state = saved["state"], state.shape == [4] else {
      throw TrainingError.foreignCarriedState(names: saved.keys.sorted())
    }
    self.state = state
  }
}

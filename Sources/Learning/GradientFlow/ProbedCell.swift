import CKernels
import Recurrent
import Synchronization
import Tensors

/// A cell that shows its recorder each step, and the gradient of each part of the state after it.
///
/// It has no `run` of its own, so a sequence is `step` after `step`, whatever the cell could do faster.
struct ProbedCell: Cell {
  let cell: AnyCell
  let recorder: FlowRecorder

  init(_ cell: AnyCell, recorder: FlowRecorder) {
    self.cell = cell
    self.recorder = recorder
  }

  var inputSize: Int { cell.inputSize }
  var hiddenSize: Int { cell.hiddenSize }
  var outputSize: Int { cell.outputSize }
  var parameters: [Parameter] { cell.parameters }

  func zeroState(batch: Int) -> AnyCell.State { cell.zeroState(batch: batch) }

  func step(_ input: Variable, _ state: AnyCell.State, mode: Mode) -> AnyCell.State {
    let recorder = recorder
    let step = recorder.beginStep(
      input.value, state.parts.map(\.value),
      gates: cell.gateActivations(input.detached, state.detached))
    // A state that leads to nothing trainable, as the first one in prediction mode, is made a leaf:
    // then all that comes after it is recorded.
    let recorded = state.parts.map { part in
      part.isRecorded
        ? part : Parameter("state", part.value).variable(.training(RandomKey(seed: 0)))
    }
    let next = cell.step(input, AnyCell.State(parts: recorded), mode: mode)
    return AnyCell.State(
      parts: next.parts.enumerated().map { part, value in
        value.probed { recorder.saw($0, part: part, step: step) }
      })
  }
}

/// What one layer shows in the course of a forward and a backward pass.
final class FlowRecorder: Sendable {
  private struct Gate {
    let name: String
    /// Activations: nearly shut, nearly open, all.
    var shut = 0
    var open = 0
    var all = 0

    init(name: String) { self.name = name }
  }

  private struct Content {
    var batch = 0
    var partCount = 0
    /// Inputs [1, I] and states [1, H] before each step of the first sequence.
    var inputs: [Tensor] = []
    var states: [[Tensor]] = []
    var gates: [Gate] = []
    /// Σ g² of each sequence, by part and step.
    var squares: [[Int]: [Double]] = [:]
  }

  private let lengths: [Int32]?
  private let content = Mutex(Content())

  init(lengths: [Int32]?) { self.lengths = lengths }

  private func isRunning(_ sequence: Int, at step: Int) -> Bool {
    lengths.map { $0[sequence] > step } ?? true
  }

  /// Takes note of what a step is made from. Gives the number of the step.
  func beginStep(_ input: Tensor, _ state: [Tensor], gates: [GateActivations]) -> Int {
    content.withLock { content in
      let step = content.inputs.count
      content.batch = input.shape[0]
      content.partCount = state.count
      content.inputs.append(input.firstRow)
      content.states.append(state.map(\.firstRow))
      if content.gates.isEmpty { content.gates = gates.map { Gate(name: $0.name) } }
      for (index, gate) in gates.enumerated() {
        count(gate.values, at: step, into: &content.gates[index])
      }
      return step
    }
  }

  private func count(_ activations: Tensor, at step: Int, into gate: inout Gate) {
    let width = activations.shape[1]
    activations.withUnsafeBufferPointer { values in
      for sequence in 0..<activations.shape[0] where isRunning(sequence, at: step) {
        for value in values[sequence * width..<(sequence + 1) * width] {
          if value < 0.1 { gate.shut += 1 }
          if value > 0.9 { gate.open += 1 }
        }
        gate.all += width
      }
    }
  }

  /// Takes note of ∂L/∂part after a step.
  func saw(_ gradient: Tensor, part: Int, step: Int) {
    let width = gradient.shape[1]
    let squares = gradient.withUnsafeBufferPointer { values in
      (0..<gradient.shape[0]).map {
        unroll_sum_of_squares(width, values.baseAddress! + $0 * width)
      }
    }
    content.withLock { $0.squares[[part, step]] = squares }
  }

  /// All that was seen.
  func layer(
    _ index: Int, isReverse: Bool, of cell: AnyCell, distances: [Int]
  ) -> GradientFlow.Layer {
    let content = content.withLock { $0 }
    let steps = content.inputs.count
    let parts = (0..<content.partCount).map { part in
      // No gradient came to a step that the loss does not depend on.
      let squares = (0..<steps).map {
        content.squares[[part, $0]] ?? [Double](repeating: 0, count: content.batch)
      }
      return GradientFlow.Part(
        name: partName(part), norms: squares.map { $0.reduce(0, +).squareRoot() },
        sequenceMeans: squares.enumerated().map { step, squares in
          let running = squares.indices.filter { isRunning($0, at: step) }
          let sum = running.reduce(0) { $0 + squares[$1].squareRoot() }
          return sum / Double(max(running.count, 1))
        })
    }
    let gates = content.gates.map { gate in
      let all = Double(max(gate.all, 1))
      return GradientFlow.GateSaturation(
        gate: gate.name, shut: Double(gate.shut) / all, open: Double(gate.open) / all)
    }
    let length = min(lengths?.first.map { Int($0) } ?? steps, steps)
    return GradientFlow.Layer(
      layer: index, isReverse: isReverse, parts: parts, gates: gates,
      jacobians: StateJacobian.measure(
        cell, inputs: Array(content.inputs.prefix(length)),
        states: Array(content.states.prefix(length)), distances: distances))
  }
}

extension Tensor {
  /// Row 0 of [B, F], as [1, F]; of no rows, no rows.
  fileprivate var firstRow: Tensor {
    let rows = min(1, shape[0])
    return Tensor(shape: [rows, shape[1]], scalars: scalars.prefix(rows * shape[1]))
  }
}

import Foundation
import Recurrent
import Tensors
import TestSupport
import Testing

@testable import Learning

/// A cell of nobody's making: two numbers a unit, written from plain operations.
private struct LeakyCell: Cell {
  let inputSize: Int
  let hiddenSize: Int
  let weight: Parameter
  var parameters: [Parameter] { [weight] }

  init(inputSize: Int, hiddenSize: Int) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    weight = Parameter("leaky.weight", .random([hiddenSize, inputSize + hiddenSize], seed: 5))
  }

  func step(_ input: Variable, _ state: MemoryState, mode: Mode) -> MemoryState {
    let sum = Variable.concatenate([input, state.h], axis: 1).linear(weight.variable(mode))
    let c = 0.7 * state.c + sum.tanh()
    return MemoryState(h: c.sigmoid() * sum, c: c)
  }
}

/// A cell that adds a number to one element of its state after one step.
private struct NudgedCell: Cell {
  let cell: AnyCell
  let nudge: (part: Int, step: Int, element: Int, by: Float)
  var inputSize: Int { cell.inputSize }
  var hiddenSize: Int { cell.hiddenSize }
  var outputSize: Int { cell.outputSize }
  var parameters: [Parameter] { cell.parameters }

  func zeroState(batch: Int) -> AnyCell.State { cell.zeroState(batch: batch) }

  func step(_ input: Variable, _ state: AnyCell.State, mode: Mode) -> AnyCell.State {
    cell.step(input, state, mode: mode)
  }

  func run(_ inputs: Variable, lengths: [Int32]?, from state: AnyCell.State?, mode: Mode)
    -> (outputs: Variable, state: AnyCell.State)
  {
    var state = state ?? zeroState(batch: inputs.shape[1])
    var outputs: [Variable] = []
    for (t, input) in inputs.unstacked().enumerated() {
      var parts = step(input, state, mode: mode).parts
      if t == nudge.step {
        var value = parts[nudge.part].value
        value.withUnsafeMutableBufferPointer { $0[nudge.element] += nudge.by }
        parts[nudge.part] = Variable(value)
      }
      state = AnyCell.State(parts: parts)
      outputs.append(state.output)
    }
    return (Variable.stack(outputs), state)
  }
}

@Suite("The flow of gradients")
struct GradientFlowTests {
  private let mode = Mode.training(RandomKey(seed: 4))
  /// All that have a name and a recurrence, the custom one, and a projection.
  private static let kinds =
    CellKind.allCases.filter { $0 != .window }.map(\.rawValue) + ["leaky", "lstm-projected"]

  /// Two layers of a kind of cell, or of the custom one, with random parameters.
  private func stack(
    _ name: String, inputs: Int = 3, units: Int = 4, dropout: Float = 0,
    connections: SkipConnections = .none, isBidirectional: Bool = false,
    learnsInitialState: Bool = false, recurrentDropout: RecurrentDropout = RecurrentDropout()
  ) -> RecurrentStack {
    let isProjected = name == "lstm-projected"
    let hasZoneout = name == "lstm-zoneout"
    guard let kind = isProjected || hasZoneout ? .lstm : CellKind(rawValue: name) else {
      return RecurrentStack(
        [inputs, units].map { AnyCell(LeakyCell(inputSize: $0, hiddenSize: units)) },
        dropout: dropout)
    }
    let stack = RecurrentStack(
      StackConfiguration(
        kind, inputSize: inputs, hiddenSize: units, layers: 2, projection: isProjected ? 2 : nil,
        isBidirectional: isBidirectional, connections: connections,
        learnsInitialState: learnsInitialState, dropout: dropout,
        recurrentDropout: hasZoneout ? RecurrentDropout(zoneout: 0.3) : recurrentDropout),
      key: RandomKey(seed: 1))
    for (index, parameter) in stack.parameters.enumerated() {
      // Kinks of the rectifier stay away from zero sums with these.
      parameter.value = .random(parameter.shape, seed: UInt64(40 + index), from: -0.8, to: 0.8)
    }
    return stack
  }

  /// Σ w·outputs with random w.
  private func loss(
    _ stack: RecurrentStack, _ inputs: Tensor, lengths: [Int32]? = nil, mode: Mode
  ) -> Variable {
    let (outputs, _) = stack.run(Variable(inputs), lengths: lengths, mode: mode)
    return (outputs * Variable(.random(outputs.shape, seed: 77))).sum()
  }

  @Test("is what central differences of every state say", arguments: Self.kinds + ["lstm-zoneout"])
  func differences(kind: String) {
    let stack = stack(kind)
    let (steps, batch, units) = (4, 2, 4)
    let inputs = Tensor.random([steps, batch, 3], seed: 8)
    let flow = GradientFlow.measure(stack) { loss($0, inputs, mode: .prediction) }
    #expect(flow.steps == steps && flow.layers.count == 2)

    func lossOf(layer: Int, _ nudge: (part: Int, step: Int, element: Int, by: Float)) -> Double {
      let nudged = stack.replacingCells { cell, index in
        index == layer ? AnyCell(NudgedCell(cell: cell, nudge: nudge)) : cell
      }
      let (outputs, _) = nudged.run(Variable(inputs), mode: .prediction)
      let weights = Tensor.random(outputs.shape, seed: 77).scalars
      return zip(outputs.value.scalars, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    for (layer, measured) in flow.layers.enumerated() {
      let hasMemory = CellKind(rawValue: kind)?.hasMemory ?? true
      #expect(measured.parts.map(\.name) == (hasMemory ? ["h", "c"] : ["h"]))
      #expect(measured.layer == layer && !measured.isReverse)
      for (part, norms) in measured.parts.enumerated() {
        for step in 0..<steps {
          let units = kind == "lstm-projected" && part == 0 ? 2 : units
          let squares = (0..<batch * units).map { element in
            let difference = { (h: Float) in
              lossOf(layer: layer, (part, step, element, h))
                - lossOf(layer: layer, (part, step, element, -h))
            }
            // Of fourth order.
            return pow((8 * difference(0.01) - difference(0.02)) / 0.12, 2)
          }
          let rows = (0..<batch).map { squares[$0 * units..<($0 + 1) * units].reduce(0, +) }
          let norm = rows.reduce(0, +).squareRoot()
          // Outputs round at 6e-8 and are divided by 0.01.
          #expect(abs(norms.norms[step] - norm) < 3e-4 * max(norm, 0.1), "\(layer) \(part) \(step)")
          let mean = rows.map { $0.squareRoot() }.reduce(0, +) / Double(batch)
          #expect(abs(norms.sequenceMeans[step] - mean) < 3e-4 * max(mean, 0.1))
        }
      }
    }
  }

  /// Whether measuring leaves the gradients of a plain run.
  private func expectSameGradients(_ stack: RecurrentStack, lengths: [Int32]?) {
    let inputs = Tensor.random([5, 3, 3], seed: 9)
    let plainLoss = loss(stack, inputs, lengths: lengths, mode: mode)
    plainLoss.backward()
    let plain = stack.parameters.map(\.denseGradient)
    for parameter in stack.parameters { parameter.clearGradient() }
    let flow = GradientFlow.measure(stack, lengths: lengths) {
      loss($0, inputs, lengths: lengths, mode: mode)
    }
    #expect(abs(flow.loss - Double(plainLoss.value.scalar)) < 1e-5)
    for (parameter, plain) in zip(stack.parameters, plain) {
      #expect(relativeError(parameter.denseGradient, plain) < 1e-6, "\(parameter.name)")
    }
  }

  @Test(
    "leaves the gradients of a plain run, masks and lengths included", arguments: Self.kinds,
    [nil, [5, 2, 3]] as [[Int32]?])
  func sameGradients(kind: String, lengths: [Int32]?) {
    // The memory cell has no recurrent products.
    let recurrent =
      kind == "memory" ? RecurrentDropout() : RecurrentDropout(weights: 0.3, state: 0.2)
    expectSameGradients(
      stack(kind, dropout: 0.4, recurrentDropout: recurrent),
      lengths: lengths)
  }

  @Test(
    "leaves them with skip connections, two directions and learned states too",
    arguments: SkipConnections.allCases, [nil, [5, 2, 3]] as [[Int32]?])
  func sameGradientsOfArchitectures(connections: SkipConnections, lengths: [Int32]?) {
    for isBidirectional in [false, true] {
      // A residual connection of two directions needs a layer of as many inputs as outputs.
      let stack = stack(
        "lstm", connections: connections, isBidirectional: isBidirectional,
        learnsInitialState: true, recurrentDropout: RecurrentDropout(candidate: 0.3))
      expectSameGradients(stack, lengths: lengths)
      let flow = GradientFlow.measure(stack, lengths: lengths) {
        loss($0, .random([5, 3, 3], seed: 9), lengths: lengths, mode: mode)
      }
      #expect(flow.layers.map(\.layer) == (isBidirectional ? [0, 0, 1, 1] : [0, 1]))
      #expect(
        flow.layers.map(\.isReverse)
          == (isBidirectional ? [false, true, false, true] : [false, false]))
    }
  }

  @Test("is the same in either mode where nothing is dropped; prediction leaves no gradients")
  func modes() {
    for kind in Self.kinds {
      let stack = stack(kind, learnsInitialState: true)
      let inputs = Tensor.random([5, 3, 3], seed: 9)
      let predicted = GradientFlow.measure(stack) { loss($0, inputs, mode: .prediction) }
      let hasNone = stack.parameters.allSatisfy {
        if case .none = $0.gradient { true } else { false }
      }
      #expect(hasNone)
      let trained = GradientFlow.measure(stack) { loss($0, inputs, mode: mode) }
      let pairs = zip(predicted.layers, trained.layers).flatMap { zip($0.parts, $1.parts) }
      for (a, b) in pairs { #expect(relativeError(a.norms, b.norms) < 1e-6, "\(kind)") }
      #expect(predicted.layers.map(\.gates) == trained.layers.map(\.gates))
    }
  }

  @Test("is the product of the slopes in a net of one unit that one can do by hand")
  func byHand() {
    let w = 0.6
    let cell = ElmanCell(inputSize: 1, hiddenSize: 1, key: RandomKey(seed: 1))
    cell.gates.inputWeight.value = Tensor(shape: [1, 1], scalars: [1])
    cell.gates.recurrentWeight.value = Tensor(shape: [1, 1], scalars: [Float(w)])
    let x = [0.3, -0.5, 0.8, 0.1, -0.9]
    var h = [0.0]
    for x in x { h.append(tanh(x + Double(Float(w)) * h.last!)) }
    let flow = GradientFlow.measure(RecurrentStack([AnyCell(cell)]), distances: [1, 4, 5, 6]) {
      // The lecture's picture: the loss is that of the last step alone.
      $0.run(Variable(Tensor(shape: [5, 1, 1], scalars: x.map { Float($0) })), mode: mode)
        .state.layers[0].output.sum()
    }
    var expected = [1.0]
    for t in (2...5).reversed() { expected.insert(expected[0] * w * (1 - h[t] * h[t]), at: 0) }
    // Rounding of five products in single precision.
    #expect(relativeError(flow.layers[0].parts[0].norms, expected) < 1e-6)
    #expect(flow.layers[0].parts[0].sequenceMeans == flow.layers[0].parts[0].norms)
    let factor = pow(expected[0], 1 / 4)
    #expect(abs((flow.layers[0].parts[0].factorPerStepBack ?? 0) - factor) < 1e-6)

    let jacobians = flow.layers[0].jacobians
    #expect(jacobians.map(\.distance) == [1, 4, 5])
    let products = [expected[3], expected[0], expected[0] * w * (1 - h[1] * h[1])]
    #expect(relativeError(jacobians.map { $0.outputValues[0] }, products) < 1e-6)
    #expect(jacobians.allSatisfy { $0.stateValues == $0.outputValues })
  }

  @Test("ends with each sequence")
  func lengths() {
    let stack = stack("lstm")
    let inputs = Tensor.random([5, 3, 3], seed: 10)
    let lengths: [Int32] = [2, 4, 0]
    let flow = GradientFlow.measure(stack, lengths: lengths, distances: [1, 2, 3]) {
      loss($0, inputs, lengths: lengths, mode: mode)
    }
    for layer in flow.layers {
      for part in layer.parts {
        #expect(part.norms[4] == 0 && part.sequenceMeans[4] == 0)
        #expect(part.norms[0] > 0 && part.norms[2] > 0)
        // One sequence is left, so its norm is the norm and the mean.
        #expect(abs(part.norms[2] - part.sequenceMeans[2]) < 1e-12)
      }
      // The memory after the last step goes nowhere.
      #expect(layer.parts[0].norms[3] > 0 && layer.parts[1].norms[3] == 0)
      // The first sequence is two steps long.
      #expect(layer.jacobians.map(\.distance) == [1, 2])
    }
    let empty = GradientFlow.measure(stack) { stack in
      stack.run(Variable(Tensor(zeros: [0, 2, 3])), mode: mode).outputs.sum()
    }
    #expect(empty.steps == 0 && empty.layers[0].parts.allSatisfy { $0.norms.isEmpty })
  }

  @Test(
    "gives Jacobians that central differences of the steps confirm",
    arguments: Self.kinds + ["lstm-zoneout"])
  func jacobians(kind: String) throws {
    let cell = stack(kind).cells[0]
    let inputs = (0..<3).map { Tensor.random([1, 3], seed: UInt64(20 + $0)) }
    let start = cell.zeroState(batch: 1).parts.enumerated().map {
      Tensor.random($1.shape, seed: UInt64(30 + $0))
    }
    /// Where each element of the state as one vector is.
    let places = start.enumerated().flatMap { part, value in
      (0..<value.count).map { (part: part, element: $0) }
    }
    let size = places.count
    let matrices = StateJacobian.matrices(of: cell, inputs: inputs, from: start, distances: [1, 3])

    /// The last state as one vector, after `distance` steps from `state`.
    func end(_ state: [Tensor], distance: Int) -> [Double] {
      var state = AnyCell.State(parts: state.map { Variable($0) })
      for input in inputs.suffix(distance) {
        state = cell.step(Variable(input), state, mode: .prediction)
      }
      return state.parts.flatMap { $0.value.scalars.map(Double.init) }
    }
    func check(_ distance: Int, from state: [Tensor]) throws {
      let matrix = try #require(matrices[distance])
      var numeric = [Double](repeating: 0, count: size * size)
      let h: Float = 0.01
      for column in 0..<size {
        let ends = [h, -h, 2 * h, -2 * h].map { h in
          var state = state
          state[places[column].part].withUnsafeMutableBufferPointer {
            $0[places[column].element] += h
          }
          return end(state, distance: distance)
        }
        for row in 0..<size {
          let (near, far) = (ends[0][row] - ends[1][row], ends[2][row] - ends[3][row])
          numeric[row * size + column] = (8 * near - far) / Double(12 * h)
        }
      }
      // As for the norms; what is nearly zero is lost in the rounding of the outputs.
      let norm = numeric.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let error = relativeError(matrix, numeric) * norm
      #expect(error < 3e-4 * max(norm, 0.1), "distance \(distance)")
    }
    try check(3, from: start)
    var later = AnyCell.State(parts: start.map { Variable($0) })
    for input in inputs.prefix(2) { later = cell.step(Variable(input), later, mode: .prediction) }
    try check(1, from: later.parts.map(\.value))
  }

  @Test("keeps its size in a net of identities, and in an LSTM that forgets nothing")
  func constant() throws {
    let relu = RecurrentStack(
      .rnnReLU, inputSize: 2, hiddenSize: 6, layers: 1,
      initialization: .init(input: .zero, recurrent: .identity), key: RandomKey(seed: 1))
    // Zero slopes at zero: a positive bias keeps every unit going.
    relu.parameters[2].value = Tensor(repeating: 0.5, shape: [6])
    let inputs = Variable(Tensor.random([8, 1, 2], seed: 1))
    let flow = GradientFlow.measure(relu, distances: [1, 7]) {
      $0.run(inputs, mode: mode).state.layers[0].output.sum()
    }
    let norm = Double(6).squareRoot()
    #expect(flow.layers[0].parts[0].norms.allSatisfy { abs($0 - norm) < 1e-6 })
    #expect(
      flow.layers[0].jacobians.allSatisfy { $0.outputValues.allSatisfy { abs($0 - 1) < 1e-6 } })
    #expect(flow.layers[0].gates.isEmpty)

    // Recurrent weights of zero: c_t = σ(40) c_{t-1} + …, so ∂c_t/∂c_{t-k} = I and ∂h/∂h = 0.
    let lstm = RecurrentStack([
      AnyCell(
        LSTMCell(
          inputSize: 2, hiddenSize: 3,
          initialization: .init(recurrent: .zero, forgetBias: 40), key: RandomKey(seed: 2)))
    ])
    let memory = GradientFlow.measure(lstm, distances: [5]) {
      $0.run(inputs, mode: mode).state.layers[0].parts[1].sum()
    }
    #expect(memory.layers[0].parts[1].norms.allSatisfy { abs($0 - Double(3).squareRoot()) < 1e-6 })
    let jacobian = try #require(memory.layers[0].jacobians.first)
    #expect(jacobian.outputValues.allSatisfy { $0 == 0 })
    // h_t = o tanh(c_t) depends on c_{t-k} too, which adds to the ones.
    #expect(jacobian.stateValues.count == 6 && jacobian.stateValues[2] >= 1 - 1e-6)
    #expect(jacobian.stateValues[3] < 1e-6)
    let forget = try #require(memory.layers[0].gates.first { $0.gate == "forget" })
    #expect(forget.open == 1 && forget.shut == 0)
    #expect(memory.layers[0].gates.map(\.gate) == ["input", "forget", "output"])
  }

  @Test("counts gates that are nearly shut and open, of running sequences only")
  func saturation() throws {
    let cell = GRUCell(
      inputSize: 1, hiddenSize: 2, initialization: .init(input: .zero, recurrent: .zero),
      key: RandomKey(seed: 1))
    // Reset: one unit shut, one half open; update: r = σ(x) with x = ±5 by the input.
    cell.gates.inputBias.value = Tensor(shape: [6], scalars: [-5, 0, 0, 0, 0, 0])
    cell.gates.inputWeight.value = Tensor(shape: [6, 1], scalars: [0, 0, 1, 1, 0, 0])
    let stack = RecurrentStack([AnyCell(cell)])
    let lengths: [Int32] = [3, 1]
    let inputs = Tensor(shape: [3, 2, 1], scalars: [5, -5, 5, 99, 0, 99])
    let flow = GradientFlow.measure(stack, lengths: lengths) {
      $0.run(Variable(inputs), lengths: lengths, mode: mode).outputs.sum()
    }
    #expect(
      flow.layers[0].gates == [
        .init(gate: "reset", shut: 0.5, open: 0), .init(gate: "update", shut: 0.25, open: 0.5),
      ])
  }

  @Test("is the same on any number of threads, and comes back from JSON")
  func sameAndCodable() throws {
    let stack = stack("lstm", units: 8)
    let inputs = Tensor.random([6, 5, 3], seed: 12)
    let flows = [1, 3].map { threads in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        GradientFlow.measure(stack, distances: [2]) { loss($0, inputs, mode: mode) }
      }
    }
    #expect(flows[0] == flows[1])
    let back = try JSONDecoder().decode(GradientFlow.self, from: JSONEncoder().encode(flows[0]))
    #expect(back == flows[0])
  }
}

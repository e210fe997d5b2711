import Tensors
import TestSupport
import Testing

@testable import Recurrent

@Suite("Gates that can be looked into")
struct GatedCellTests {
  private let input = Variable(.random([3, 4], seed: 1))
  private let h = Variable(.random([3, 5], seed: 2))
  private let c = Variable(.random([3, 5], seed: 3))

  /// Random weights and biases but for block `block` of `gates`, whose units get `bias` alone.
  private func fill(_ gates: GateParameters, count: Int, block: Int, bias: Float) {
    for (index, parameter) in gates.parameters.enumerated() {
      var value = Tensor.random(parameter.shape, seed: UInt64(10 + index))
      let size = value.count / count
      value.withUnsafeMutableBufferPointer {
        $0[block * size..<(block + 1) * size].update(repeating: index == 2 ? bias : 0)
      }
      parameter.value = value
    }
  }

  private func gate(_ name: String, _ gates: [GateActivations]) throws -> Variable {
    Variable(try #require(gates.first { $0.name == name }).values)
  }

  @Test("of an LSTM are those that its step uses")
  func lstm() throws {
    let cell = LSTMCell(inputSize: 4, hiddenSize: 5, key: RandomKey(seed: 1))
    // A candidate of 1: c' = f c + i.
    fill(cell.gates, count: 4, block: 2, bias: 30)
    let state = MemoryState(h: h, c: c)
    let gates = cell.gateActivations(input, state)
    #expect(gates.map(\.name) == ["input", "forget", "output"])
    let (i, f, o) = (try gate("input", gates), try gate("forget", gates), try gate("output", gates))
    let next = cell.step(input, state, mode: .prediction)
    #expect(relativeError(next.c.value, (f * c + i).value) < 1e-6)
    #expect(relativeError(next.h.value, (o * (f * c + i).tanh()).value) < 1e-6)
  }

  @Test("of a GRU are those that its step uses", arguments: [true, false])
  func gru(isAfterProduct: Bool) throws {
    let cell = GRUCell(
      inputSize: 4, hiddenSize: 5, reset: isAfterProduct ? .afterProduct : .beforeProduct,
      key: RandomKey(seed: 1))
    // A candidate of 1: h' = (1 - z) + z h.
    fill(cell.gates, count: 3, block: 2, bias: 30)
    let state = HiddenState(h: h)
    let gates = cell.gateActivations(input, state)
    #expect(gates.map(\.name) == ["reset", "update"])
    let z = try gate("update", gates)
    let next = cell.step(input, state, mode: .prediction)
    #expect(relativeError(next.h.value, (1 - z + z * h).value) < 1e-6)

    // A candidate of r h alone, small, so that tanh is its argument, and no update: h' = r h / 1000.
    fill(cell.gates, count: 3, block: 1, bias: -30)
    var weights = cell.gates.parameters.map(\.value)
    for index in weights.indices {
      let size = weights[index].count / 3
      weights[index].withUnsafeMutableBufferPointer {
        $0[2 * size..<3 * size].update(repeating: 0)
      }
    }
    for unit in 0..<5 { weights[1][10 + unit, unit] = 1e-3 }
    for (parameter, value) in zip(cell.gates.parameters, weights) { parameter.value = value }
    let r = try gate("reset", cell.gateActivations(input, state))
    let reset = cell.step(input, state, mode: .prediction)
    #expect(relativeError(reset.h.value, (1e-3 * (r * h)).value) < 1e-5)
  }

  @Test(
    "of the other LSTMs are those that their steps use",
    arguments: [
      LSTMVariant(), .init(hasPeepholes: true), .init(isCoupled: true), .init(isNormalized: true),
      .init(hasPeepholes: true, isCoupled: true),
    ])
  func variants(variant: LSTMVariant) throws {
    let cell = LSTMVariantCell(
      inputSize: 4, hiddenSize: 5, variant: variant, key: RandomKey(seed: 1))
    let count = variant.isCoupled ? 3 : 4
    // A candidate of 1, normalised or not: c' = f c + i.
    fill(cell.gates, count: count, block: count - 2, bias: 30)
    for (index, norm) in cell.norms.prefix(2).enumerated() {
      var gain = Tensor.random(norm.shape, seed: UInt64(60 + index))
      gain.withUnsafeMutableBufferPointer { $0[10..<15].update(repeating: 0) }
      norm.value = gain
    }
    if let peepholes = cell.peepholes { peepholes.value = .random([count, 5], seed: 70) }
    let state = MemoryState(h: h, c: c)
    let gates = cell.gateActivations(input, state)
    #expect(gates.map(\.name) == cell.blockNames.filter { $0 != "candidate" })
    let (f, o) = (try gate("forget", gates), try gate("output", gates))
    let i = variant.isCoupled ? 1 - f : try gate("input", gates)
    let next = cell.step(input, state, mode: .prediction)
    let memory = f * c + i
    // The candidate of the peephole variants does not see the memory, so it is 1 there too.
    #expect(relativeError(next.c.value, memory.value) < 1e-6)
    let shown =
      variant.isNormalized
      ? memory.layerNorm(
        gain: Variable(cell.norms[2].value), bias: Variable(cell.norms[3].value)) : memory
    #expect(relativeError(next.h.value, (o * shown.tanh()).value) < 1e-6)
  }

  @Test("of the gated memory and of the normalised GRU are those that their steps use")
  func memoryAndNormalized() throws {
    let memory = GatedMemoryCell(inputSize: 4, hiddenSize: 5, key: RandomKey(seed: 1))
    fill(memory.gates, count: 3, block: 2, bias: 30)
    let state = MemoryState(h: h, c: c)
    let gates = memory.gateActivations(input, state)
    let (i, f) = (try gate("input", gates), try gate("forget", gates))
    let next = memory.step(input, state, mode: .prediction)
    #expect(relativeError(next.c.value, (f * c + i).value) < 1e-6)

    let gru = NormalizedGRUCell(inputSize: 4, hiddenSize: 5, key: RandomKey(seed: 1))
    fill(gru.gates, count: 3, block: 2, bias: 30)
    for (index, norm) in gru.norms.enumerated() {
      var gain = Tensor.random(norm.shape, seed: UInt64(60 + index))
      gain.withUnsafeMutableBufferPointer { $0[10..<15].update(repeating: 0) }
      norm.value = gain
    }
    let z = try gate("update", gru.gateActivations(input, HiddenState(h: h)))
    let after = gru.step(input, HiddenState(h: h), mode: .prediction)
    #expect(relativeError(after.h.value, (1 - z + z * h).value) < 1e-6)
  }

  @Test("come through a cell whose type is forgotten; a cell without them has none")
  func anyCell() {
    let cell = LSTMCell(inputSize: 4, hiddenSize: 5, key: RandomKey(seed: 1))
    let expected = cell.gateActivations(input, MemoryState(h: h, c: c))
    let any = AnyCell(AnyCell(cell))
    let gates = any.gateActivations(input, AnyCell.State(parts: [h, c]))
    #expect(gates.map(\.name) == expected.map(\.name))
    #expect(gates.map(\.values) == expected.map(\.values))
    #expect(any.blockNames == ["input", "forget", "candidate", "output"])

    let dropped = RecurrentDropout(state: 0.1, zoneout: 0.1).wrap(cell)
    let dropping = dropped.gateActivations(input, AnyCell.State(parts: [h, c]))
    #expect(dropping.map(\.values) == expected.map(\.values))

    let elman = AnyCell(ElmanCell(inputSize: 4, hiddenSize: 5, key: RandomKey(seed: 1)))
    #expect(elman.gateActivations(input, AnyCell.State(parts: [h])).isEmpty)
    #expect(elman.blockNames.isEmpty)
  }

  @Test("a twin with wrapped cells shares the parameters and keeps the dropout")
  func twin() {
    let stack = RecurrentStack(
      .gru, inputSize: 3, hiddenSize: 4, layers: 2, dropout: 0.3, key: RandomKey(seed: 1))
    var numbers: [Int] = []
    let twin = stack.replacingCells { cell, layer in
      numbers.append(layer)
      return AnyCell(cell)
    }
    #expect(numbers == [0, 1] && twin.dropout == 0.3)
    #expect(zip(stack.parameters, twin.parameters).allSatisfy { $0 === $1 })

    let both = RecurrentStack(
      StackConfiguration(
        .gru, inputSize: 3, hiddenSize: 4, layers: 2, isBidirectional: true, connections: .input,
        learnsInitialState: true, isVariational: true), key: RandomKey(seed: 1))
    let other = both.replacingCells { cell, _ in AnyCell(cell) }
    #expect(other.isBidirectional && other.isVariational && other.connections == .input)
    #expect(zip(both.parameters, other.parameters).allSatisfy { $0 === $1 })
    #expect(both.parameters.count == other.parameters.count && both.cells.count == 4)
  }
}

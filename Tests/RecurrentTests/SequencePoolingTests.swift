import Foundation
import Tensors
import TestSupport
import Testing

@testable import Recurrent

@Suite("Summaries of sequences")
struct SequencePoolingTests {
  private static let lengths: [Int32] = [4, 2, 0, 1]
  private static let mode = Mode.training(RandomKey(seed: 1))

  private func pooling(_ kind: PoolingKind, size: Int = 6) -> SequencePooling {
    let pooling = SequencePooling(
      kind, size: size, isBidirectional: true, attentionSize: 5, key: RandomKey(seed: 2))
    for (index, parameter) in pooling.parameters.enumerated() {
      parameter.value = .random(parameter.shape, seed: 20 + UInt64(index))
    }
    return pooling
  }

  /// The summaries [B, F] in Double, straight from the equations.
  private func reference(
    _ kind: PoolingKind, _ h: [Double], steps: Int, batch: Int, size: Int, lengths: [Int32],
    _ weights: [String: [Double]]
  ) -> [Double] {
    (0..<batch).flatMap { b -> [Double] in
      let steps = (0..<Int(lengths[b])).map { t in
        Array(h[(t * batch + b) * size..<(t * batch + b + 1) * size])
      }
      guard let first = steps.first, let last = steps.last else {
        return Array(repeating: 0, count: size)
      }
      switch kind {
      case .last: return Array(last[..<(size / 2)] + first[(size / 2)...])
      case .mean:
        return (0..<size).map { f in steps.reduce(0) { $0 + $1[f] } / Double(steps.count) }
      case .max: return (0..<size).map { f in steps.map { $0[f] }.max()! }
      case .attention:
        let scores = steps.map { step in
          dot(
            affine(
              weights["pooling.projection.weight"]!, step, weights["pooling.projection.bias"]!
            ).map { tanh($0) }, weights["pooling.query"]!)
        }
        let shares = scores.map { exp($0) }
        let total = shares.reduce(0, +)
        return (0..<size).map { f in
          zip(steps, shares).reduce(0) { $0 + $1.0[f] * $1.1 / total }
        }
      }
    }
  }

  @Test("are those of the equations in Double, with all gradients", arguments: PoolingKind.allCases)
  func equations(kind: PoolingKind) {
    let (steps, batch, size) = (4, 4, 6)
    let pooling = pooling(kind)
    let outputs = Parameter("outputs", .random([steps, batch, size], seed: 3))
    let seed = Tensor.random([batch, size], seed: 4)
    let all = [outputs] + pooling.parameters
    let summary = pooling(outputs.variable(Self.mode), lengths: Self.lengths, mode: Self.mode)
    summary.backward(seed: seed)
    let operands = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.value.doubles) })
    func summaries(_ operands: [String: [Double]]) -> [Double] {
      reference(
        kind, operands["outputs"]!, steps: steps, batch: batch, size: size,
        lengths: Self.lengths, operands)
    }
    #expect(relativeError(summary.value.doubles, summaries(operands)) < 1e-6)
    for parameter in all {
      let expected = centralDifferences(of: parameter.name, operands) {
        dot(summaries($0), seed.doubles)
      }
      #expect(
        relativeError(parameter.denseGradient.doubles, expected) < 1e-5, "\(parameter.name)")
    }
  }

  @Test(
    "a sequence in a padded batch has the summary and the gradient that it has alone, bit for bit",
    arguments: PoolingKind.allCases)
  func alone(kind: PoolingKind) {
    let pooling = pooling(kind, size: 34)
    let lengths: [Int32] = [9, 3, 1, 0, 7]
    let values = Tensor.random([9, 5, 34], seed: 5)
    let seed = Tensor.random([5, 34], seed: 6)
    func pass(_ values: Tensor, _ lengths: [Int32]?, _ seed: Tensor) -> (Tensor, Tensor) {
      let outputs = Parameter("outputs", values)
      let summary = pooling(outputs.variable(Self.mode), lengths: lengths, mode: Self.mode)
      summary.backward(seed: seed)
      return (summary.value, outputs.denseGradient)
    }
    let (together, gradients) = pass(values, lengths, seed)
    for (row, length) in lengths.enumerated() {
      let rows = row..<row + 1
      let steps = Int(length)
      let cut = Tensor(
        shape: [steps, 1, 34], scalars: Array(values.sequences(rows).scalars.prefix(steps * 34)))
      let (single, gradient) = pass(cut, nil, seed.sequences(rows))
      #expect(together.sequences(rows) == single)
      let whole = gradients.sequences(rows).scalars
      #expect(Array(whole.prefix(steps * 34)) == gradient.scalars)
      #expect(whole.dropFirst(steps * 34).allSatisfy { $0 == 0 })
    }
  }

  @Test("one thread, two and three give the same bits", arguments: PoolingKind.allCases)
  func threads(kind: PoolingKind) {
    let pooling = pooling(kind, size: 40)
    let results = [1, 2, 3].map { count in
      ThreadTeam.$current.withValue(ThreadTeam(threads: count)) {
        let outputs = Parameter("outputs", .random([20, 11, 40], seed: 7))
        for parameter in pooling.parameters { parameter.clearGradient() }
        let summary = pooling(outputs.variable(Self.mode), mode: Self.mode)
        summary.backward(seed: .random([11, 40], seed: 8))
        return [summary.value] + ([outputs] + pooling.parameters).map(\.denseGradient)
      }
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test("what is read in pieces has the summary of the whole", arguments: PoolingKind.allCases)
  func pieces(kind: PoolingKind) {
    let pooling = pooling(kind)
    let values = Tensor.random([11, 1, 6], seed: 9)
    let whole = pooling(Variable(values), mode: .prediction).value
    var pieces = SequencePooling.Pieces(pooling)
    #expect(pieces.summary == Tensor(zeros: [1, 6]))
    for range in [0..<4, 4..<5, 5..<11] {
      pieces.add(
        Tensor(
          shape: [range.count, 1, 6],
          scalars: Array(values.scalars[range.lowerBound * 6..<range.upperBound * 6])))
    }
    #expect(relativeError(pieces.summary.doubles, whole.doubles) < 1e-6)
  }

  @Test("parameters have the names and shapes that are promised", arguments: PoolingKind.allCases)
  func shapes(kind: PoolingKind) {
    let expected = SequencePooling.parameterShapes(kind, size: 6, attentionSize: 5)
    #expect(pooling(kind).parameters.map(\.name) == expected.map(\.name))
    #expect(pooling(kind).parameters.map(\.shape) == expected.map(\.shape))
  }
}

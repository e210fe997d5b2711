import Foundation
import Tensors
import TestSupport
import Testing

@testable import Recurrent

@Suite("Attention")
struct AttentionTests {
  private static let mode = Mode.training(RandomKey(seed: 1))
  private static let lengths: [Int32] = [4, 2, 0, 1]

  private func attention(_ kind: AttentionKind, query: Int = 6, memory: Int = 6) -> Attention {
    let attention = Attention(
      kind, querySize: query, memorySize: memory, size: 5, key: RandomKey(seed: 2))
    for (index, parameter) in attention.parameters.enumerated() {
      parameter.value = .random(parameter.shape, seed: 30 + UInt64(index))
    }
    return attention
  }

  /// Contexts [T, B, F] and weights [T, B, S] in Double, straight from the equations.
  private func reference(
    _ kind: AttentionKind, _ operands: [String: [Double]], steps: Int, sources: Int, batch: Int,
    query: Int, memory: Int, lengths: [Int32]
  ) -> (contexts: [Double], weights: [Double]) {
    func row(_ name: String, _ t: Int, _ b: Int, _ width: Int) -> [Double] {
      Array(operands[name]![(t * batch + b) * width..<(t * batch + b + 1) * width])
    }
    var (contexts, weights): ([Double], [Double]) = ([], [])
    for t in 0..<steps {
      for b in 0..<batch {
        let q = row("queries", t, b, query)
        let scores = (0..<Int(lengths[b])).map { s -> Double in
          let m = row("memory", s, b, memory)
          switch kind {
          case .dot: return dot(q, m)
          case .general:
            let zeros = [Double](repeating: 0, count: query)
            return dot(q, affine(operands["attention.key.weight"]!, m, zeros))
          case .additive:
            let bias = operands["attention.key.bias"]!
            let key = affine(operands["attention.key.weight"]!, m, bias)
            let own = affine(operands["attention.query.weight"]!, q, key)
            return dot(own.map { tanh($0) }, operands["attention.score.weight"]!)
          }
        }
        let greatest = scores.max() ?? 0
        let shares = scores.map { exp($0 - greatest) }
        let total = shares.reduce(0, +)
        weights += (0..<sources).map { $0 < shares.count ? shares[$0] / total : 0 }
        contexts += (0..<memory).map { f in
          shares.indices.reduce(0) { $0 + shares[$1] / total * row("memory", $1, b, memory)[f] }
        }
      }
    }
    return (contexts, weights)
  }

  @Test(
    "contexts, weights and all gradients are those of the equations in Double",
    arguments: AttentionKind.allCases)
  func equations(kind: AttentionKind) {
    let (steps, sources, batch, query) = (3, 4, 4, 6)
    let memory = kind == .dot ? 6 : 7
    let attention = attention(kind, query: query, memory: memory)
    let queries = Parameter("queries", .random([steps, batch, query], seed: 3))
    let values = Parameter("memory", .random([sources, batch, memory], seed: 4))
    let seeds = (
      Tensor.random([steps, batch, memory], seed: 5),
      Tensor.random([steps, batch, sources], seed: 6)
    )
    let all = [queries, values] + attention.parameters
    let (contexts, weights) = attention(
      queries.variable(Self.mode),
      attention.memory(values.variable(Self.mode), lengths: Self.lengths, mode: Self.mode),
      mode: Self.mode)
    Variable.backward([(contexts, seeds.0), (weights, seeds.1)])

    let operands = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.value.doubles) })
    func results(_ operands: [String: [Double]]) -> (contexts: [Double], weights: [Double]) {
      reference(
        kind, operands, steps: steps, sources: sources, batch: batch, query: query,
        memory: memory, lengths: Self.lengths)
    }
    #expect(relativeError(contexts.value.doubles, results(operands).contexts) < 1e-6)
    #expect(relativeError(weights.value.doubles, results(operands).weights) < 1e-6)
    for parameter in all {
      let expected = centralDifferences(of: parameter.name, operands) {
        let results = results($0)
        return dot(results.contexts, seeds.0.doubles) + dot(results.weights, seeds.1.doubles)
      }
      #expect(
        relativeError(parameter.denseGradient.doubles, expected) < 1e-5, "\(parameter.name)")
    }
  }

  /// Contexts, weights and the gradients of queries and memory.
  private func pass(
    _ attention: Attention, _ queries: Tensor, _ memory: Tensor, _ lengths: [Int32]?, _ seed: Tensor
  ) -> (contexts: Tensor, weights: Tensor, queries: Tensor, memory: Tensor) {
    let (q, m) = (Parameter("queries", queries), Parameter("memory", memory))
    let (contexts, weights) = attention(
      q.variable(Self.mode),
      attention.memory(m.variable(Self.mode), lengths: lengths, mode: Self.mode), mode: Self.mode)
    contexts.backward(seed: seed)
    return (contexts.value, weights.value, q.denseGradient, m.denseGradient)
  }

  @Test(
    "a sequence in a padded batch has the contexts and the gradients that it has alone, bit for bit",
    arguments: AttentionKind.allCases)
  func alone(kind: AttentionKind) {
    let attention = attention(kind, query: 34, memory: 34)
    let lengths: [Int32] = [19, 3, 1, 0, 7]
    let queries = Tensor.random([8, 5, 34], seed: 5)
    let memory = Tensor.random([19, 5, 34], seed: 6)
    let seed = Tensor.random([8, 5, 34], seed: 7)
    let together = pass(attention, queries, memory, lengths, seed)
    for (row, length) in lengths.enumerated() {
      let rows = row..<row + 1
      let steps = Int(length)
      let cut = Tensor(
        shape: [steps, 1, 34],
        scalars: Array(memory.sequences(rows).scalars.prefix(steps * 34)))
      let single = pass(attention, queries.sequences(rows), cut, nil, seed.sequences(rows))
      #expect(together.contexts.sequences(rows) == single.contexts)
      #expect(together.queries.sequences(rows) == single.queries)
      let whole = together.memory.sequences(rows).scalars
      #expect(Array(whole.prefix(steps * 34)) == single.memory.scalars)
      #expect(whole.dropFirst(steps * 34).allSatisfy { $0 == 0 })
      #expect(
        (0..<8).allSatisfy { t in
          let own = together.weights.sequences(rows).scalars[t * 19..<(t + 1) * 19]
          return Array(own.prefix(steps))
            == Array(single.weights.scalars[t * steps..<(t + 1) * steps])
            && own.dropFirst(steps).allSatisfy { $0 == 0 }
        })
    }
  }

  @Test(
    "queries side by side are those of all steps, up to rounding, however many a sequence has",
    arguments: AttentionKind.allCases)
  func grouped(kind: AttentionKind) {
    let attention = attention(kind, query: 20, memory: 20)
    let lengths: [Int32] = [5, 2, 4]
    let queries = Tensor.random([11, 3, 20], seed: 8)
    let memory = attention.memory(
      Variable(.random([5, 3, 20], seed: 9)), lengths: lengths, mode: .prediction)
    let whole = attention(Variable(queries), memory, mode: .prediction)
    // Three queries of the first sequence, none of the second, more than a few of the third.
    let counts = [3, 0, 11]
    let rows = counts.enumerated().flatMap { b, count in (0..<count).map { $0 * 3 + b } }
    let flat = queries.reshaped(to: [33, 20]).gathered(rows: rows.map(Int32.init))
    let some = attention(
      Variable(flat), starts: [0, 3, 3, 14], memory, mode: .prediction)
    let (contexts, weights) = (
      whole.contexts.value.reshaped(to: [33, 20]), whole.weights.value.reshaped(to: [33, 5])
    )
    let all = rows.map(Int32.init)
    #expect(relativeError(some.contexts.value, contexts.gathered(rows: all)) < 1e-6)
    #expect(relativeError(some.weights.value, weights.gathered(rows: all)) < 1e-6)
  }

  @Test("one thread, two and three give the same bits", arguments: AttentionKind.allCases)
  func threads(kind: AttentionKind) {
    let attention = attention(kind, query: 40, memory: 40)
    let results = [1, 2, 3].map { count in
      ThreadTeam.$current.withValue(ThreadTeam(threads: count)) {
        for parameter in attention.parameters { parameter.clearGradient() }
        let pass = pass(
          attention, .random([9, 11, 40], seed: 7), .random([12, 11, 40], seed: 8), nil,
          .random([9, 11, 40], seed: 9))
        return [pass.contexts, pass.weights, pass.queries, pass.memory]
          + attention.parameters.map(\.denseGradient)
      }
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test("parameters have the names and shapes that are promised", arguments: AttentionKind.allCases)
  func shapes(kind: AttentionKind) {
    let expected = Attention.parameterShapes(kind, querySize: 6, memorySize: 6, size: 5)
    #expect(attention(kind).parameters.map(\.name) == expected.map(\.name))
    #expect(attention(kind).parameters.map(\.shape) == expected.map(\.shape))
  }
}

import CKernels
import Foundation
import Testing

@Suite("Additive attention")
struct AttentionTests {
  /// Some queries and keys of one sequence, rows further apart than they are long.
  private struct Case {
    let (queries, keys, size): (Int, Int, Int)
    let (queryStride, keyStride, scoreStride): (Int, Int, Int)
    let q, k, v, ds: [Float]

    init(_ queries: Int, _ keys: Int, _ size: Int, _ random: inout RandomFloats) {
      (self.queries, self.keys, self.size) = (queries, keys, size)
      (queryStride, keyStride, scoreStride) = (size + 2, size + 5, keys + 1)
      q = random.array(queries * queryStride, in: -2...2)
      k = random.array(keys * keyStride, in: -2...2)
      v = random.array(size)
      ds = random.array(queries * scoreStride)
    }

    static func all(seed: UInt64) -> [Case] {
      var random = RandomFloats(seed: seed)
      return awkwardSizes.map { Case(3, 4, $0, &random) } + [
        Case(0, 3, 5, &random), Case(3, 0, 5, &random), Case(1, 1, 1, &random),
      ]
    }
  }

  @Test("scores agree with their twin, and leave what lies between rows", arguments: availableISAs)
  func scores(isa: unroll_isa) {
    withISA(isa) {
      for c in Case.all(seed: 61) {
        var found = [Float](repeating: 7, count: c.queries * c.scoreStride)
        var expected = found
        unroll_additive_scores(
          c.queries, c.keys, c.size, c.q, c.queryStride, c.k, c.keyStride, c.v, &found,
          c.scoreStride)
        unroll_additive_scores_reference(
          c.queries, c.keys, c.size, c.q, c.queryStride, c.k, c.keyStride, c.v, &expected,
          c.scoreStride)
        expectClose(found, expected, tolerance: 1e-6, "scores over \(c.size) features:")
      }
    }
  }

  @Test("gradients are added as their twin adds them, wanted or not", arguments: availableISAs)
  func backward(isa: unroll_isa) {
    var random = RandomFloats(seed: 63)
    withISA(isa) {
      for c in Case.all(seed: 62) {
        let start = (
          q: random.array(c.q.count), k: random.array(c.k.count), v: random.array(c.size)
        )
        var (found, expected) = (start, start)
        unroll_additive_scores_backward(
          c.queries, c.keys, c.size, c.q, c.queryStride, c.k, c.keyStride, c.v, c.ds,
          c.scoreStride, &found.q, &found.k, &found.v)
        unroll_additive_scores_backward_reference(
          c.queries, c.keys, c.size, c.q, c.queryStride, c.k, c.keyStride, c.v, c.ds,
          c.scoreStride, &expected.q, &expected.k, &expected.v)
        expectClose(found.q, expected.q, tolerance: 2e-6, "dq of \(c.size):")
        expectClose(found.k, expected.k, tolerance: 2e-6, "dk of \(c.size):")
        expectClose(found.v, expected.v, tolerance: 3e-6, "dv of \(c.size):")
        var alone = start.k
        unroll_additive_scores_backward(
          c.queries, c.keys, c.size, c.q, c.queryStride, c.k, c.keyStride, c.v, c.ds,
          c.scoreStride, nil, &alone, nil)
        expectSameBits(alone, found.k, "dk by itself, of \(c.size)")
      }
    }
  }

  @Test("the gradients are those of the scores")
  func centralDifference() {
    var random = RandomFloats(seed: 64)
    let c = Case(2, 3, 5, &random)
    func loss(_ q: [Double], _ k: [Double], _ v: [Double]) -> Double {
      var sum = 0.0
      for i in 0..<c.queries {
        for s in 0..<c.keys {
          for a in 0..<c.size {
            sum +=
              Double(c.ds[i * c.scoreStride + s]) * v[a]
              * tanh(q[i * c.queryStride + a] + k[s * c.keyStride + a])
          }
        }
      }
      return sum
    }
    let (q, k, v) = (c.q.map(Double.init), c.k.map(Double.init), c.v.map(Double.init))
    var dq = [Float](repeating: 0, count: q.count)
    var dk = [Float](repeating: 0, count: k.count)
    var dv = [Float](repeating: 0, count: v.count)
    unroll_additive_scores_backward_reference(
      c.queries, c.keys, c.size, c.q, c.queryStride, c.k, c.keyStride, c.v, c.ds, c.scoreStride,
      &dq, &dk, &dv)
    expectClose(dq, centralDifferences(at: q) { loss($0, k, v) }.map(Float.init), tolerance: 1e-6)
    expectClose(dk, centralDifferences(at: k) { loss(q, $0, v) }.map(Float.init), tolerance: 1e-6)
    expectClose(dv, centralDifferences(at: v) { loss(q, k, $0) }.map(Float.init), tolerance: 1e-6)
  }
}

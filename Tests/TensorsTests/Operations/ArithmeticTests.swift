import TestSupport
import Testing

@testable import Tensors

/// Pairs of shapes that broadcast, in all the ways in which axes can be missing, repeated or merged.
private let shapePairs: [[[Int]]] = [
  [[2, 3], [2, 3]], [[], []], [[3], []], [[], [2, 3]], [[1], [2, 3]], [[2, 3], [3]],
  [[3], [2, 3]], [[2, 3], [2, 1]], [[2, 1], [2, 3]], [[2, 1], [1, 3]], [[2, 1], [3]],
  [[2, 2, 3], [2, 3]], [[2, 2, 3], [2, 1, 3]], [[2, 1, 3], [2, 2, 3]], [[2, 2, 3], [2, 2, 1]],
  [[2, 2, 3], [2, 1, 1]], [[2, 2, 3], [1, 2, 1]], [[1, 2, 1], [2, 1, 3]], [[2, 1, 1], [2, 3]],
  [[2, 1, 3, 1], [1, 2, 1, 2]], [[2, 2, 1, 2], [2, 1, 2]], [[1, 1], [1]], [[2, 3, 1], [1, 3, 2]],
]

private typealias Binary = @Sendable (Variable, Variable) -> Variable

@Suite struct ArithmeticTests {
  @Test("sums, differences, products and quotients broadcast as NumPy's", arguments: shapePairs)
  func valuesBroadcast(_ shapes: [[Int]]) {
    let a = Tensor.randomAwayFromZero(shapes[0], seed: 1)
    let b = Tensor.randomAwayFromZero(shapes[1], seed: 2)
    let (x, y) = (Variable(a), Variable(b))
    let cases: [(Variable, (Float, Float) -> Float)] = [
      (x + y, { $0 + $1 }), (x - y, { $0 - $1 }), (x * y, { $0 * $1 }), (x / y, { $0 / $1 }),
      (.maximum(x, y), { $0 > $1 ? $0 : $1 }), (.minimum(x, y), { $0 < $1 ? $0 : $1 }),
    ]
    for (result, function) in cases {
      #expect(result.value == naive(a, b, function))
    }
  }

  @Test("the gradients of arithmetic are right for every broadcast", arguments: shapePairs)
  func gradientsBroadcast(_ shapes: [[Int]]) throws {
    let a = Tensor.randomAwayFromZero(shapes[0], seed: 3)
    let b = Tensor.randomAwayFromZero(shapes[1], seed: 4)
    try checkGradients(of: [a, b]) { $0[0] + $0[1] }
    try checkGradients(of: [a, b]) { $0[0] - $0[1] }
    try checkGradients(of: [a, b]) { $0[0] * $0[1] }
    // 1/b curves strongly near the pole.
    try checkGradients(of: [a, b], step: 0.005) { $0[0] / $0[1] }
  }

  @Test(
    "the gradients of the greater and the lesser are right for every broadcast",
    arguments: shapePairs)
  func extremesBroadcast(_ shapes: [[Int]]) throws {
    // All differences are at least 0.1, so that no step crosses a kink.
    let a = Tensor.randomOrder(shapes[0], seed: 5, gap: 0.25)
    var b = Tensor.randomOrder(shapes[1], seed: 6, gap: 0.25)
    b.withUnsafeMutableBufferPointer { b in
      for i in b.indices { b[i] += 0.11 }
    }
    try checkGradients(of: [a, b]) { .maximum($0[0], $0[1]) }
    try checkGradients(of: [a, b]) { .minimum($0[0], $0[1]) }
  }

  @Test("a gradient is halved between equal operands of the greater")
  func tiesAreHalved() {
    let (a, b) = (Parameter("a", Tensor(2)), Parameter("b", Tensor(2)))
    Variable.maximum(
      a.variable(.training(RandomKey(seed: 0))), b.variable(.training(RandomKey(seed: 0)))
    )
    .backward()
    #expect(a.denseGradient.scalar == 0.5 && b.denseGradient.scalar == 0.5)
  }

  @Test("a NaN of either operand is the greater")
  func maximumKeepsNaN() {
    let (a, b) = (
      Tensor(shape: [3], scalars: [.nan, 1, 2]), Tensor(shape: [3], scalars: [1, .nan, 1])
    )
    let result = Variable.maximum(Variable(a), Variable(b)).value.scalars
    #expect(result[0].isNaN && result[1].isNaN && result[2] == 2)
  }

  @Test("arithmetic with numbers")
  func scalars() throws {
    let a = Tensor.randomAwayFromZero([2, 3], seed: 7)
    let x = Variable(a)
    #expect((x + 3).value.scalars == a.scalars.map { $0 + 3 })
    #expect((3 + x).value.scalars == a.scalars.map { $0 + 3 })
    #expect((x - 3).value.scalars == a.scalars.map { $0 - 3 })
    #expect((3 - x).value.scalars == a.scalars.map { 3 - $0 })
    #expect((3 * x).value.scalars == a.scalars.map { 3 * $0 })
    #expect((x * 3).value.scalars == a.scalars.map { 3 * $0 })
    #expect((x / 3).value.scalars == a.scalars.map { $0 / 3 })
    #expect((3 / x).value.scalars == a.scalars.map { 3 / $0 })
    #expect((-x).value.scalars == a.scalars.map { -$0 })
    try checkGradients(of: [a]) { -$0[0] }
    try checkGradients(of: [a]) { 3 * $0[0] + 1 }
    try checkGradients(of: [a]) { 1 + $0[0] * 3 }
    try checkGradients(of: [a]) { 1 - $0[0] }
    try checkGradients(of: [a]) { ($0[0] - 1) / 3 }
    try checkGradients(of: [a], step: 0.005) { 3 / $0[0] }
    try checkGradients(of: [a, a]) {
      var sum = $0[0]
      sum += $0[1]
      sum *= $0[1]
      sum -= $0[0]
      return sum
    }
  }

  @Test("one variable as both operands gets both gradients")
  func sameOperandTwice() throws {
    let a = Tensor.randomAwayFromZero([2, 3], seed: 8)
    try checkGradients(of: [a]) { $0[0] + $0[0] }
    try checkGradients(of: [a]) { $0[0] - $0[0] * 2 }
    try checkGradients(of: [a]) { $0[0] * $0[0] }
    try checkGradients(of: [a], step: 0.005) { $0[0] / ($0[0] * $0[0]) }
  }

  @Test("a broadcast repeats, and its gradient is summed", arguments: shapePairs)
  func broadcast(_ shapes: [[Int]]) throws {
    let a = Tensor.random(shapes[0], seed: 9)
    let target = Broadcast(shapes[0], shapes[1]).shape
    #expect(
      Variable(a).broadcast(to: target).value == naive(a, Tensor(zeros: target)) { a, _ in a })
    try checkGradients(of: [a]) { $0[0].broadcast(to: target) }
  }

  @Test("large operands, shared by threads, give the bits of one thread")
  func threadsAgree() {
    let key = RandomKey(seed: 10)
    let matrix = key.child(0).uniform([400, 301], from: -1, to: 1)
    let row = key.child(1).uniform([301], from: -1, to: 1)
    let column = key.child(2).uniform([400, 1], from: -1, to: 1)
    let results = [1, 2, 3].map { threads in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        let parameters = [matrix, row, column].map { Parameter("p", $0) }
        let v = parameters.map { $0.variable(.training(key)) }
        let output = (v[0] * v[1] + v[2]) * v[0] - v[2]
        output.backward(seed: matrix)
        return [output.value] + parameters.map(\.denseGradient)
      }
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test("empty tensors pass through")
  func emptyTensors() {
    let empty = Parameter("empty", Tensor(zeros: [0, 3]))
    let x = empty.variable(.training(RandomKey(seed: 0)))
    let result = (x + Variable(Tensor(zeros: [3]))) * 2
    #expect(result.shape == [0, 3])
    result.backward(seed: Tensor(zeros: [0, 3]))
    #expect(empty.denseGradient.shape == [0, 3])
    #expect(x.sum().value.scalar == 0)
    #expect(x.sum(axis: 0).value == Tensor(zeros: [3]))
  }

  /// The result element by element, from its own index.
  private func naive(_ a: Tensor, _ b: Tensor, _ function: (Float, Float) -> Float) -> Tensor {
    let rank = max(a.rank, b.rank)
    let (shapeA, shapeB) = (padded(a.shape, rank), padded(b.shape, rank))
    let shape = zip(shapeA, shapeB).map(max)
    let (x, y) = (a.scalars, b.scalars)
    return Tensor(
      shape: shape,
      scalars: (0..<shape.reduce(1, *)).map { flat -> Float in
        var (rest, indices) = (flat, [Int](repeating: 0, count: rank))
        for axis in (0..<rank).reversed() {
          indices[axis] = rest % shape[axis]
          rest /= shape[axis]
        }
        return function(x[offset(indices, shapeA)], y[offset(indices, shapeB)])
      })
  }

  private func padded(_ shape: [Int], _ rank: Int) -> [Int] {
    Array(repeating: 1, count: rank - shape.count) + shape
  }

  private func offset(_ indices: [Int], _ shape: [Int]) -> Int {
    zip(indices, shape).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }
  }
}

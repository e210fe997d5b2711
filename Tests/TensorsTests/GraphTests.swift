import Synchronization
import TestSupport
import Testing

@testable import Tensors

private let training = Mode.training(RandomKey(seed: 0))

@Suite struct GraphTests {
  @Test("a variable that is used twice gets the sum of both gradients")
  func usedTwice() {
    let p = Parameter("p", Tensor(3))
    let x = p.variable(training).squared()
    (x * 2 + x * x).backward()
    // L = 2p² + p⁴, L′ = 4p + 4p³.
    #expect(p.denseGradient.scalar == 120)
  }

  @Test("one parameter made a variable twice gets the sum of both gradients")
  func twoVariables() {
    let p = Parameter("p", Tensor(3))
    (p.variable(training) * p.variable(training)).backward()
    #expect(p.denseGradient.scalar == 6)
  }

  @Test("backward passes add up until the gradient is cleared")
  func accumulates() {
    let p = Parameter("p", Tensor(3))
    p.variable(training).squared().backward()
    p.variable(training).squared().backward()
    #expect(p.denseGradient.scalar == 12)
    p.clearGradient()
    guard case .none = p.gradient else {
      Issue.record("the gradient is \(p.gradient)")
      return
    }
    #expect(p.denseGradient.scalar == 0)
    p.variable(training).squared().backward()
    #expect(p.denseGradient.scalar == 6)
  }

  @Test("a node of several outputs runs backward once, with what reached each output")
  func severalOutputs() {
    let p = Parameter("p", Tensor(zeros: [2]))
    let outputs = { (used: [Int], weights: [Float]) -> [Bool] in
      let seen = Seen()
      let results = Variable.operation(
        from: [p.variable(training)], outputs: [Tensor(zeros: [2]), Tensor(zeros: [3]), Tensor(1)]
      ) { context in
        seen.record((0..<3).map { context.gradient(ofOutput: $0) != nil })
        // Zeros stand in for an output that the loss does not depend on.
        #expect(context.takeGradient(ofOutput: 1).shape == [3])
        context.add(Tensor(repeating: 1, shape: [2]), toParent: 0)
      }
      let loss = used.map { (results[$0].sum() * weights[$0]) }.reduce(Variable(Tensor(0)), +)
      loss.backward()
      return seen.value
    }
    #expect(outputs([0, 2], [1, 1, 1]) == [true, false, true])
    #expect(outputs([1, 1], [1, 1, 1]) == [false, true, false])
    #expect(p.denseGradient.scalars == [2, 2])
  }

  @Test("several roots share one backward pass")
  func severalRoots() {
    let p = Parameter("p", Tensor(2))
    let x = p.variable(training).squared()
    let q = Parameter("q", Tensor(5))
    let y = q.variable(training)
    Variable.backward([
      (x, Tensor(1)), (x * 3, Tensor(10)), (y, Tensor(7)), (Variable(Tensor(1)), Tensor(1)),
    ])
    #expect(p.denseGradient.scalar == 31 * 4)
    #expect(q.denseGradient.scalar == 7)
  }

  @Test("a gradient that reaches two nodes is not shared when one of them is added to")
  func gradientsAreNotAliased() {
    let (a, b) = (Parameter("a", Tensor(1)), Parameter("b", Tensor(1)))
    let (x, y) = (a.variable(training) * 1, b.variable(training) * 1)
    // The gradient of the sum is handed to x, to y, and then x gets more.
    let sum = x + y
    (sum + x * 5).backward()
    #expect(a.denseGradient.scalar == 6 && b.denseGradient.scalar == 1)
    // And among parameters, over two passes.
    let (c, d) = (Parameter("c", Tensor(1)), Parameter("d", Tensor(1)))
    (c.variable(training) + d.variable(training)).backward()
    (c.variable(training) * 5).backward()
    #expect(c.denseGradient.scalar == 6 && d.denseGradient.scalar == 1)
  }

  @Test("nothing flows past a detached variable")
  func detached() {
    let p = Parameter("p", Tensor(3))
    let x = p.variable(training)
    (x.squared().detached * x).backward()
    #expect(p.denseGradient.scalar == 9)
    #expect(!x.detached.isRecorded)
  }

  @Test("a graph runs backward once: the second time is refused")
  func backwardTwice() async {
    await #expect(processExitsWith: .failure) {
      let p = Parameter("p", Tensor(3))
      let x = p.variable(.training(RandomKey(seed: 0))).squared()
      x.backward()
      x.backward()
    }
  }

  @Test("what an operation saved is freed as soon as its backward has run")
  func savedIsFreed() {
    let p = Parameter("p", Tensor(3))
    weak var saved: Seen?
    let x: Variable
    do {
      let object = Seen()
      saved = object
      x = Variable.operation(from: [p.variable(training)], output: Tensor(1)) { context in
        object.record([])
        context.add(context.takeGradient(), toParent: 0)
      }
    }
    #expect(saved != nil)
    x.backward()
    #expect(saved == nil)
  }

  @Test("what tangents and curvature would need is freed then too, unless the graph is kept")
  func rulesAreFreed() {
    let p = Parameter("p", Tensor(3))
    weak var saved: Seen?
    let x: Variable
    do {
      let object = Seen()
      saved = object
      x = Variable.operation(from: [p.variable(training)], output: Tensor(1)) {
        object.record([])
        return $0.tangent()
      } curvature: { _ in
        object.record([])
      } backward: {
        $0.add($0.takeGradient(), toParent: 0)
      }
    }
    x.backward(keepsGraph: true)
    #expect(saved != nil)
    #expect(Variable.tangents(of: [x], along: [(p, Tensor(2))])[0].scalar == 2)
    x.backward()
    #expect(saved == nil)
    #expect(p.denseGradient.scalar == 2)
  }

  @Test("a chain of 100,000 nodes runs backward and is freed without overflowing the stack")
  func longChain() {
    let p = Parameter("p", Tensor(1))
    var x = p.variable(training)
    for _ in 0..<100_000 { x = link(x, holding: nil) }
    x.backward()
    #expect(p.denseGradient.scalar == 1)
  }

  @Test("a chain of 100,000 nodes that is never run backward is freed as well")
  func abandonedChain() {
    let freed = Seen()
    do {
      let p = Parameter("p", Tensor(1))
      var x = p.variable(training)
      // Linked twice, by the parents and by what the operations saved.
      for _ in 0..<100_000 { x = link(x, holding: x) }
      let first = Variable.operation(from: [x], output: x.value) { [tail = Tail(freed)] _ in
        _ = tail
      }
      _ = first
    }
    #expect(freed.value == [true])
  }

  private func link(_ x: Variable, holding: Variable?) -> Variable {
    Variable.operation(from: [x], output: x.value) { context in
      context.add(context.takeGradient(), toParent: 0)
      withExtendedLifetime(holding) {}
    }
  }

  /// Says when it is freed.
  private final class Tail: Sendable {
    private let seen: Seen
    init(_ seen: Seen) { self.seen = seen }
    deinit { seen.record([true]) }
  }

  private final class Seen: @unchecked Sendable {
    // Used by the one thread of its test.
    private(set) var value: [Bool] = []
    func record(_ value: [Bool]) { self.value = value }
  }
}

@Suite struct ParameterTests {
  private let shape = [4, 2]

  @Test("dense gradients and gradients of rows add up in any order")
  func denseAndRows() {
    let dense = Tensor.random(shape, seed: 1)
    let rows: [Int32] = [3, 1, 3]
    let values = Tensor.random([3, 2], seed: 2)
    var expected = dense
    for (i, row) in rows.enumerated() {
      for j in 0..<2 { expected[Int(row), j] += values[i, j] }
    }
    let p = Parameter("p", Tensor(zeros: shape))
    p.addGradient(dense)
    p.accumulateGradient(rows: rows, values: values)
    #expect(p.denseGradient == expected)

    p.clearGradient()
    p.accumulateGradient(rows: rows, values: values)
    p.addGradient(dense)
    #expect(relativeError(p.denseGradient, expected) < 1e-7)

    p.clearGradient()
    p.accumulateGradient(rows: [1], values: Tensor(repeating: 1, shape: [1, 2]))
    p.accumulateGradient(rows: [0, 1], values: Tensor(repeating: 2, shape: [2, 2]))
    guard case .rows(let sum) = p.gradient else {
      Issue.record("the gradient is \(p.gradient)")
      return
    }
    #expect(sum.rows == [0, 1] && sum.values.scalars == [2, 2, 3, 3])
    #expect(p.denseGradient.scalars == [2, 2, 3, 3, 0, 0, 0, 0])
  }

  @Test("a gradient is added to in place")
  func accumulatesInPlace() {
    let p = Parameter("p", Tensor(zeros: shape))
    var addresses: Set<UnsafeMutablePointer<Float>> = []
    for round in 0..<3 {
      p.accumulateGradient { sum, isFresh in
        #expect(isFresh == (round == 0))
        if isFresh { sum.update(repeating: 0) }
        for i in sum.indices { sum[i] += 1 }
        addresses.insert(sum.baseAddress!)
      }
    }
    #expect(addresses.count == 1)
    #expect(p.denseGradient == Tensor(repeating: 3, shape: shape))
  }

  @Test("the gradient of what several operations read is added to in place")
  func accumulatesNodesInPlace() {
    let p = Parameter("p", Tensor.random(shape, seed: 3))
    let x = p.variable(training) + Variable(Tensor.random(shape, seed: 4))
    let addresses = Mutex<[UInt]>([])
    let reads = (0..<3).map { _ in
      Variable.operation(from: [x], output: Tensor(1)) { context in
        context.accumulate(intoParents: [0]) { sums in
          guard let sum = sums[0] else { return }
          if sum.isFresh { sum.values.update(repeating: 0) }
          for i in sum.values.indices { sum.values[i] += 1 }
          addresses.withLock { $0.append(UInt(bitPattern: sum.values.baseAddress)) }
        }
      }
    }
    (reads[0] + reads[1] + reads[2]).backward()
    #expect(Set(addresses.withLock { $0 }).count == 1)
    #expect(p.denseGradient == Tensor(repeating: 3, shape: shape))
  }

  @Test("packed forms are kept until the value changes")
  func packedForms() {
    let p = Parameter("p", Tensor.random([20, 6], seed: 3))
    let (forward, backward) = (p.packed(.forward), p.packed(.backward))
    #expect(p.packed(.forward) === forward && p.packed(.backward) === backward)
    #expect(p.variable(.prediction).packed(.forward) === forward)
    #expect(p.variable(training).packed(.forward) === forward)
    #expect(p.packed(.forward, rows: 4..<12) === p.packed(.forward, rows: 4..<12))
    #expect(p.packed(.forward, rows: 4..<12) !== p.packed(.forward, rows: 4..<13))

    let x = Variable(Tensor.random([3, 6], seed: 4))
    p.value = Tensor.random([20, 6], seed: 5)
    #expect(p.packed(.forward) !== forward)
    #expect(x.linear(p.variable(.prediction)).value == x.linear(Variable(p.value)).value)
    let again = p.packed(.forward)
    p.update { value, _ in value[0] += 1 }
    #expect(p.packed(.forward) !== again)
    #expect(x.linear(p.variable(.prediction)).value == x.linear(Variable(p.value)).value)
  }

  @Test("an update sees the gradient and changes the value; readers keep theirs")
  func update() {
    let p = Parameter("p", Tensor(repeating: 1, shape: [2]))
    p.setGradient(.dense(Tensor(shape: [2], scalars: [5, 6])))
    let before = p.value
    p.update { value, gradient in
      guard case .dense(let gradient) = gradient else { return }
      for i in value.indices { value[i] -= gradient[i] }
    }
    #expect(p.value.scalars == [-4, -5] && before.scalars == [1, 1])
  }
}

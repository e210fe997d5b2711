import TestSupport
import Testing

@testable import Tensors

@Suite struct MatrixProductOperationTests {
  @Test("matrix products and their gradients")
  func products() throws {
    let a = Tensor.random([3, 4], seed: 1)
    let b = Tensor.random([4, 5], seed: 2)
    let w = Tensor.random([5, 4], seed: 3)
    expectProduct(Variable(a).matmul(Variable(b)), a, b)
    expectProduct(Variable(a).matmul(transposed: Variable(w)), a, Variable(w).transposed().value)
    try checkGradients(of: [a, b]) { $0[0].matmul($0[1]) }
    try checkGradients(of: [a, w]) { $0[0].matmul(transposed: $0[1]) }
    try checkGradients(of: [Tensor.random([4, 4], seed: 4)]) { $0[0].matmul($0[0]) }
  }

  @Test("a vector and a tensor of many axes meet one matrix")
  func leadingAxes() throws {
    let b = Tensor.random([4, 5], seed: 5)
    let w = Tensor.random([5, 4], seed: 6)
    let (vector, many) = (Tensor.random([4], seed: 7), Tensor.random([2, 3, 4], seed: 8))
    #expect(Variable(vector).matmul(Variable(b)).shape == [5])
    #expect(Variable(many).matmul(Variable(b)).shape == [2, 3, 5])
    #expect(Variable(many).matmul(transposed: Variable(w)).shape == [2, 3, 5])
    for x in [vector, many] {
      try checkGradients(of: [x, b]) { $0[0].matmul($0[1]) }
      try checkGradients(of: [x, w]) { $0[0].matmul(transposed: $0[1]) }
    }
  }

  @Test("batched products and their gradients")
  func batched() throws {
    let a = Tensor.random([2, 3, 4], seed: 9)
    let b = Tensor.random([2, 4, 5], seed: 10)
    let k = Tensor.random([2, 5, 4], seed: 11)
    let plain = Variable(a).matmul(Variable(b))
    let transposed = Variable(a).matmul(transposed: Variable(k))
    for i in 0..<2 {
      let part = { (x: Tensor) in Variable(x).sliced(i..<i + 1).reshaped(to: Array(x.shape[1...])) }
      expectProduct(part(plain.value), part(a).value, part(b).value)
      expectProduct(part(transposed.value), part(a).value, part(k).transposed().value)
    }
    try checkGradients(of: [a, b]) { $0[0].matmul($0[1]) }
    try checkGradients(of: [a, k]) { $0[0].matmul(transposed: $0[1]) }
    let (c, d) = (Tensor.random([2, 2, 1, 3], seed: 12), Tensor.random([2, 2, 3, 2], seed: 13))
    try checkGradients(of: [c, d]) { $0[0].matmul($0[1]) }
  }

  @Test("a linear layer adds its bias, and all three gradients are right")
  func linear() throws {
    let x = Tensor.random([2, 3, 4], seed: 14)
    let (w, b) = (Tensor.random([5, 4], seed: 15), Tensor.random([5], seed: 16))
    let output = Variable(x).linear(Variable(w), bias: Variable(b))
    let expected = Variable(x).matmul(Variable(w).transposed()) + Variable(b)
    #expect(output.shape == [2, 3, 5])
    #expect(relativeError(output.value, expected.value) < 2e-7)
    try checkGradients(of: [x, w, b]) { $0[0].linear($0[1], bias: $0[2]) }
    try checkGradients(of: [x, w]) { $0[0].linear($0[1]) }
    // A frozen weight or a constant input must not stop the other gradients.
    try checkGradients(of: [w, b]) { Variable(x).linear($0[0], bias: $0[1]) }
    try checkGradients(of: [x]) { $0[0].linear(Variable(w), bias: Variable(b)) }
  }

  @Test("products of no rows or no depth")
  func empty() {
    let none = Variable(Tensor(zeros: [0, 4]))
    #expect(none.matmul(Variable(Tensor(zeros: [4, 2]))).shape == [0, 2])
    let noDepth = Variable(Tensor(zeros: [3, 0])).matmul(Variable(Tensor(zeros: [0, 2])))
    #expect(noDepth.value == Tensor(zeros: [3, 2]))
    let bias = Tensor.random([2], seed: 17)
    let linear = Variable(Tensor(zeros: [3, 0])).linear(
      Variable(Tensor(zeros: [2, 0])), bias: Variable(bias))
    #expect(linear.value == bias.broadcast(to: [3, 2]))
  }

  @Test("products have the same bits on 1, 2 and 3 threads, forward and backward")
  func threadsAgree() {
    let key = RandomKey(seed: 18)
    let shapes = [[70, 130], [97, 130], [97], [4, 70, 97], [4, 97, 65]]
    let tensors = shapes.enumerated().map { key.child($0).uniform($1, from: -1, to: 1) }
    let results = [1, 2, 3].map { threads in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        let parameters = tensors.map { Parameter("p", $0) }
        let v = parameters.map { $0.variable(.training(key)) }
        let y = v[0].linear(v[1], bias: v[2]) + v[3]
        let z = y.matmul(v[4])
        z.sum().backward()
        return [z.value] + parameters.map(\.denseGradient)
      }
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  private func expectProduct(
    _ c: Variable, _ a: Tensor, _ b: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (rows, depth, columns) = (a.shape[0], a.shape[1], b.shape[1])
    var expected: [Double] = []
    for i in 0..<rows {
      for j in 0..<columns {
        expected.append((0..<depth).reduce(0) { $0 + Double(a[i, $1]) * Double(b[$1, j]) })
      }
    }
    #expect(c.shape == [rows, columns], sourceLocation: sourceLocation)
    let error = relativeError(c.value.scalars.map(Double.init), expected)
    #expect(error < 2e-7, sourceLocation: sourceLocation)
  }
}

import TestSupport
import Testing

@testable import Tensors

@Suite struct RearrangingTests {
  @Test("a reshape keeps the elements and returns the gradient")
  func reshape() throws {
    let x = Tensor.random([2, 6], seed: 1)
    #expect(Variable(x).reshaped(to: [3, 2, 2]).value.scalars == x.scalars)
    try checkGradients(of: [x]) { $0[0].reshaped(to: [3, 4]) * 2 }
  }

  @Test(
    "every permutation of the axes puts every element in its place",
    arguments: [[2], [3, 4], [17, 35], [2, 3, 4], [1, 3, 2], [2, 3, 1, 4], [2, 0, 3]])
  func transpose(_ shape: [Int]) throws {
    let x = Tensor.random(shape, seed: 2)
    for axes in permutations(Array(shape.indices)) {
      let y = Variable(x).transposed(axes)
      #expect(y.shape == axes.map { shape[$0] })
      #expect(y.value == permuted(x, axes))
      if x.count < 100 { try checkGradients(of: [x]) { $0[0].transposed(axes) } }
    }
  }

  @Test("axes are swapped, counted from the end as well")
  func swap() {
    let x = Variable(Tensor.random([2, 3, 4], seed: 3))
    #expect(x.swappingAxes(0, -1).value == permuted(x.value, [2, 1, 0]))
    #expect(x.transposed().value == permuted(x.value, [0, 2, 1]))
  }

  @Test("concatenation and splitting undo each other along every axis", arguments: [0, 1, 2, -1])
  func concatenateAndSplit(_ axis: Int) throws {
    let x = Tensor.random([3, 3, 3], seed: 4)
    let parts = Variable(x).split([1, 0, 2], axis: axis)
    #expect(parts[1].value.count == 0)
    #expect(Variable.concatenate(parts, axis: axis).value == x)
    #expect(
      parts[2].value == Variable(x).sliced(1..<3, axis: axis).value)
    let y = Tensor.random([3, 3, 3], seed: 5)
    try checkGradients(of: [x, y]) { .concatenate([$0[0], $0[1], $0[0]], axis: axis) }
    try checkGradients(of: [x]) {
      let parts = $0[0].split([1, 2], axis: axis)
      return parts[1] * parts[0]
    }
    // A part that the loss does not depend on gets no gradient, not garbage.
    try checkGradients(of: [x]) { $0[0].split(into: 3, axis: axis)[1].squared() }
  }

  @Test("concatenated elements stand where they belong")
  func concatenateValues() {
    let a = Variable(Tensor(shape: [2, 1], scalars: [1, 2]))
    let b = Variable(Tensor(shape: [2, 2], scalars: [3, 4, 5, 6]))
    let joined = Variable.concatenate([a, b], axis: 1)
    #expect(joined.value == Tensor(shape: [2, 3], scalars: [1, 3, 4, 2, 5, 6]))
  }

  @Test("stacking makes a new axis and unstacking removes it", arguments: [0, 1, 2, -1])
  func stack(_ axis: Int) throws {
    let (a, b) = (Tensor.random([2, 3], seed: 6), Tensor.random([2, 3], seed: 7))
    let stacked = Variable.stack([Variable(a), Variable(b)], axis: axis)
    #expect(stacked.shape == [[2, 2, 3], [2, 2, 3], [2, 3, 2], [2, 3, 2]][axis < 0 ? 3 : axis])
    #expect(stacked.unstacked(axis: axis).map(\.value) == [a, b])
    try checkGradients(of: [a, b]) { .stack([$0[0], $0[1], $0[0] * 2], axis: axis) }
    try checkGradients(of: [Tensor.random([2, 3, 2], seed: 8)]) {
      let parts = $0[0].unstacked(axis: axis < 0 ? 2 : axis)
      return parts[1] * parts[0]
    }
  }

  @Test("the gradient of a slice is zero around it", arguments: [0, 1, -1])
  func slice(_ axis: Int) throws {
    let x = Tensor.random([4, 4, 4], seed: 9)
    #expect(Variable(x).sliced(0..<4, axis: axis).value == x)
    try checkGradients(of: [x]) { $0[0].sliced(1..<3, axis: axis) }
    try checkGradients(of: [x]) {
      $0[0].sliced(1..<3, axis: axis) * $0[0].sliced(2..<4, axis: axis)
    }
  }

  @Test("looked-up rows and their gradients, repeated rows included")
  func rows() throws {
    let table = Tensor.random([5, 3], seed: 10)
    let indices: [Int32] = [4, 0, 4, 2]
    let rows = Variable(table).rows(at: indices)
    for (i, index) in indices.enumerated() {
      for j in 0..<3 { #expect(rows.value[i, j] == table[Int(index), j]) }
    }
    try checkGradients(of: [table]) { $0[0].rows(at: indices).squared() }
  }

  @Test("the gradient of an embedding keeps only the rows that were looked up")
  func rowGradient() {
    let table = Parameter("table", Tensor.random([1000, 2], seed: 11))
    let looked = table.variable(.training(RandomKey(seed: 0))).rows(at: [7, 3, 7])
    looked.backward(seed: Tensor(shape: [3, 2], scalars: [1, 2, 3, 4, 5, 6]))
    guard case .rows(let gradient) = table.gradient else {
      Issue.record("the gradient is \(table.gradient)")
      return
    }
    #expect(gradient.rows == [3, 7])
    #expect(gradient.values == Tensor(shape: [2, 2], scalars: [3, 4, 6, 8]))
  }

  @Test("one element of each row, and its gradient")
  func elements() throws {
    let x = Tensor.random([3, 4], seed: 12)
    let picked = Variable(x).elements(at: [3, 0, 3])
    #expect(picked.value.scalars == [x[0, 3], x[1, 0], x[2, 3]])
    try checkGradients(of: [x]) { $0[0].elements(at: [3, 0, 3]) * $0[0].elements(at: [3, 1, 2]) }
  }

  @Test("a choice takes whole rows by a mask, and gradients follow it")
  func select() throws {
    let (a, b) = (Tensor.random([3, 2], seed: 13), Tensor.random([3, 2], seed: 14))
    let mask = Tensor(shape: [3, 1], scalars: [1, 0, 1])
    let chosen = Variable.select(mask, Variable(a), Variable(b)).value
    #expect(chosen.scalars == [a[0, 0], a[0, 1], b[1, 0], b[1, 1], a[2, 0], a[2, 1]])
    try checkGradients(of: [a, b]) { .select(mask, $0[0], $0[1]) }
    try checkGradients(of: [a]) { .select(mask, $0[0], $0[0] * 3) }
  }

  @Test("what is not chosen may be NaN")
  func selectIgnoresNaN() {
    let a = Parameter("a", Tensor(shape: [2], scalars: [1, .nan]))
    let mask = Tensor(shape: [2], scalars: [1, 0])
    let x = a.variable(.training(RandomKey(seed: 0)))
    let chosen = Variable.select(mask, x, Variable(Tensor(zeros: [2])))
    #expect(chosen.value.scalars == [1, 0])
    chosen.backward(seed: Tensor(shape: [2], scalars: [5, .nan]))
    #expect(a.denseGradient.scalars == [5, 0])
  }

  private func permuted(_ x: Tensor, _ axes: [Int]) -> Tensor {
    let shape = axes.map { x.shape[$0] }
    let scalars = x.scalars
    return Tensor(
      shape: shape,
      scalars: (0..<x.count).map { flat -> Float in
        var rest = flat
        var indices = [Int](repeating: 0, count: axes.count)
        for axis in axes.indices.reversed() {
          indices[axes[axis]] = rest % shape[axis]
          rest /= shape[axis]
        }
        return scalars[zip(indices, x.shape).reduce(0) { $0 * $1.1 + $1.0 }]
      })
  }

  private func permutations(_ items: [Int]) -> [[Int]] {
    guard items.count > 1 else { return [items] }
    return items.flatMap { first in
      permutations(items.filter { $0 != first }).map { [first] + $0 }
    }
  }
}

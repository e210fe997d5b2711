import TestSupport
import Testing

@testable import Tensors

@Suite struct ReductionTests {
  @Test("sums, means and extremes over every axis, and their gradients", arguments: [0, 1, 2, -1])
  func alongAxis(_ axis: Int) throws {
    let x = Tensor.randomOrder([3, 4, 2], seed: 1)
    let index = axis < 0 ? axis + 3 : axis
    let v = Variable(x)
    let slices = v.unstacked(axis: axis).map(\.value.scalars)
    let columns = slices[0].indices.map { place in slices.map { $0[place] } }
    #expect(v.sum(axis: axis).value.scalars == columns.map { $0.reduce(0, +) })
    #expect(v.max(axis: axis).value.scalars == columns.map { $0.max()! })
    #expect(v.min(axis: axis).value.scalars == columns.map { $0.min()! })
    let mean = v.mean(axis: axis).value.scalars
    #expect(mean == columns.map { $0.reduce(0, +) / Float($0.count) })

    var (removed, kept) = (x.shape, x.shape)
    removed.remove(at: index)
    kept[index] = 1
    #expect(v.sum(axis: axis).shape == removed)
    #expect(v.sum(axis: axis, keepingDimension: true).shape == kept)
    #expect(v.mean(axis: axis, keepingDimension: true).shape == kept)
    #expect(v.max(axis: axis, keepingDimension: true).shape == kept)
    #expect(v.min(axis: axis, keepingDimension: true).shape == kept)

    for keeping in [false, true] {
      try checkGradients(of: [x]) { $0[0].sum(axis: axis, keepingDimension: keeping) }
      try checkGradients(of: [x]) { $0[0].mean(axis: axis, keepingDimension: keeping) }
      try checkGradients(of: [x]) { $0[0].max(axis: axis, keepingDimension: keeping) }
      try checkGradients(of: [x]) { $0[0].min(axis: axis, keepingDimension: keeping) }
    }
  }

  @Test("sums, means and extremes of all elements")
  func ofAll() throws {
    let x = Tensor.randomOrder([3, 4], seed: 2)
    let v = Variable(x)
    #expect(v.sum().value == Tensor(x.scalars.reduce(0, +)))
    #expect(v.mean().value == Tensor(x.scalars.reduce(0, +) / 12))
    #expect(v.max().value == Tensor(x.scalars.max()!))
    #expect(v.min().value == Tensor(x.scalars.min()!))
    try checkGradients(of: [x]) { $0[0].sum() }
    try checkGradients(of: [x]) { $0[0].mean() }
    try checkGradients(of: [x]) { $0[0].max() }
    try checkGradients(of: [x]) { $0[0].min() }
  }

  @Test("the gradient of a maximum goes to the first of equal elements, and NaN is kept")
  func tiesAndNaN() {
    let x = Parameter("x", Tensor(shape: [4], scalars: [1, 3, 3, 2]))
    x.variable(.training(RandomKey(seed: 0))).max().backward()
    #expect(x.denseGradient.scalars == [0, 1, 0, 0])
    let withNaN = Variable(Tensor(shape: [1, 3], scalars: [1, .nan, 5]))
    #expect(withNaN.max(axis: 1).value.scalar.isNaN)
    #expect(withNaN.min(axis: 1).value.scalar.isNaN)
  }

  @Test("a sum of a million small numbers loses nothing")
  func longSum() {
    let x = Variable(Tensor(repeating: 0.1, shape: [1_000_000]))
    // 0.1 as a Float is 0.100000001490116…; summed in Float one by one it would be off by 10⁻².
    #expect(x.sum().value.scalar == Float(1_000_000 * Double(Float(0.1))))
  }

  @Test("reductions have the same bits on 1, 2 and 3 threads")
  func threadsAgree() {
    let x = RandomKey(seed: 3).uniform([130, 20, 60], from: -1, to: 1)
    let results = [1, 2, 3].map { threads in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        let v = Variable(x)
        return [v.sum(), v.sum(axis: 0), v.sum(axis: 1), v.sum(axis: 2)].map(\.value)
      }
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test("the index of the greatest element of each row")
  func argmax() {
    #expect(Tensor(shape: [2, 3], scalars: [1, 3, 3, .nan, -1, -2]).argmax() == [1, 1])
  }
}

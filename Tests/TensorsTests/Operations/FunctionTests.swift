import Foundation
import TestSupport
import Testing

@testable import Tensors

@Suite struct FunctionTests {
  @Test("functions of single elements have the values of the C library")
  func values() {
    let x = Tensor.randomAwayFromZero([4, 5], seed: 1)
    let positive = Variable(Tensor.random([4, 5], seed: 2, from: 0.3, to: 3))
    let v = Variable(x)
    // The kernels' exponential, tanh and sigmoid are within a few units in the last place.
    expectClose(v.exp(), x) { Foundation.exp($0) }
    expectClose(v.tanh(), x) { Foundation.tanh($0) }
    expectClose(v.sigmoid(), x) { 1 / (1 + Foundation.exp(-$0)) }
    expectClose(v.relu(), x) { $0 > 0 ? $0 : 0 }
    expectClose(v.squared(), x) { $0 * $0 }
    expectClose(v.abs(), x) { abs($0) }
    expectClose(positive.log(), positive.value) { Foundation.log($0) }
    expectClose(positive.squareRoot(), positive.value) { $0.squareRoot() }
    expectClose(positive.power(2.5), positive.value) { pow($0, 2.5) }
  }

  @Test("the gradients of functions of single elements are right")
  func gradients() throws {
    let x = Tensor.randomAwayFromZero([3, 5], seed: 3)
    let positive = Tensor.random([3, 5], seed: 4, from: 0.5, to: 2)
    try checkGradients(of: [x]) { $0[0].exp() }
    try checkGradients(of: [x]) { $0[0].tanh() }
    try checkGradients(of: [x]) { $0[0].sigmoid() }
    try checkGradients(of: [x]) { $0[0].relu() }
    try checkGradients(of: [x]) { $0[0].squared() }
    try checkGradients(of: [x]) { $0[0].abs() }
    try checkGradients(of: [positive]) { $0[0].log() }
    try checkGradients(of: [positive]) { $0[0].squareRoot() }
    try checkGradients(of: [positive]) { $0[0].power(2.5) }
    try checkGradients(of: [x]) { $0[0].power(3) }
  }

  @Test("dropout zeroes about its rate, scales the rest, and draws the same mask backward")
  func dropout() {
    let key = RandomKey(seed: 5)
    let ones = Parameter("ones", Tensor(repeating: 1, shape: [200, 100]))
    let output = ones.variable(.training(key)).dropout(0.3, mode: .training(key))
    let scalars = output.value.scalars
    #expect(Set(scalars).subtracting([0, 1 / 0.7]).isEmpty)
    // 20,000 draws: the standard deviation of the share is 0.0033.
    let share = Double(scalars.count { $0 == 0 }) / Double(scalars.count)
    #expect(abs(share - 0.3) < 0.015)
    output.backward(seed: ones.value)
    #expect(ones.denseGradient == output.value)
  }

  @Test("dropout masks follow the key, not the thread count")
  func dropoutMasks() {
    let x = Variable(Tensor(repeating: 1, shape: [30_000]))
    let draw = { (seed: UInt64, threads: Int) in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        x.dropout(0.5, mode: .training(RandomKey(seed: seed))).value
      }
    }
    #expect(draw(6, 1) == draw(6, 3))
    #expect(draw(6, 1) != draw(7, 1))
  }

  @Test("no dropout in prediction, nor at rate zero")
  func noDropout() {
    let x = Variable(Tensor.random([10], seed: 8))
    #expect(x.dropout(0.5, mode: .prediction).value == x.value)
    #expect(x.dropout(0, mode: .training(RandomKey(seed: 1))).value == x.value)
  }

  @Test("the gradient of dropout is right")
  func dropoutGradient() throws {
    let mode = Mode.training(RandomKey(seed: 9))
    try checkGradients(of: [Tensor.random([5, 7], seed: 10)]) { $0[0].dropout(0.4, mode: mode) }
  }

  /// Within 2·10⁻⁷ relative to the norm: some three roundings of a Float.
  private func expectClose(
    _ result: Variable, _ x: Tensor, sourceLocation: SourceLocation = #_sourceLocation,
    _ function: (Double) -> Double
  ) {
    let expected = x.scalars.map { function(Double($0)) }
    let error = relativeError(result.value.scalars.map(Double.init), expected)
    #expect(error < 2e-7, sourceLocation: sourceLocation)
  }
}

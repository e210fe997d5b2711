import Synchronization
import TestSupport
import Testing

@testable import Tensors

@Suite("A probe")
struct ProbeTests {
  private final class Sightings: Sendable {
    private let all = Mutex<[Tensor]>([])
    var tensors: [Tensor] { all.withLock { $0 } }
    func add(_ tensor: Tensor) { all.withLock { $0.append(tensor) } }
  }

  private let training = Mode.training(RandomKey(seed: 0))

  @Test("changes neither the value nor the gradient")
  func identity() throws {
    let x = Tensor.random([2, 3], seed: 1)
    #expect(Variable(x).probed { _ in }.value == x)
    try checkGradients(of: [x]) { $0[0].probed { _ in }.tanh() }
  }

  @Test("sees the whole gradient, once, however many ways it came by")
  func whole() {
    let seen = Sightings()
    let p = Parameter("p", .random([2, 3], seed: 1))
    let y = p.variable(training).probed(seen.add)
    // Σ (y² + 3y) by two ways, one of them longer.
    (y.squared().sum() + (3 * y).reshaped(to: [6]).sum()).backward()
    #expect(seen.tensors.count == 1)
    let expected = Tensor(shape: [2, 3], scalars: p.value.scalars.map { 2 * $0 + 3 })
    #expect(relativeError(seen.tensors[0], expected) < 1e-7)
    #expect(p.denseGradient == seen.tensors[0])
  }

  @Test("keeps what it saw when the gradient is added to later")
  func kept() {
    let seen = Sightings()
    let p = Parameter("p", .random([4], seed: 1))
    let x = 1 * p.variable(training)
    let y = x.probed(seen.add)
    (y.sum() + (5 * x).sum()).backward()
    #expect(seen.tensors == [Tensor(repeating: 1, shape: [4])])
    #expect(p.denseGradient == Tensor(repeating: 6, shape: [4]))
  }

  @Test("is silent for a constant, and where the loss does not lead")
  func silent() {
    let seen = Sightings()
    let p = Parameter("p", .random([4], seed: 1))
    #expect(!p.variable(.prediction).probed(seen.add).isRecorded)
    _ = p.variable(training).probed(seen.add)
    p.variable(training).sum().backward()
    #expect(seen.tensors.isEmpty)
  }
}

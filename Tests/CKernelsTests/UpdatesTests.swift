import CKernels
import Testing

@Suite("Optimiser updates")
struct UpdatesTests {
  /// Gradient and weights of any sign, and moments that are not negative, each of `n` elements.
  private func arrays(_ n: Int, seed: UInt64) -> (g: [Float], m: [Float], v: [Float], w: [Float]) {
    var random = RandomFloats(seed: seed)
    return (random.array(n), random.array(n), random.array(n, in: 0...1), random.array(n))
  }

  @Test("SGD and momentum agree with their twins", arguments: availableISAs)
  func momentum(isa: unroll_isa) {
    withISA(isa) {
      for n in awkwardSizes {
        let (g, v, _, w) = arrays(n, seed: 50)
        var found = w
        var expected = w
        unroll_sgd_update(n, 0.1, 0.5, 0.01, g, &found)
        unroll_sgd_update_reference(n, 0.1, 0.5, 0.01, g, &expected)
        expectClose(found, expected, tolerance: 1.2e-7, "SGD of \(n):")
        for nesterov in [false, true] {
          found = w
          expected = w
          var velocity = v
          var expectedVelocity = v
          unroll_momentum_update(n, 0.1, 0.5, 0.01, 0.9, nesterov, g, &velocity, &found)
          unroll_momentum_update_reference(
            n, 0.1, 0.5, 0.01, 0.9, nesterov, g, &expectedVelocity, &expected)
          expectClose(found, expected, tolerance: 1.8e-7, "weights of \(n):")
          expectClose(velocity, expectedVelocity, tolerance: 1.8e-7, "velocity of \(n):")
        }
      }
    }
  }

  @Test("Adam and AdamW agree with their twins", arguments: availableISAs)
  func adam(isa: unroll_isa) {
    withISA(isa) {
      for n in awkwardSizes {
        let (g, m, v, w) = arrays(n, seed: 51)
        for decoupled in [false, true] {
          for step in [1, 1000] {
            var found = (m, v, w)
            var expected = found
            unroll_adam_update(
              n, 0.01, 0.5, 0.1, decoupled, 0.9, 0.999, 1e-8, step, g, &found.0, &found.1, &found.2)
            unroll_adam_update_reference(
              n, 0.01, 0.5, 0.1, decoupled, 0.9, 0.999, 1e-8, step, g, &expected.0, &expected.1,
              &expected.2)
            expectClose(found.0, expected.0, tolerance: 1.2e-7, "mean of \(n):")
            expectClose(found.1, expected.1, tolerance: 1.2e-7, "variance of \(n):")
            expectClose(found.2, expected.2, tolerance: 3e-7, "weights of \(n):")
          }
        }
      }
    }
  }

  @Test("Adam's first step has the length of the rate, whatever the gradient's size")
  func firstStep() {
    var m: [Float] = [0, 0, 0]
    var v = m
    var w = m
    unroll_adam_update(3, 0.01, 1, 0, false, 0.9, 0.999, 1e-8, 1, [1e-3, -5, 0], &m, &v, &w)
    expectClose(w, [-0.01, 0.01, 0], floor: 0.01, tolerance: 2e-5)
  }

  @Test("a weight's new bits do not depend on where it stands", arguments: availableISAs)
  func positions(isa: unroll_isa) {
    withISA(isa) {
      let n = 21
      let (g, m, v, w) = arrays(n, seed: 52)
      var whole = (m, v, w)
      unroll_adam_update(
        n, 0.01, 1, 0, false, 0.9, 0.999, 1e-8, 3, g, &whole.0, &whole.1, &whole.2)
      for i in 0..<n {
        var alone = ([m[i]], [v[i]], [w[i]])
        unroll_adam_update(
          1, 0.01, 1, 0, false, 0.9, 0.999, 1e-8, 3, [g[i]], &alone.0, &alone.1, &alone.2)
        expectSameBits([whole.0[i], whole.1[i], whole.2[i]], alone.0 + alone.1 + alone.2)
      }
    }
  }
}

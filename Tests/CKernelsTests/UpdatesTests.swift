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

  @Test("Adagrad and Adadelta agree with their twins", arguments: availableISAs)
  func squares(isa: unroll_isa) {
    withISA(isa) {
      for n in awkwardSizes {
        let (g, _, v, w) = arrays(n, seed: 53)
        var found = (v, w)
        var expected = found
        unroll_adagrad_update(n, 0.1, 0.5, 0.1, 1e-10, g, &found.0, &found.1)
        unroll_adagrad_update_reference(n, 0.1, 0.5, 0.1, 1e-10, g, &expected.0, &expected.1)
        expectClose(found.0, expected.0, tolerance: 1.2e-7, "Adagrad's sum of \(n):")
        expectClose(found.1, expected.1, tolerance: 1.8e-7, "Adagrad's weights of \(n):")
        let changes = v.reversed().map { 0.01 * $0 }
        var moved = (v, changes, w)
        var expectedMove = moved
        unroll_adadelta_update(
          n, 1, 0.5, 0.1, 0.9, 1e-6, g, &moved.0, &moved.1, &moved.2)
        unroll_adadelta_update_reference(
          n, 1, 0.5, 0.1, 0.9, 1e-6, g, &expectedMove.0, &expectedMove.1, &expectedMove.2)
        expectClose(moved.0, expectedMove.0, tolerance: 1.2e-7, "Adadelta's squares of \(n):")
        expectClose(moved.1, expectedMove.1, tolerance: 1.2e-7, "Adadelta's changes of \(n):")
        expectClose(moved.2, expectedMove.2, tolerance: 3e-7, "Adadelta's weights of \(n):")
      }
    }
  }

  @Test(
    "RMSProp agrees with its twin, centred or not, with momentum or not", arguments: availableISAs)
  func rmsprop(isa: unroll_isa) {
    withISA(isa) {
      for n in awkwardSizes {
        let (g, m, v, w) = arrays(n, seed: 54)
        // A mean well within the square mean, so that their difference keeps its digits.
        let start = (v.map { 1 + $0 }, m.map { 0.5 * $0 }, g.reversed() as [Float], w)
        for (isCentred, isMoving) in [(false, false), (false, true), (true, false), (true, true)] {
          var found = start
          var expected = start
          found.1.withUnsafeMutableBufferPointer { mean in
            found.2.withUnsafeMutableBufferPointer { velocity in
              unroll_rmsprop_update(
                n, 0.1, 0.5, 0.1, 0.9, 0.8, 1e-8, g, &found.0, isCentred ? mean.baseAddress : nil,
                isMoving ? velocity.baseAddress : nil, &found.3)
            }
          }
          expected.1.withUnsafeMutableBufferPointer { mean in
            expected.2.withUnsafeMutableBufferPointer { velocity in
              unroll_rmsprop_update_reference(
                n, 0.1, 0.5, 0.1, 0.9, 0.8, 1e-8, g, &expected.0,
                isCentred ? mean.baseAddress : nil, isMoving ? velocity.baseAddress : nil,
                &expected.3)
            }
          }
          expectClose(found.0, expected.0, tolerance: 1.8e-7, "squares of \(n):")
          expectClose(found.1, expected.1, tolerance: 1.8e-7, "means of \(n):")
          expectClose(found.2, expected.2, tolerance: 4e-7, "velocity of \(n):")
          expectClose(found.3, expected.3, tolerance: 3e-7, "weights of \(n):")
        }
      }
    }
  }

  @Test("a centred variance that rounding has made negative counts as 0", arguments: availableISAs)
  func negativeVariance(isa: unroll_isa) {
    withISA(isa) {
      var (v, m, w): ([Float], [Float], [Float]) = ([0.25], [0.75], [0])
      unroll_rmsprop_update(1, 1, 1, 0, 0.5, 0, 1, [0.5], &v, &m, nil, &w)
      #expect(w == [-0.5])
    }
  }

  @Test("averages and clipped values agree with their twins", arguments: availableISAs)
  func averagesAndClipping(isa: unroll_isa) {
    withISA(isa) {
      for n in awkwardSizes {
        let (x, mean, _, _) = arrays(n, seed: 55)
        var found = mean
        var expected = mean
        unroll_average_update(n, 0.25, x, &found)
        unroll_average_update_reference(n, 0.25, x, &expected)
        expectClose(found, expected, tolerance: 1.2e-7, "mean of \(n):")
        found = x
        expected = x
        if n > 1 { (found[1], expected[1]) = (.nan, .nan) }
        if n > 2 { (found[2], expected[2]) = (-.infinity, -.infinity) }
        unroll_clip_values(n, 0.5, &found)
        unroll_clip_values_reference(n, 0.5, &expected)
        expectSameBits(found, expected, "values of \(n):")
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

import CKernels
import Foundation
import Testing

@Suite("Reductions")
struct ReductionsTests {
  @Test("sums are exact to a few units of Double, and the same on every instruction set")
  func sums() {
    var random = RandomFloats(seed: 30)
    for n in awkwardSizes {
      let a = random.array(n)
      let b = random.array(n)
      let expected = [
        unroll_sum_reference(n, a), unroll_sum_of_squares_reference(n, a),
        unroll_dot_reference(n, a, b),
      ]
      let all = availableISAs.map { isa in
        withISA(isa) { [unroll_sum(n, a), unroll_sum_of_squares(n, a), unroll_dot(n, a, b)] }
      }
      for found in all {
        #expect(found == all[0])
        for (f, e) in zip(found, expected) { #expect(abs(f - e) <= 1e-14 * Double(n)) }
      }
    }
  }

  @Test("the greatest element is found wherever it stands", arguments: availableISAs)
  func greatest(isa: unroll_isa) {
    var random = RandomFloats(seed: 31)
    withISA(isa) {
      #expect(unroll_max(0, nil) == -.infinity)
      for n in [1, 7, 16, 33, 50] {
        let x = random.array(n)
        #expect(unroll_max(n, x) == x.max())
        for i in 0..<n {
          var y = x
          y[i] = 2
          if i + 5 < n { y[i + 5] = 2 }
          #expect(unroll_argmax(n, y) == i && unroll_max(n, y) == 2)
          y[i] = .nan
          #expect(unroll_max(n, y).isNaN)
          #expect(unroll_argmax(n, y) == unroll_argmax_reference(n, y))
        }
      }
      #expect(unroll_argmax(3, [-.infinity, -.infinity, .nan]) == 0)
      #expect(unroll_argmax(3, [.nan, -.infinity, .nan]) == 1)
      #expect(unroll_argmax(2, [.nan, .nan]) == 0)
      #expect(unroll_max(2, [-.infinity, -.infinity]) == -.infinity)
    }
  }

  @Test("one NaN or infinity is found wherever it stands", arguments: availableISAs)
  func finite(isa: unroll_isa) {
    withISA(isa) {
      for n in awkwardSizes {
        var x = [Float](repeating: .greatestFiniteMagnitude, count: n)
        #expect(unroll_all_finite(n, x))
        for i in 0..<n {
          for bad in [Float.nan, .infinity, -.infinity] {
            x[i] = bad
            #expect(!unroll_all_finite(n, x))
          }
          x[i] = 1
        }
      }
    }
  }

  @Test("column sums agree with the twin, whole or by ranges of columns", arguments: availableISAs)
  func columnSums(isa: unroll_isa) {
    var random = RandomFloats(seed: 32)
    let rows = 5
    withISA(isa) {
      for n in awkwardSizes + [515] {
        let stride = n + 3
        let x = random.array(rows * stride)
        let old = random.array(n)
        for accumulate in [false, true] {
          var found = old
          var expected = old
          unroll_column_sums(rows, n, x, stride, accumulate, &found)
          unroll_column_sums_reference(rows, n, x, stride, accumulate, &expected)
          expectSameBits(found, expected, "\(n) columns")
          var parts = old
          x.withUnsafeBufferPointer { x in
            parts.withUnsafeMutableBufferPointer { parts in
              guard n > 0, let x = x.baseAddress, let sums = parts.baseAddress else { return }
              let cut = n / 3
              unroll_column_sums(rows, cut, x, stride, accumulate, sums)
              unroll_column_sums(rows, n - cut, x + cut, stride, accumulate, sums + cut)
            }
          }
          expectSameBits(parts, expected, "\(n) columns in two parts")
        }
      }
    }
  }

  // Rows of one element have variance 0, where 1/√ε magnifies rounding: hence a large ε.
  @Test("layer normalisation agrees with its twin", arguments: availableISAs)
  func layerNorm(isa: unroll_isa) {
    var random = RandomFloats(seed: 33)
    let rows = 3
    withISA(isa) {
      for n in awkwardSizes where n > 0 {
        let x = random.array(rows * n, in: -1...3)
        let dy = random.array(rows * n)
        let vectors = (0..<2).map { _ in random.array(n) }
        for gained in [true, false] {
          vectors[0].withUnsafeBufferPointer { gainBuffer in
            vectors[1].withUnsafeBufferPointer { biasBuffer in
              let gain = gained ? gainBuffer.baseAddress : nil
              let bias = gained ? biasBuffer.baseAddress : nil
              var y = x
              var expected = x
              var means = [Float](repeating: 0, count: rows)
              var inverses = means
              var expectedMeans = means
              var expectedInverses = means
              unroll_layer_norm_rows(rows, n, x, gain, bias, 1e-2, &y, &means, &inverses)
              unroll_layer_norm_rows_reference(
                rows, n, x, gain, bias, 1e-2, &expected, &expectedMeans, &expectedInverses)
              expectClose(y, expected, tolerance: 5e-7, "output of \(n):")
              expectClose(means, expectedMeans, tolerance: 1.2e-7)
              expectClose(inverses, expectedInverses, tolerance: 1.2e-7)

              var sums = vectors[0] + vectors[1]
              var expectedSums = sums
              var dx = dy
              let wanted = gained
              sums.withUnsafeMutableBufferPointer { sums in
                dx.withUnsafeMutableBufferPointer { dx in
                  unroll_layer_norm_rows_backward(
                    rows, n, x, gain, means, inverses, dx.baseAddress, dx.baseAddress,
                    wanted ? sums.baseAddress : nil, wanted ? sums.baseAddress! + n : nil)
                }
              }
              expectedSums.withUnsafeMutableBufferPointer { sums in
                unroll_layer_norm_rows_backward_reference(
                  rows, n, x, gain, means, inverses, dy, &expected,
                  wanted ? sums.baseAddress : nil, wanted ? sums.baseAddress! + n : nil)
              }
              expectClose(dx, expected, floor: 10, tolerance: 5e-7, "gradient of \(n):")
              expectClose(sums, expectedSums, tolerance: 1e-6, "d_gain, d_bias of \(n):")
            }
          }
        }
      }
    }
  }

  @Test("layer normalisation's gradients are those of the formula, by central differences")
  func layerNormGradient() {
    var random = RandomFloats(seed: 34)
    let n = 6
    let x = random.array(3 * n, in: -1...2)
    let dy = random.array(n)
    // x, gain, bias behind each other
    func loss(_ x: [Double]) -> Double {
      let row = x[0..<n]
      let mean = row.reduce(0, +) / Double(n)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
      return (0..<n).reduce(0) {
        $0 + Double(dy[$1])
          * (x[n + $1] * (x[$1] - mean) / (variance + 1e-3).squareRoot() + x[2 * n + $1])
      }
    }
    var y = dy
    var mean: Float = 0
    var inverse: Float = 0
    var sums = [Float](repeating: 0, count: 2 * n)
    let gain = Array(x[n..<2 * n])
    unroll_layer_norm_rows_reference(
      1, n, x, gain, Array(x[(2 * n)...]), 1e-3, &y, &mean, &inverse)
    var dx = dy
    sums.withUnsafeMutableBufferPointer {
      unroll_layer_norm_rows_backward_reference(
        1, n, x, gain, &mean, &inverse, dy, &dx, $0.baseAddress, $0.baseAddress! + n)
    }
    let expected = centralDifferences(at: x.map(Double.init), loss).map { Float($0) }
    expectClose(dx + sums, expected, tolerance: 2e-6)
  }
}

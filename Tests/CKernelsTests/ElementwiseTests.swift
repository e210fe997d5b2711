import CKernels
import Foundation
import Testing

private typealias Unary = (Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void
private typealias Binary = (
  Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
) -> Void

private struct UnaryCase {
  let name: String
  let kernel: Unary
  let twin: Unary
  /// Relative.
  let tolerance: Float
}

@Suite("Elementwise functions")
struct ElementwiseTests {
  private let unary = [
    UnaryCase(
      name: "exp", kernel: { unroll_exp($0, $1, $2) }, twin: { unroll_exp_reference($0, $1, $2) },
      tolerance: 1.3e-7),
    UnaryCase(
      name: "tanh", kernel: { unroll_tanh($0, $1, $2) },
      twin: { unroll_tanh_reference($0, $1, $2) }, tolerance: 2.4e-7),
    UnaryCase(
      name: "sigmoid", kernel: { unroll_sigmoid($0, $1, $2) },
      twin: { unroll_sigmoid_reference($0, $1, $2) }, tolerance: 2.4e-7),
    UnaryCase(
      name: "relu", kernel: { unroll_relu($0, $1, $2) },
      twin: { unroll_relu_reference($0, $1, $2) }, tolerance: 0),
  ]

  @Test("functions of one vector agree with their twins, in place too", arguments: availableISAs)
  func unaryTwins(isa: unroll_isa) {
    withISA(isa) {
      var random = RandomFloats(seed: 1)
      for n in awkwardSizes {
        for c in unary {
          let x = random.array(n, in: -20...20)
          var y = x
          var expected = x
          y.withUnsafeMutableBufferPointer { c.kernel(n, $0.baseAddress, $0.baseAddress) }
          c.twin(n, x, &expected)
          expectClose(y, expected, floor: 1e-37, tolerance: c.tolerance, "\(c.name) of \(n):")
        }
      }
    }
  }

  @Test("an element's value does not depend on where it stands", arguments: availableISAs)
  func positions(isa: unroll_isa) {
    withISA(isa) {
      var random = RandomFloats(seed: 2)
      let x = random.array(37, in: -20...20)
      for c in unary {
        var whole = x
        c.kernel(x.count, x, &whole)
        var parts = x
        for first in x.indices {
          var tail = [Float](repeating: 0, count: x.count - first)
          c.kernel(tail.count, Array(x[first...]), &tail)
          parts[first] = tail[0]
        }
        expectSameBits(whole, parts, c.name)
      }
    }
  }

  @Test("limits, zeros and NaN come out as they should", arguments: availableISAs)
  func specials(isa: unroll_isa) {
    withISA(isa) {
      let x: [Float] = [
        .infinity, -.infinity, .nan, 0, -0.0, Float(bitPattern: 0x7FA0_1234), 88.722_83, 88.73,
        -87.33, -87.34, 1e30, -1e30, Float.leastNonzeroMagnitude, 1e-20, 20, -20,
      ]
      func apply(_ kernel: Unary) -> [Float] {
        var y = x
        kernel(x.count, x, &y)
        return y
      }
      let exp = apply { unroll_exp($0, $1, $2) }
      #expect(exp[0] == .infinity && exp[1] == 0 && exp[2].isNaN && exp[3] == 1 && exp[4] == 1)
      #expect(exp[5].isNaN && exp[6].isFinite && exp[6] > 3.4e38 && exp[7] == .infinity)
      #expect(exp[8] >= .leastNormalMagnitude && exp[9] == 0 && exp[10] == .infinity)
      #expect(exp[11] == 0 && exp[12] == 1)

      let tanh = apply { unroll_tanh($0, $1, $2) }
      #expect(tanh[0] == 1 && tanh[1] == -1 && tanh[2].isNaN && tanh[5].isNaN)
      #expect(tanh[3] == 0 && tanh[3].sign == .plus && tanh[4] == 0 && tanh[4].sign == .minus)
      #expect(tanh[10] == 1 && tanh[11] == -1 && tanh[12] == x[12] && tanh[13] == x[13])
      #expect(tanh[14] == 1 && tanh[15] == -1)

      let sigmoid = apply { unroll_sigmoid($0, $1, $2) }
      #expect(sigmoid[0] == 1 && sigmoid[1] == 0 && sigmoid[2].isNaN && sigmoid[5].isNaN)
      #expect(sigmoid[3] == 0.5 && sigmoid[4] == 0.5 && sigmoid[10] == 1 && sigmoid[11] == 0)
      #expect(sigmoid[8] > 0 && sigmoid[9] == 0)

      let relu = apply { unroll_relu($0, $1, $2) }
      #expect(relu[0] == .infinity && relu[1] == 0 && relu[2].isNaN && relu[11] == 0)
    }
  }

  // Every seventh float of |x| ≥ 2⁻¹⁵, swept once outside the tests, gave 1.04, 2.51 and 2.37 ulp.
  // Here every 100,003rd bit pattern, zeros and subnormals included.
  @Test("exp, tanh and σ keep to their bounds over the whole range", arguments: availableISAs)
  func sweep(isa: unroll_isa) {
    let x = stride(from: UInt32(0), to: 0x42B0_0000, by: 100_003).flatMap {
      [Float(bitPattern: $0), -Float(bitPattern: $0)]
    }.filter { $0 > -87.336_54 }
    func worst(_ kernel: Unary, _ exact: (Double) -> Double) -> Double {
      var y = x
      withISA(isa) { kernel(x.count, x, &y) }
      var worst = 0.0
      for (x, y) in zip(x, y) {
        let expected = exact(Double(x))
        let error = abs(Double(y) - expected)
        if error > worst * Double(Float(expected).ulp) {
          worst = error / Double(Float(expected).ulp)
        }
      }
      return worst
    }
    #expect(worst({ unroll_exp($0, $1, $2) }, { exp($0) }) < 1.1)
    #expect(worst({ unroll_tanh($0, $1, $2) }, { tanh($0) }) < 2.7)
    #expect(worst({ unroll_sigmoid($0, $1, $2) }, { 1 / (1 + exp(-$0)) }) < 2.5)
  }

  @Test("arithmetic agrees with its twins, in place too", arguments: availableISAs)
  func arithmetic(isa: unroll_isa) {
    let cases: [(String, Binary, Binary)] = [
      ("add", { unroll_add($0, $1, $2, $3) }, { unroll_add_reference($0, $1, $2, $3) }),
      (
        "subtract", { unroll_subtract($0, $1, $2, $3) },
        { unroll_subtract_reference($0, $1, $2, $3) }
      ),
      (
        "multiply", { unroll_multiply_elements($0, $1, $2, $3) },
        { unroll_multiply_elements_reference($0, $1, $2, $3) }
      ),
      (
        "multiply_accumulate", { unroll_multiply_accumulate($0, $1, $2, $3) },
        { unroll_multiply_accumulate_reference($0, $1, $2, $3) }
      ),
      ("axpy", { unroll_axpy($0, 1.7, $1, $3) }, { unroll_axpy_reference($0, 1.7, $1, $3) }),
      (
        "add_scalar", { unroll_add_scalar($0, 0.7, $1, $3) },
        { unroll_add_scalar_reference($0, 0.7, $1, $3) }
      ),
      ("scale", { unroll_scale($0, -0.3, $1, $3) }, { unroll_scale_reference($0, -0.3, $1, $3) }),
    ]
    withISA(isa) {
      var random = RandomFloats(seed: 3)
      for n in awkwardSizes {
        for (name, kernel, twin) in cases {
          let a = random.array(n)
          let b = random.array(n)
          let c = random.array(n)
          var found = c
          var expected = c
          kernel(n, a, b, &found)
          twin(n, a, b, &expected)
          // Fused or not: one rounding of a number below 2.
          expectClose(found, expected, tolerance: 1.2e-7, "\(name) of \(n):")

          var inPlace = a
          inPlace.withUnsafeMutableBufferPointer {
            kernel(n, $0.baseAddress, b, $0.baseAddress)
          }
          expected = a
          twin(n, a, b, &expected)
          expectClose(inPlace, expected, tolerance: 2.4e-7, "\(name) in place:")
        }
      }
    }
  }
}

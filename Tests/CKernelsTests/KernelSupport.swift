import CKernels
import Testing

/// Sizes around the widths of vectors and of unrolled loops.
let awkwardSizes = [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 100]

/// Random floats for tests (SplitMix64).
struct RandomFloats {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next(in range: ClosedRange<Float>) -> Float {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    let unit = Float((z ^ (z >> 31)) >> 40) * 0x1p-24
    return range.lowerBound + (range.upperBound - range.lowerBound) * unit
  }

  mutating func array(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    var array: [Float] = []
    array.reserveCapacity(count)
    for _ in 0..<count { array.append(next(in: range)) }
    return array
  }
}

/// Expects every element within `tolerance` of the expected one, relative to the greater of its
/// magnitude and `floor`; NaN and infinities where they are expected.
func expectClose(
  _ found: [Float], _ expected: [Float], floor: Float = 1, tolerance: Float, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, sourceLocation: sourceLocation)
  // Plain loops over pointers: these run a million times, unoptimised.
  let wrong = found.withUnsafeBufferPointer { found in
    expected.withUnsafeBufferPointer { expected -> Int? in
      var i = 0
      while i < min(found.count, expected.count) {
        let f = found[i]
        let e = expected[i]
        if f != e && !(f.isNaN && e.isNaN) && !(abs(f - e) <= tolerance * max(abs(e), floor)) {
          return i
        }
        i += 1
      }
      return nil
    }
  }
  guard let i = wrong else { return }
  Issue.record(
    "\(what) element \(i) of \(found.count) is \(found[i]), expected \(expected[i])",
    sourceLocation: sourceLocation)
}

/// Expects the same bits, or NaN in both.
func expectSameBits(
  _ found: [Float], _ expected: [Float], _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let same = zip(found, expected).allSatisfy {
    $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN)
  }
  #expect(same && found.count == expected.count, "\(what)", sourceLocation: sourceLocation)
}

/// The gradient of `function` at `x` by central differences in Double, good to about 1e-9.
func centralDifferences(at x: [Double], _ function: ([Double]) -> Double) -> [Double] {
  let step = 1e-5
  return x.indices.map { i in
    var above = x
    var below = x
    above[i] += step
    below[i] -= step
    return (function(above) - function(below)) / (2 * step)
  }
}

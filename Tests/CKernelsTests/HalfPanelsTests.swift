import CKernels
import Testing

@Suite("Panels of halves")
struct HalfPanelsTests {
  /// The finite halves, zeros of both signs and subnormals included, and what they stand for.
  private static let halves: [(bits: UInt16, value: Float)] = (0...UInt16.max).compactMap { bits in
    let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Float(bits & 0x3FF))
    guard exponent < 31 else { return nil }
    let magnitude =
      exponent == 0
      ? fraction * 0x1p-24
      : Float(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
    return (bits, bits >> 15 == 1 ? -magnitude : magnitude)
  }

  @Test("each half is recognised, and is its value in a product", arguments: availableISAs)
  func everyHalf(isa: unroll_isa) {
    let values = Self.halves.map(\.value)
    #expect(values.count == 2 * 31 * 1024)
    var bits = [UInt16](repeating: 0, count: values.count)
    #expect(unroll_halve_panels(values.count, values, &bits))
    #expect(bits == Self.halves.map(\.bits))
    // As panels of depth 1 times one: the sum begins with 0, so that -0 becomes 0.
    var products = [Float](repeating: .nan, count: values.count)
    withISA(isa) {
      unroll_multiply_half_panels(
        1, values.count, 1, [1], 1, bits, 1, nil, false, &products, values.count)
    }
    expectSameBits(products, values.map { $0 + 0 })
  }

  @Test("what lies between or beyond the halves is none")
  func others() {
    let largest: Float = 65504
    let least: Float = 0x1p-24
    for value: Float in [
      1 + 0x1p-11, Float(1).nextUp, largest.nextUp, 65536, least / 2, least * 1.5,
      0x1p-14 * (1 + 0x1p-11),
      .leastNonzeroMagnitude, .infinity, -.infinity, .nan, 0.1,
    ] {
      var half: UInt16 = 0
      #expect(!unroll_halve_panels(1, [value], &half), "\(value)")
    }
  }

  @Test("a product is that of the same numbers as floats, to the bit", arguments: availableISAs)
  func products(isa: unroll_isa) {
    for depth in [1, 3, 4, 17, 385] {
      for rows in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 17] {
        for columns in [1, 16, 17, 33, 64, 70] {
          var random = RandomFloats(seed: UInt64(rows * 31 + columns * 7 + depth))
          let a = random.array(rows * depth)
          let b = random.array(columns * depth).map { ($0 * 512).rounded() / 512 }
          let bias = random.array(columns)
          var panels = [Float](repeating: .nan, count: unroll_panels_count(columns, depth))
          var halves = [UInt16](repeating: .max, count: panels.count)
          var (expected, found) = (random.array(rows * columns), [Float]())
          found = expected
          let accumulate = rows % 2 == 0
          withISA(isa) {
            unroll_pack_panels(b, depth, 1, columns, depth, &panels)
            #expect(unroll_halve_panels(panels.count, panels, &halves))
            unroll_multiply_panels(
              rows, columns, depth, a, depth, panels, depth, bias, accumulate, &expected,
              columns)
            unroll_multiply_half_panels(
              rows, columns, depth, a, depth, halves, depth, bias, accumulate, &found, columns)
          }
          expectSameBits(found, expected, "\(rows) x \(columns) x \(depth)")
        }
      }
    }
  }
}

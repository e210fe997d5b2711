import ModelFiles
import Testing

@Suite("Half precision")
struct HalfPrecisionTests {
  @Test("every half has its value, and is the nearest to it")
  func everyHalf() {
    for bits in UInt16.min...UInt16.max {
      let value = HalfPrecision.value(of: bits)
      if value.isNaN {
        #expect(HalfPrecision.bits(nearestTo: value) & 0x7FFF == 0x7E00)
      } else if HalfPrecision.bits(nearestTo: value) != bits {
        Issue.record(
          "\(bits) is \(value), the nearest half \(HalfPrecision.bits(nearestTo: value))")
      }
    }
  }

  @Test("what lies between two halves goes to the nearer, and from the middle to the even one")
  func rounding() {
    // Each pair of neighbours among the positive halves, infinity's place after the last.
    for bits in UInt16.min..<0x7BFF {
      let (low, high) = (HalfPrecision.value(of: bits), HalfPrecision.value(of: bits + 1))
      let middle = (low + high) / 2
      let nearest = [middle.nextDown, middle, middle.nextUp].map(HalfPrecision.bits(nearestTo:))
      let even = bits % 2 == 0 ? bits : bits + 1
      if nearest != [bits, even, bits + 1] { Issue.record("\(nearest) around \(middle)") }
      if HalfPrecision.bits(nearestTo: -middle) != even | 0x8000 { Issue.record("-\(middle)") }
    }
    #expect(HalfPrecision.bits(nearestTo: 65519.9) == 0x7BFF)
    #expect(HalfPrecision.bits(nearestTo: 65520) == 0x7C00)
    #expect(HalfPrecision.bits(nearestTo: -.greatestFiniteMagnitude) == 0xFC00)
    #expect(HalfPrecision.bits(nearestTo: .leastNonzeroMagnitude) == 0)
  }

  #if !(os(macOS) && arch(x86_64))
    @Test("values and rounding are the hardware's")
    func hardware() {
      for bits in UInt16.min...UInt16.max {
        let (ours, theirs) = (HalfPrecision.value(of: bits), Float(Float16(bitPattern: bits)))
        if ours != theirs, !(ours.isNaN && theirs.isNaN) {
          Issue.record("half \(bits) gave \(ours), expected \(theirs)")
        }
      }
      // Steps through all floats, of either sign, with all exponents.
      for pattern in stride(from: UInt32(0), to: .max, by: 65_521) {
        let value = Float(bitPattern: pattern)
        let theirs = Float16(value)
        if !theirs.isNaN, HalfPrecision.bits(nearestTo: value) != theirs.bitPattern {
          Issue.record("\(value) gave \(HalfPrecision.bits(nearestTo: value)), expected \(theirs)")
        }
      }
    }
  #endif
}

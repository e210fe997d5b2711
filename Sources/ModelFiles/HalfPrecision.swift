/// IEEE 754 half precision, as bit patterns: `Float16` is not available on Intel Macs.
public enum HalfPrecision {
  /// The value of a half, exact for every one.
  public static func value(of bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:  // zero and subnormals: fraction · 2⁻²⁴
      let magnitude = Float(fraction) * 0x1p-24
      return Float(bitPattern: magnitude.bitPattern | sign)
    case 0x1F:  // infinity and NaN
      return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default:  // the exponent's bias grows from 15 to 127
      return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  /// The half nearest to `value`, of two equally near the one with an even last bit; infinity from 65520
  /// on, as IEEE 754 has it.
  public static func bits(nearestTo value: Float) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.magnitude
    if magnitude.isNaN { return sign | 0x7E00 }
    if magnitude >= 65520 { return sign | 0x7C00 }
    // Halves stand 2⁻²⁴ apart up to 2⁻¹³, and ever twice as far from there on: a whole number of those
    // steps, to which the exponent adds 1024 each. A fraction that rounds up to 2048 carries over.
    let exponent = max(magnitude < 0x1p-14 ? -14 : Int(magnitude.exponent), -14)
    let steps = (magnitude * Float(sign: .plus, exponent: 10 - exponent, significand: 1))
      .rounded(.toNearestOrEven)
    return sign | UInt16((exponent + 14) * 1024 + Int(steps))
  }
}

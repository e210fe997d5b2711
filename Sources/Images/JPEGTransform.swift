/// The inverse discrete cosine transform of blocks of 8 × 8 coefficients (ITU-T T.81, A.3.3).
///
/// f(x, y) = ¼ Σᵤ Σᵥ C(u) C(v) F(u, v) cos((2x + 1) u π / 16) cos((2y + 1) v π / 16), C(0) = 1/√2, else 1.
///
/// One dimension after the other by the factorisation of Loeffler, Ligtenberg and Moschytz (1989), in their
/// variant with twelve multiplications rather than eleven, of which no two come one after the other. All is in
/// whole numbers: factors have 13 bits after the point, and two bits are kept between the dimensions. So does
/// libjpeg's accurate transform ("islow"), and the samples are the same as its.
enum JPEGTransform {
  private static let factorBits: Int32 = 13
  private static let keptBits: Int32 = 2

  /// Writes the samples of `block`, its 64 coefficients in rows and multiplied by their steps, as bytes
  /// around 128 from `start` of `samples`, whose rows are `rowSize` apart. `block` is overwritten.
  ///
  /// Coefficients of a damaged file may be too large for the sums: they wrap, and the samples mean nothing.
  @inline(__always)
  static func inverse(
    _ block: UnsafeMutableBufferPointer<Int32>, to samples: UnsafeMutableBufferPointer<UInt8>,
    at start: Int, rowSize: Int
  ) {
    for column in 0..<8 {
      let rest =
        block[column &+ 8] | block[column &+ 16] | block[column &+ 24] | block[column &+ 32]
        | block[column &+ 40] | block[column &+ 48] | block[column &+ 56]
      if rest == 0 {
        let value = block[column] &<< keptBits
        for row in 0..<8 { block[column &+ 8 &* row] = value }
      } else {
        transform(block, column, 8, factorBits &- keptBits)
      }
    }
    for row in 0..<8 {
      // Both dimensions together are eight times too large.
      transform(block, 8 &* row, 1, factorBits &+ keptBits &+ 3)
      let place = start &+ row &* rowSize
      for column in 0..<8 {
        let value = block[8 &* row &+ column] &+ 128
        samples[place &+ column] = UInt8(truncatingIfNeeded: max(0, min(255, value)))
      }
    }
  }

  /// The eight values from `start`, `stride` apart, times √8, with `bits` bits rounded away.
  @inline(__always)
  private static func transform(
    _ values: UnsafeMutableBufferPointer<Int32>, _ start: Int, _ stride: Int, _ bits: Int32
  ) {
    let x0 = values[start]
    let x1 = values[start &+ stride]
    let x2 = values[start &+ 2 &* stride]
    let x3 = values[start &+ 3 &* stride]
    let x4 = values[start &+ 4 &* stride]
    let x5 = values[start &+ 5 &* stride]
    let x6 = values[start &+ 6 &* stride]
    let x7 = values[start &+ 7 &* stride]

    // The even half: a rotation of 2 and 6 by 3π/8, then butterflies with 0 and 4.
    let turned = (x2 &+ x6) &* factor(0.541196100)
    let low = turned &- x6 &* factor(1.847759065)
    let high = turned &+ x2 &* factor(0.765366865)
    let sum = (x0 &+ x4) &<< factorBits
    let difference = (x0 &- x4) &<< factorBits
    let e0 = sum &+ high
    let e3 = sum &- high
    let e1 = difference &+ low
    let e2 = difference &- low

    // The odd half: three rotations whose common products are taken once.
    let s17 = x7 &+ x1
    let s35 = x5 &+ x3
    let s37 = x7 &+ x3
    let s15 = x5 &+ x1
    let common = (s37 &+ s15) &* factor(1.175875602)
    let p17 = s17 &* factor(-0.899976223)
    let p35 = s35 &* factor(-2.562915447)
    let p37 = s37 &* factor(-1.961570560) &+ common
    let p15 = s15 &* factor(-0.390180644) &+ common
    let o3 = x7 &* factor(0.298631336) &+ p17 &+ p37
    let o2 = x5 &* factor(2.053119869) &+ p35 &+ p15
    let o1 = x3 &* factor(3.072711026) &+ p35 &+ p37
    let o0 = x1 &* factor(1.501321110) &+ p17 &+ p15

    let half: Int32 = 1 &<< (bits &- 1)
    values[start] = (e0 &+ o0 &+ half) &>> bits
    values[start &+ 7 &* stride] = (e0 &- o0 &+ half) &>> bits
    values[start &+ stride] = (e1 &+ o1 &+ half) &>> bits
    values[start &+ 6 &* stride] = (e1 &- o1 &+ half) &>> bits
    values[start &+ 2 &* stride] = (e2 &+ o2 &+ half) &>> bits
    values[start &+ 5 &* stride] = (e2 &- o2 &+ half) &>> bits
    values[start &+ 3 &* stride] = (e3 &+ o3 &+ half) &>> bits
    values[start &+ 4 &* stride] = (e3 &- o3 &+ half) &>> bits
  }

  /// `value` as a whole number with ``factorBits`` bits after the point, rounded.
  @inline(__always)
  private static func factor(_ value: Double) -> Int32 {
    Int32((value * 8192).rounded())
  }
}

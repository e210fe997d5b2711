extension PNGPixels {
  /// Where the pixels of a row go: every `step`-th from `start` on.
  struct Target {
    let pixels: Bytes
    let start: Int
    let step: Int

    /// Of a pass's pixel `x`; all are within the picture by ``PNGHeader/size(of:)``.
    @inline(__always)
    func set(_ x: Int, _ red: UInt8, _ green: UInt8, _ blue: UInt8, _ alpha: UInt8) {
      let place = 4 &* (start &+ x &* step)
      pixels[place] = red
      pixels[place &+ 1] = green
      pixels[place &+ 2] = blue
      pixels[place &+ 3] = alpha
    }
  }

  /// Sample `index` of a row of samples of `depth` bits.
  @inline(__always)
  static func sample(_ row: Bytes, _ index: Int, _ depth: Int) -> Int {
    switch depth {
    case 8: return Int(row[index])
    case 16: return Int(row[2 &* index]) &<< 8 | Int(row[2 &* index &+ 1])
    default:
      let bit = index &* depth
      return Int(row[bit &>> 3]) &>> (8 &- depth &- bit & 7) & (1 &<< depth &- 1)
    }
  }

  /// Brings the `width` pixels of an unfiltered row to red, green, blue and alpha.
  func expand(_ row: Bytes, _ width: Int, into target: Target) {
    let depth = header.depth
    // round(v · 255 / (2ᵈ − 1)); the factor is whole but for 16 bits.
    @inline(__always)
    func scaled(_ index: Int) -> UInt8 {
      let value = Self.sample(row, index, depth)
      switch depth {
      case 8: return UInt8(truncatingIfNeeded: value)
      case 16: return UInt8(truncatingIfNeeded: (value &* 255 &+ 32767) / 65535)
      default: return UInt8(truncatingIfNeeded: value &* (255 / (1 &<< depth &- 1)))
      }
    }
    switch header.colorType {
    case .palette:
      palette.withUnsafeBufferPointer { palette in
        for x in 0..<width {
          let color = 4 &* Self.sample(row, x, depth)
          target.set(
            x, palette[color], palette[color &+ 1], palette[color &+ 2], palette[color &+ 3])
        }
      }
    case .gray:
      let clear = transparent?[0] ?? -1
      for x in 0..<width {
        let gray = scaled(x)
        target.set(x, gray, gray, gray, Self.sample(row, x, depth) == clear ? 0 : 255)
      }
    case .grayAlpha:
      for x in 0..<width {
        let gray = scaled(2 &* x)
        target.set(x, gray, gray, gray, scaled(2 &* x &+ 1))
      }
    case .rgb:
      let clear = transparent ?? [-1, -1, -1]
      let (red, green, blue) = (clear[0], clear[1], clear[2])
      for x in 0..<width {
        let isClear =
          Self.sample(row, 3 &* x, depth) == red
          && Self.sample(row, 3 &* x &+ 1, depth) == green
          && Self.sample(row, 3 &* x &+ 2, depth) == blue
        target.set(
          x, scaled(3 &* x), scaled(3 &* x &+ 1), scaled(3 &* x &+ 2), isClear ? 0 : 255)
      }
    case .rgba:
      for x in 0..<width {
        let first = 4 &* x
        target.set(
          x, scaled(first), scaled(first &+ 1), scaled(first &+ 2), scaled(first &+ 3))
      }
    }
  }
}

import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// By how much pictures are changed each time that they are seen in training, so that few look like many. All
/// is drawn from a key, uniformly.
public struct ImageAugmentation: Sendable, Hashable {
  /// Moves by up to this share of a side, along each axis.
  public var shift: Float
  /// Shrinks or grows each axis by up to this share.
  public var zoom: Float
  /// Turns by up to so many degrees.
  public var turn: Float
  /// Multiplies each colour by up to this share more or less, and adds up to half of it.
  public var color: Float
  /// Exchanges left and right half of the time. Not for arrows, hands and letters.
  public var flips: Bool

  /// Nothing, unless told otherwise.
  public init(
    shift: Float = 0, zoom: Float = 0, turn: Float = 0, color: Float = 0, flips: Bool = false
  ) {
    (self.shift, self.zoom, self.turn, self.color) = (shift, zoom, turn, color)
    self.flips = flips
  }

  /// Whether pictures stay as they are.
  public var isNone: Bool { self == ImageAugmentation() }

  /// What is wrong with it, in words; nil if nothing is.
  public var fault: String? {
    for (name, value, limit) in [
      ("shift", shift, Float(1)), ("zoom", zoom, 0.9), ("turn", turn, 180),
      ("change of color", color, 1),
    ] where !(value >= 0 && value <= limit) {
      return "a \(name) is in [0, \(limit)], not \(value)"
    }
    return nil
  }

  /// A picture, red, green and blue of `size` by `size` pixels, as 0 for white and 1 for none of a colour, moved
  /// as the key has it. Between pixels it is interpolated (bilinear); beyond its edge is white.
  func draw(
    _ pixels: UnsafeBufferPointer<UInt8>, size: Int, key: RandomKey,
    into target: UnsafeMutableBufferPointer<Float>
  ) {
    let drawn = key.uniform(12).map { 2 * $0 - 1 }
    // From the target to the source, around the middle.
    let angle = drawn[0] * turn * .pi / 180
    let (scaleX, scaleY) = (1 / (1 + drawn[1] * zoom), 1 / (1 + drawn[2] * zoom))
    let mirror: Float = flips && drawn[5] > 0 ? -1 : 1
    let (a, b) = (cosf(angle) * scaleX * mirror, sinf(angle) * scaleX)
    let (c, d) = (-sinf(angle) * scaleY * mirror, cosf(angle) * scaleY)
    let middle = Float(size - 1) / 2
    let (moveX, moveY) = (drawn[3] * shift * Float(size), drawn[4] * shift * Float(size))
    let factors = (0..<3).map { 1 + drawn[6 + $0] * color }
    let addends = (0..<3).map { drawn[9 + $0] * color / 2 }
    for row in 0..<size {
      for column in 0..<size {
        let (x, y) = (Float(column) - middle, Float(row) - middle)
        let (sourceX, sourceY) = (a * x + b * y + middle + moveX, c * x + d * y + middle + moveY)
        let (left, top) = (sourceX.rounded(.down), sourceY.rounded(.down))
        let (right, bottom) = (sourceX - left, sourceY - top)
        let (x0, y0) = (Int(left), Int(top))
        let place = 3 * (row * size + column)
        for channel in 0..<3 {
          func ink(_ x: Int, _ y: Int) -> Float {
            guard x >= 0, y >= 0, x < size, y < size else { return 0 }
            return 1 - Float(pixels[3 * (y * size + x) + channel]) / 255
          }
          let above = ink(x0, y0) * (1 - right) + ink(x0 + 1, y0) * right
          let below = ink(x0, y0 + 1) * (1 - right) + ink(x0 + 1, y0 + 1) * right
          let value = above * (1 - bottom) + below * bottom
          // Paper stays white: only ink changes its colour.
          target[place + channel] = value * factors[channel] + min(value * 4, 1) * addends[channel]
        }
      }
    }
  }
}

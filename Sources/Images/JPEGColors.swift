/// From the components of a JPEG picture to red, green and blue.
struct JPEGColors {
  let frame: JPEGFrame
  let space: Space

  enum Space: Equatable {
    case gray, rgb
    /// Brightness and two differences, 256 values each (T.871, 7): R = Y + 1.402 (Cr − 128), G = Y − 0.34414
    /// (Cb − 128) − 0.71414 (Cr − 128), B = Y + 1.772 (Cb − 128).
    case ycc
    /// Adobe's: 255 is no ink, so a colour is round(its component · black / 255). Files without Adobe's
    /// segment are read so too, as Pillow does: hardly any writer means anything else.
    case cmyk
    /// CMYK whose first three are YCbCr of the inks' complements.
    case ycck
  }

  /// The picture; all components have their samples.
  func image() -> Image {
    let rows = frame.components.compactMap { JPEGUpsampling($0, of: frame) }
    let width = frame.width
    var rgba = [UInt8](repeating: 255, count: 4 * width * frame.height)
    rgba.withUnsafeMutableBufferPointer { rgba in
      for y in 0..<frame.height {
        let parts = rows.map { $0(y) }
        let target = UnsafeMutableBufferPointer(
          rebasing: rgba[(4 * y * width)..<(4 * (y + 1) * width)])
        switch space {
        case .gray:
          for x in 0..<width { set(target, x, parts[0][x], parts[0][x], parts[0][x]) }
        case .rgb:
          for x in 0..<width { set(target, x, parts[0][x], parts[1][x], parts[2][x]) }
        case .ycc: convert(parts[0], parts[1], parts[2], to: target)
        case .cmyk: ink(parts[0], parts[1], parts[2], black: parts[3], to: target)
        case .ycck:
          convert(parts[0], parts[1], parts[2], to: target)
          for x in 0..<(4 * width) where x % 4 != 3 { target[x] = ~target[x] }
          blacken(target, parts[3])
        }
      }
    }
    return Image(width: width, height: frame.height, rgba: rgba)
  }

  private typealias Bytes = UnsafeMutableBufferPointer<UInt8>

  @inline(__always)
  private func set(_ target: Bytes, _ x: Int, _ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    target[4 &* x] = red
    target[4 &* x &+ 1] = green
    target[4 &* x &+ 2] = blue
  }

  /// YCbCr to RGB with factors of 16 bits after the point.
  private func convert(_ luma: Bytes, _ blue: Bytes, _ red: Bytes, to target: Bytes) {
    let half: Int32 = 1 << 15
    @inline(__always)
    func clamped(_ value: Int32) -> UInt8 { UInt8(truncatingIfNeeded: max(0, min(255, value))) }
    for x in 0..<frame.width {
      let y = Int32(luma[x])
      let (cb, cr) = (Int32(blue[x]) &- 128, Int32(red[x]) &- 128)
      set(
        target, x, clamped(y &+ (91881 &* cr &+ half) &>> 16),
        clamped(y &+ (half &- 22554 &* cb &- 46802 &* cr) &>> 16),
        clamped(y &+ (116130 &* cb &+ half) &>> 16))
    }
  }

  private func ink(
    _ cyan: Bytes, _ magenta: Bytes, _ yellow: Bytes, black: Bytes, to target: Bytes
  ) {
    for x in 0..<frame.width { set(target, x, cyan[x], magenta[x], yellow[x]) }
    blacken(target, black)
  }

  private func blacken(_ target: Bytes, _ black: Bytes) {
    for x in 0..<frame.width {
      for part in 0..<3 {
        let place = 4 &* x &+ part
        target[place] = UInt8((Int(target[place]) * Int(black[x]) + 127) / 255)
      }
    }
  }
}

extension Image {
  /// The picture without transparency, in front of `background`: each part of a pixel is
  /// round((a · c + (255 − a) · b) / 255), from its alpha a, its colour c and the background's b.
  public func composited(over background: Color = .white) -> Image {
    var result = rgba
    let back = [background.red, background.green, background.blue].map { Int($0) }
    for pixel in stride(from: 0, to: result.count, by: 4) where result[pixel + 3] != 255 {
      let alpha = Int(result[pixel + 3])
      for part in 0..<3 {
        let sum = alpha * Int(result[pixel + part]) + (255 - alpha) * back[part]
        result[pixel + part] = UInt8((sum + 127) / 255)
      }
      result[pixel + 3] = 255
    }
    return Image(width: width, height: height, rgba: result)
  }

  /// The picture in front of `background` as numbers from 0 to 1, shape [3, height, width]: all of red, then
  /// of green, then of blue.
  public func planes(over background: Color = .white) -> [Float] {
    let pixels = composited(over: background).rgba
    let count = width * height
    var result = [Float](repeating: 0, count: 3 * count)
    for pixel in 0..<count {
      for part in 0..<3 {
        result[part * count + pixel] = Float(pixels[4 * pixel + part]) / 255
      }
    }
    return result
  }

  /// The brightness of the picture in front of `background`, from 0 to 1, shape [height, width]:
  /// 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601, of the bytes as they are).
  public func luminance(over background: Color = .white) -> [Float] {
    let pixels = composited(over: background).rgba
    return (0..<(width * height)).map { pixel in
      let (red, green, blue) = (pixels[4 * pixel], pixels[4 * pixel + 1], pixels[4 * pixel + 2])
      // Whole numbers to the end, so that white is 1 and not almost 1.
      return Float(299 * Int(red) + 587 * Int(green) + 114 * Int(blue)) / 255_000
    }
  }
}

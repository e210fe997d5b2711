/// A picture: `height` rows of `width` pixels from the top left, four bytes each, red, green, blue and
/// alpha.
///
/// Alpha is straight: the colour of a half transparent red pixel is 255, 0, 0. The bytes are what the file
/// holds, in its own colour space: gamma, colour profiles and the like are not applied.
///
/// ```swift
/// let image = try Image(contentsOf: "cat.jpg")
/// let pictures = PictureSet([image], size: 64)  // of Models: at 64 × 64 pixels, as captioners take them
/// ```
public struct Image: Sendable, Equatable {
  /// Pixels in a row, at least 1.
  public let width: Int
  /// Rows, at least 1.
  public let height: Int
  /// The pixels, `4 · width · height` bytes: pixel (x, y) begins at `4 · (y · width + x)`.
  public let rgba: [UInt8]

  /// Larger pictures are refused before any memory is taken for them: 64 · 2²⁰ pixels.
  public static let maximumPixels = 64 << 20

  /// The picture of these pixels.
  public init(width: Int, height: Int, rgba: [UInt8]) {
    precondition(
      width > 0 && height > 0 && rgba.count == 4 * width * height,
      "\(width) × \(height) pixels have \(4 * width * height) bytes, found \(rgba.count)")
    (self.width, self.height, self.rgba) = (width, height, rgba)
  }

  /// A colour without transparency.
  public struct Color: Sendable, Equatable {
    /// Red, 0 to 255.
    public let red: UInt8
    /// Green, 0 to 255.
    public let green: UInt8
    /// Blue, 0 to 255.
    public let blue: UInt8

    /// The colour of these parts.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
      (self.red, self.green, self.blue) = (red, green, blue)
    }

    /// As paper.
    public static let white = Color(red: 255, green: 255, blue: 255)
    /// As a screen that is off.
    public static let black = Color(red: 0, green: 0, blue: 0)
  }
}

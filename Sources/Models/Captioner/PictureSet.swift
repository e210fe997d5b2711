import Images
import Tensors

/// Pictures as a captioner takes them: in the order in which they were given.
public struct PictureSet: Sendable, Equatable {
  enum Content: Sendable, Equatable {
    /// Red, green and blue of each pixel, `size` by `size` of them, in front of white.
    case pixels([[UInt8]], size: Int)
    /// [N, S, D]
    case features(Tensor)
  }
  let content: Content

  /// Number of pictures.
  public var count: Int {
    switch content {
    case .pixels(let pictures, _): pictures.count
    case .features(let features): features.shape[0]
    }
  }

  /// Pictures in front of white at `size` by `size` pixels; those of another size are resized, each axis by
  /// itself.
  public init(_ images: [Image], size: Int) {
    content = .pixels(images.map { Self.pixels($0, size: size) }, size: size)
  }

  /// Features that another model has made: [N, D], or [N, S, D] of S places a picture.
  public init(features: Tensor) {
    precondition(
      features.rank == 2 || features.rank == 3,
      "features of shape \(features.shape), expected [N, D] or [N, S, D]")
    content = .features(
      features.rank == 3
        ? features : features.reshaped(to: [features.shape[0], 1, features.shape[1]]))
  }

  init(pixels: [[UInt8]], size: Int) { content = .pixels(pixels, size: size) }

  static func pixels(_ image: Image, size: Int) -> [UInt8] {
    let rgba = image.composited().resized(width: size, height: size).rgba
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * size * size)
    for start in stride(from: 0, to: rgba.count, by: 4) {
      pixels.append(rgba[start])
      pixels.append(rgba[start + 1])
      pixels.append(rgba[start + 2])
    }
    return pixels
  }

  /// Pixels a side; nil of features.
  var imageSize: Int? {
    if case .pixels(_, let size) = content { size } else { nil }
  }

  /// S and D of features; nil of pixels.
  public var featureShape: (positions: Int, size: Int)? {
    if case .features(let features) = content {
      (features.shape[1], features.shape[2])
    } else {
      nil
    }
  }

  /// Some of the pictures.
  public func subset(_ chosen: [Int]) -> PictureSet {
    switch content {
    case .pixels(let pictures, let size):
      PictureSet(pixels: chosen.map { pictures[$0] }, size: size)
    case .features(let features):
      PictureSet(features: rows(of: features, chosen))
    }
  }

  private func rows(of features: Tensor, _ chosen: [Int]) -> Tensor {
    let shape = features.shape
    return features.reshaped(to: [shape[0], shape[1] * shape[2]])
      .gathered(rows: chosen.map { Int32($0) })
      .reshaped(to: [chosen.count, shape[1], shape[2]])
  }

  /// Some of the pictures as an encoder reads them: [B, size, size, 3] with 0 for white and 1 for none of a
  /// colour, so that a picture goes on beyond its edge as paper does; or features [B, S, D].
  ///
  /// - Parameters:
  ///   - augmentation: how pixels are changed; nil for not at all.
  ///   - key: what the changes are drawn by.
  func tensor(
    _ chosen: [Int], _ augmentation: ImageAugmentation? = nil, key: RandomKey = RandomKey(seed: 0)
  ) -> Tensor {
    switch content {
    case .features(let features): return rows(of: features, chosen)
    case .pixels(let pictures, let size):
      let count = 3 * size * size
      return Tensor(shape: [chosen.count, size, size, 3]) { values in
        guard let values = values.baseAddress else { return }
        ThreadTeam.current.forEach(chosen.count) { place in
          let target = UnsafeMutableBufferPointer(start: values + place * count, count: count)
          pictures[chosen[place]].withUnsafeBufferPointer { pixels in
            if let augmentation {
              augmentation.draw(pixels, size: size, key: key.child(place), into: target)
            } else {
              for index in 0..<count { target[index] = 1 - Float(pixels[index]) / 255 }
            }
          }
        }
      }
    }
  }
}

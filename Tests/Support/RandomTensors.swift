import Tensors

extension Tensor {
  /// Uniform numbers in [low, high), the same for the same seed and shape.
  public static func random(
    _ shape: [Int], seed: UInt64, from low: Float = -1, to high: Float = 1
  ) -> Tensor {
    RandomKey(seed: seed).uniform(shape, from: low, to: high)
  }

  /// Uniform numbers of either sign with magnitudes in [0.25, 1.25): for functions with a kink or a
  /// pole at zero, which a central difference must not step over.
  public static func randomAwayFromZero(_ shape: [Int], seed: UInt64) -> Tensor {
    var tensor = random(shape, seed: seed)
    tensor.withUnsafeMutableBufferPointer { buffer in
      for i in buffer.indices { buffer[i] += buffer[i] < 0 ? -0.25 : 0.25 }
    }
    return tensor
  }

  /// A permutation of `0, gap, 2·gap, …`: all differences are at least `gap`, so that a small step
  /// does not change which element is the greatest.
  public static func randomOrder(_ shape: [Int], seed: UInt64, gap: Float = 0.25) -> Tensor {
    let keys = RandomKey(seed: seed).words(shape.reduce(1, *))
    let order = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
    return Tensor(shape: shape, scalars: order.map { Float($0) * gap })
  }
}

/// ‖a − b‖ / ‖b‖ in double precision; ‖a‖ where b is zero.
public func relativeError(_ a: Tensor, _ b: Tensor) -> Double {
  precondition(a.shape == b.shape, "shapes \(a.shape) and \(b.shape) are compared")
  return relativeError(a.scalars.map(Double.init), b.scalars.map(Double.init))
}

/// ‖a − b‖ / ‖b‖; ‖a‖ where b is zero.
public func relativeError(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count, "\(a.count) and \(b.count) numbers are compared")
  var (difference, norm) = (0.0, 0.0)
  for (a, b) in zip(a, b) {
    difference += (a - b) * (a - b)
    norm += b * b
  }
  return (norm > 0 ? difference / norm : difference).squareRoot()
}

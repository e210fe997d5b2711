import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A place in the space of random numbers.
///
/// Numbers are counter-based (Philox4x32-10, Salmon et al. 2011): a number is a function of the key
/// and its index alone. So it does not matter which thread draws it or when, and a run resumed from
/// a checkpoint draws the very same numbers. Keys branch like paths: `key.child(step).child(layer)`.
public struct RandomKey: Sendable, Hashable, Codable {
  /// The seed, which becomes the key of the cipher.
  public let seed: UInt64
  /// The branch, which becomes half of its counter.
  public let stream: UInt64

  /// The root of all numbers of a seed.
  public init(seed: UInt64) {
    self.seed = seed
    stream = 0
  }

  private init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  /// The key of branch `index` below this one. Children of different parents or indices differ (up
  /// to a 64-bit collision).
  public func child(_ index: Int) -> RandomKey {
    RandomKey(seed: seed, stream: mix(stream &+ mix(UInt64(bitPattern: Int64(index)) &+ 1)))
  }

  /// `count` numbers uniform in [0, 1).
  public func uniform(_ count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      unroll_philox_uniform(seed, stream, 0, count, buffer.baseAddress)
      initialized = count
    }
  }

  /// A tensor uniform in [low, high); `high` itself may come out where rounding makes it.
  public func uniform(_ shape: [Int], from low: Float, to high: Float) -> Tensor {
    Tensor(shape: shape) { buffer in
      unroll_philox_uniform(seed, stream, 0, buffer.count, buffer.baseAddress)
      for i in buffer.indices { buffer[i] = low + (high - low) * buffer[i] }
    }
  }

  /// A tensor of standard normal numbers (Box & Muller 1958), in double precision before rounding.
  public func normal(_ shape: [Int]) -> Tensor {
    Tensor(shape: shape) { buffer in
      let words = words(2 * ((buffer.count + 1) / 2))
      for i in stride(from: 0, to: buffer.count, by: 2) {
        // In (0, 1], so that the logarithm is finite.
        let radius = (-2 * log((Double(words[i]) + 1) * 0x1p-32)).squareRoot()
        let angle = 2 * Double.pi * Double(words[i + 1]) * 0x1p-32
        buffer[i] = Float(radius * cos(angle))
        if i + 1 < buffer.count { buffer[i + 1] = Float(radius * sin(angle)) }
      }
    }
  }

  /// `count` raw 32-bit words.
  public func words(_ count: Int) -> [UInt32] {
    [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
      unroll_philox_words(seed, stream, 0, count, buffer.baseAddress)
      initialized = count
    }
  }
}

/// The finaliser of SplitMix64 (Steele et al. 2014): a bijection that scatters every bit.
private func mix(_ value: UInt64) -> UInt64 {
  var z = value &+ 0x9E37_79B9_7F4A_7C15
  z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
  return z ^ z >> 31
}

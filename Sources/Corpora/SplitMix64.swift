/// The generator of Steele, Lea and Flood (2014): small, fast, and the same everywhere.
///
/// The shuffle is our own as well: the standard library's may change from version to version, and
/// with it the order in which a resumed run sees its data.
package struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  /// A generator of its own for every pair of seed and epoch.
  package init(seed: UInt64, epoch: UInt64) {
    state = Self.mix(seed) ^ Self.mix(epoch &+ Self.increment)
  }

  /// The generator that the authors begin with a seed.
  package init(seed: UInt64) { state = seed }

  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  package mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.mix(state)
  }

  /// A number with mean 0 and standard deviation 1: the sum of twelve uniform ones less six, which is
  /// never beyond 6.
  mutating func nearlyNormal() -> Double {
    (0..<12).reduce(-6) { sum, _ in sum + uniform() }
  }

  /// Puts `elements` in random order (Fisher and Yates).
  mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, Int(below(UInt64(last + 1))))
    }
  }
}

// How the standard library draws a number may change from version to version.
extension RandomNumberGenerator {
  /// A number in [0, 1).
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in 0 ..< `bound`, each equally likely (Lemire 2019).
  package mutating func below(_ bound: UInt64) -> UInt64 {
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }
}

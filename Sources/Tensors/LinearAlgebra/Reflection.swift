/// A Householder reflection I - scale·v·vᵀ that sends a vector x to (image, 0, …, 0) (Householder
/// 1958).
///
/// The sign of `image` is against that of x_0, so that v_0 = x_0 - image loses no digits:
///
/// ```
/// image = -sign(x_0)·‖x‖,   v = x - image·e_0,   scale = 2 / vᵀv = 1 / (image² - image·x_0)
/// ```
struct Reflection {
  /// v, as long as x.
  var vector: [Double]
  /// 2 / vᵀv; 0 where x is zero and nothing is reflected.
  let scale: Double
  /// What is left of x: ±‖x‖.
  let image: Double

  init(of x: [Double]) {
    vector = x
    let norm = vector.withUnsafeBufferPointer {
      Rows.dot($0.baseAddress!, $0.baseAddress!, x.count)
    }
    .squareRoot()
    guard norm > 0 else {
      (scale, image) = (0, 0)
      return
    }
    image = x[0] > 0 ? -norm : norm
    vector[0] -= image
    scale = 1 / (image * (image - x[0]))
  }
}

/// Arithmetic on rows of matrices in double precision.
enum Rows {
  /// Σ x·y over `count` elements, in a fixed order: eight sums of every eighth element.
  static func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
    var sums = SIMD8<Double>.zero
    let (a, b) = (UnsafeRawPointer(x), UnsafeRawPointer(y))
    let whole = count & ~7
    var i = 0
    while i < whole {
      sums +=
        a.loadUnaligned(fromByteOffset: 8 * i, as: SIMD8<Double>.self)
        * b.loadUnaligned(fromByteOffset: 8 * i, as: SIMD8<Double>.self)
      i += 8
    }
    var sum = sums.sum()
    while i < count {
      sum += x[i] * y[i]
      i += 1
    }
    return sum
  }

  /// y += factor·x over `count` elements.
  static func add(
    _ factor: Double, _ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    for i in 0..<count { y[i] += factor * x[i] }
  }
}

/// The power of two by which a matrix is divided so that its greatest element lies in [1, 2) and no
/// square overflows: exact. 1 for a matrix of zeros; nil if an element is not finite.
func powerOfTwo(scaling matrix: [Double]) -> Double? {
  var greatest = 0.0
  for element in matrix {
    guard element.isFinite else { return nil }
    greatest = max(greatest, abs(element))
  }
  return greatest.isNormal ? greatest.binade : 1
}

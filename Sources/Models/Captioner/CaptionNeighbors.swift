import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Pictures whose captions are known, to be consulted when others are captioned: what captioners find is weighed
/// with the captions of the pictures that look most alike (Devlin et al. 2015, "Exploring nearest neighbor
/// approaches for image captioning").
///
/// Of K nearest pictures at distances d_1 ≤ … ≤ d_K, and of the hypotheses y of a search:
/// ```
/// q_j  = exp(-(d_j / d_1 - 1) / τ) / Σ_k exp(-(d_k / d_1 - 1) / τ)
/// w(y) = p(y | image) / Σ_y' p(y' | image) + λ Σ_j q_j [y is the caption of j]
/// y*   = argmax_y Σ_y' w(y') F(y, y')           F = 2 · tokens in common / tokens of both
/// ```
/// So a caption is chosen that has most in common with all that is likely, which loses least whichever of them is
/// the truth (minimum Bayes risk; Kumar & Byrne 2004). A twin of a known picture, d_1 near 0, gets its caption all
/// of the neighbours' weight.
public struct CaptionNeighbors: Sendable {
  /// The known pictures, as the captioners take them, with captions in their languages.
  public let data: CaptionedPictures
  /// λ, what all neighbours together count beside the captioners.
  public var weight: Double
  /// K.
  public var count: Int
  /// τ, by how many times d_1 a picture is farther than the nearest where it counts e times less.
  public var spread: Double
  private let distances: PictureDistances

  /// Known pictures; ``fault`` says what is wrong with the numbers.
  public init(
    _ data: CaptionedPictures, weight: Double = 0.5, count: Int = 8, spread: Double = 0.1
  ) {
    self.data = data
    self.weight = weight
    self.count = count
    self.spread = spread
    distances = PictureDistances(to: data.pictures)
  }

  /// What is wrong with the numbers, in words; nil if nothing is.
  public var fault: String? {
    if !(weight > 0 && weight.isFinite) {
      return "the weight of neighbours is above 0, not \(weight)"
    }
    if count < 1 { return "neighbours are at least 1, not \(count)" }
    if !(spread > 0 && spread.isFinite) {
      return "the spread of neighbours is above 0, not \(spread)"
    }
    return nil
  }

  /// A caption of a known picture, and λ q of it.
  struct Vote: Equatable {
    let caption: String
    let weight: Double
  }

  /// What the neighbours of each of some pictures say in a language of which there is a column, the nearest first.
  func votes(on pictures: PictureSet, language place: Int) -> [[Vote]] {
    let known = data.captions.indices.filter { data.captions[$0][place] != nil }
    return distances(from: pictures).withUnsafeBufferPointer { distances in
      (0..<pictures.count).map { picture in
        let own = distances[picture * data.count..<(picture + 1) * data.count]
        let nearest = known.sorted {
          (own[own.startIndex + $0], $0) < (own[own.startIndex + $1], $1)
        }.prefix(count)
        guard let first = nearest.first else { return [] }
        // Below this are twins, of features but for rounding, and they share alike.
        let least = max(Double(own[own.startIndex + first]), 1e-6)
        let shares = nearest.map {
          exp(-(max(Double(own[own.startIndex + $0]), least) / least - 1) / spread)
        }
        let scale = weight / shares.reduce(0, +)
        return zip(nearest, shares).map {
          Vote(caption: data.captions[$0][place] ?? "", weight: scale * $1)
        }
      }
    }
  }
}

/// Texts that could be right, each with what it counts.
struct Consensus {
  /// A text.
  private struct Candidate {
    let tokens: [Int32]
    let counts: [Int32: Int]
    var weight: Double
  }
  private var candidates: [Candidate] = []

  /// Adds what a text counts, to what it counts already.
  mutating func add(_ tokens: [Int32], weight: Double) {
    if let place = candidates.firstIndex(where: { $0.tokens == tokens }) {
      candidates[place].weight += weight
    } else {
      let counts = tokens.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      candidates.append(Candidate(tokens: tokens, counts: counts, weight: weight))
    }
  }

  /// The texts, and what each has in common with all of them: a mean of F by their weights; the best first, those
  /// that are equally good in the order in which they came.
  var ranked: [(tokens: [Int32], agreement: Double)] {
    let total = candidates.reduce(0) { $0 + $1.weight }
    let agreements = candidates.map { one in
      candidates.reduce(0) { $0 + $1.weight * Self.overlap(one, $1) } / total
    }
    return candidates.indices.sorted { (-agreements[$0], $0) < (-agreements[$1], $1) }
      .map { (candidates[$0].tokens, agreements[$0]) }
  }

  /// F of two texts; 1 of two that are empty.
  private static func overlap(_ one: Candidate, _ other: Candidate) -> Double {
    let size = one.tokens.count + other.tokens.count
    guard size > 0 else { return 1 }
    let common = one.counts.reduce(0) { $0 + min($1.value, other.counts[$1.key] ?? 0) }
    return 2 * Double(common) / Double(size)
  }
}

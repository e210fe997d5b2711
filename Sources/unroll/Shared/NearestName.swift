import Models

/// The candidate fewest characters away from `word` (Levenshtein 1966), the first of them if several are, unless
/// none is close enough to have been meant.
func nearest(to word: String, among candidates: [String]) -> String? {
  let known = candidates.map { name in
    (name: name, distance: EditCounts(from: Array(word), to: Array(name)).edits)
  }
  guard let best = known.min(by: { $0.distance < $1.distance }),
    best.distance <= max(2, max(word.count, best.name.count) / 2)
  else { return nil }
  return best.name
}

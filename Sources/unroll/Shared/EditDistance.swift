/// Levenshtein's distance (1966): the fewest insertions, deletions and replacements of a character
/// that turn `a` into `b`.
func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a), b = Array(b)
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
    }
  }
  return row[b.count]
}

/// The candidate closest to `word`, the first of them if several are, unless none is close enough
/// to have been meant.
func nearest(to word: String, among candidates: [String]) -> String? {
  let best = candidates.map { (name: $0, distance: editDistance(word, $0)) }
    .min { $0.distance < $1.distance }
  guard let best, best.distance <= max(2, max(word.count, best.name.count) / 2) else { return nil }
  return best.name
}

/// The fewest substitutions, insertions and deletions of tokens that turn a reference into a hypothesis
/// (Levenshtein 1966). If several ways are equally short, the one with the fewest insertions and deletions
/// is counted, which settles all three numbers.
public struct EditCounts: Sendable, Hashable {
  /// Tokens of the reference with another in their place.
  public var substitutions: Int
  /// Tokens that only the hypothesis has.
  public var insertions: Int
  /// Tokens that only the reference has.
  public var deletions: Int

  /// The distance.
  public var edits: Int { substitutions + insertions + deletions }

  /// The edits from `reference` to `hypothesis`, in time proportional to the product of their lengths.
  public init<Token: Equatable>(from reference: [Token], to hypothesis: [Token]) {
    // Edits and, below them in the same number, insertions and deletions: the smallest sum of such numbers
    // has the fewest edits and among these the fewest insertions and deletions.
    let edit = reference.count + hypothesis.count + 1
    var row = Array(0...hypothesis.count).map { $0 * (edit + 1) }
    for token in reference {
      var diagonal = row[0]
      row[0] += edit + 1
      for (place, other) in hypothesis.enumerated() {
        let replaced = diagonal + (token == other ? 0 : edit)
        diagonal = row[place + 1]
        row[place + 1] = min(replaced, min(diagonal, row[place]) + edit + 1)
      }
    }
    let (edits, lengthChanges) = row[hypothesis.count].quotientAndRemainder(dividingBy: edit)
    substitutions = edits - lengthChanges
    // Insertions and deletions differ by as much as the lengths do.
    insertions = (lengthChanges + hypothesis.count - reference.count) / 2
    deletions = lengthChanges - insertions
  }
}

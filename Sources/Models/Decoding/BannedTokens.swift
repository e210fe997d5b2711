extension SearchOptions {
  /// Tokens that must not come next in a target.
  ///
  /// - Parameters:
  ///   - length: the tokens that it has.
  ///   - tokens: those, asked for only if they matter.
  func bannedTokens(
    _ request: BeamSearch.Request, _ specials: BeamSearch.Specials, length: Int,
    after tokens: () -> [Int32]
  ) -> [Int32] {
    var banned = [specials.start] + specials.unwritten
    if length < request.lengths.lowerBound { banned.append(specials.end) }
    if !allowsUnknown { banned.append(specials.unknown) }
    if let n = blockedNGram, length >= n {
      banned += Self.ends(ofNGrams: n, in: tokens())
    }
    return banned
  }

  /// What would make an n-gram occur a second time.
  private static func ends(ofNGrams n: Int, in tokens: [Int32]) -> [Int32] {
    let last = tokens.suffix(n - 1)
    return (0...tokens.count - n).filter {
      tokens[$0..<$0 + n - 1].elementsEqual(last)
    }.map { tokens[$0 + n - 1] }
  }
}

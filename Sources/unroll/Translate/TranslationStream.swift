import Models

/// Translates lines as they arrive, in their order.
///
/// Lines are translated side by side, as many as are there without waiting, up to a bound; so a file is
/// fast, and a line that somebody types is answered at once.
struct TranslationStream {
  /// What is asked of each line.
  struct Choice {
    var options: SearchOptions
    /// Whether what stands behind a tab is what the translation begins with.
    var takesPrefixes: Bool
    var replacesUnknown: Bool
    /// Whether translations tell what they attended to.
    var tellsAlignment: Bool
    var json: Bool
    /// Draws in place of searching.
    var sampling: SamplingFlags.Choice?
  }

  let ensemble: TranslatorEnsemble
  var lines: LineReader
  let choice: Choice
  /// Whether lines end with alignments.
  let printsAlignment: Bool
  let console: Console
  /// Sees every line with its translations.
  var observe: (String, [Translation]) throws -> Void = { _, _ in }

  /// Bytes that are held at once, but for a line that alone has more.
  private static let byteLimit = 1 << 18
  private static let lineLimit = 4096

  private var waiting: [String] = []
  private var bytes = 0
  private var done = 0

  init(
    ensemble: TranslatorEnsemble, lines: LineReader, choice: Choice, printsAlignment: Bool,
    console: Console,
    observe: @escaping (String, [Translation]) throws -> Void = { _, _ in }
  ) {
    self.ensemble = ensemble
    self.lines = lines
    self.choice = choice
    self.printsAlignment = printsAlignment
    self.console = console
    self.observe = observe
  }

  /// Reads to the end.
  ///
  /// - Throws: what is wrong with the input, after the lines before it were answered.
  mutating func run() throws {
    do {
      while let line = try lines.next() {
        waiting.append(line)
        bytes += line.utf8.count
        if bytes >= Self.byteLimit || waiting.count >= Self.lineLimit || lines.wouldWait {
          try flush()
        }
      }
    } catch let error where !(error is ReaderLeft) {
      try flush()
      throw error
    }
    try flush()
  }

  private mutating func flush() throws {
    guard !waiting.isEmpty else { return }
    var (sources, prefixes) = (waiting, nil as [String]?)
    if choice.takesPrefixes {
      let columns = waiting.map {
        $0.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      }
      sources = columns.map { String($0[0]) }
      prefixes = columns.map { $0.count > 1 ? String($0[1]) : "" }
    }
    let found: [[Translation]]
    if let sampling = choice.sampling {
      found = try ensemble.sample(
        sources, sampling.rule, choice.options, prefixes: prefixes, key: sampling.key, first: done)
    } else {
      found = try ensemble.translate(
        sources, choice.options, prefixes: prefixes, keepsAttention: choice.tellsAlignment,
        replacesUnknown: choice.replacesUnknown)
    }
    var text = ""
    for (index, translations) in found.enumerated() {
      text +=
        choice.json
        ? object(sources[index], translations) : plain(done + index, sources[index], translations)
      try observe(sources[index], translations)
    }
    done += waiting.count
    waiting = []
    bytes = 0
    try console.writeResult(text)
  }

  /// A line, or one for each of several translations: the number of the source's line, the score and the
  /// text, with tabs between them.
  private func plain(_ number: Int, _ source: String, _ translations: [Translation]) -> String {
    func text(_ translation: Translation) -> String {
      let alignment =
        printsAlignment ? "\t" + self.alignment(translation.hypothesis).joined(separator: " ") : ""
      return translation.text + alignment
    }
    guard choice.options.best > 1 else { return (translations.first.map(text) ?? "") + "\n" }
    return translations.map { translation in
      "\(number + 1)\t\(Format.number(translation.hypothesis.score))\t\(text(translation))\n"
    }.joined()
  }

  /// "0-0 2-1": the unit of the source that each unit of the translation attended to most, as Moses and
  /// fast_align write them.
  private func alignment(_ hypothesis: Hypothesis) -> [String] {
    hypothesis.attention.dropLast().enumerated().compactMap { target, weights in
      // The last weight is that of the source's end.
      let own = weights.dropLast()
      return own.indices.max { (own[$0], $1) < (own[$1], $0) }.map { "\($0)-\(target)" }
    }
  }

  private func object(_ source: String, _ translations: [Translation]) -> String {
    let target = ensemble.models[0].targetVocabulary
    return JSON.members([
      "source": .string(source),
      "source_units": printsAlignment
        ? .array(
          (ensemble.models[0].sourceUnits.units(of: source) + ["</s>"]).map { .string($0) }) : nil,
      "translations": .array(
        translations.map { translation in
          let hypothesis = translation.hypothesis
          return JSON.members([
            "text": .string(translation.text), "score": .number(hypothesis.score),
            "log_probability": .number(hypothesis.logProbability),
            "units": .array(
              hypothesis.tokens.map { .string(target.token($0)) } + [.string("</s>")]),
            "unit_log_probabilities": .array(
              hypothesis.tokenLogProbabilities.map { .number(number($0)) }),
            "attention": printsAlignment && !hypothesis.attention.isEmpty
              ? .array(hypothesis.attention.map { .array($0.map { .number(number($0)) }) }) : nil,
          ])
        }),
    ]).text + "\n"
  }
}

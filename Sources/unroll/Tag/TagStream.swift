import Models

/// Labels sentences as they arrive, in their order.
///
/// Sentences are labelled side by side, as many as are there without waiting, up to a bound; so a file is
/// fast, and a sentence that somebody types is answered at once.
struct TagStream {
  let tagger: Tagger
  var lines: LineReader
  var source: any SentenceSource
  let json: Bool
  let console: Console

  /// Words that are held at once, but for a sentence that alone has more.
  private static let wordLimit = 16_384
  /// Sentences that are held at once; those without words count too.
  private static let sentenceLimit = 4096

  private var waiting: [SourceSentence] = []
  private var words = 0

  init(
    tagger: Tagger, lines: LineReader, source: any SentenceSource, json: Bool, console: Console
  ) {
    self.tagger = tagger
    self.lines = lines
    self.source = source
    self.json = json
    self.console = console
  }

  /// Reads to the end.
  ///
  /// - Throws: what is wrong with the input, after the sentences before it were printed.
  mutating func run() throws {
    do {
      while let line = try lines.next() {
        if let sentence = try source.read(line) { add(sentence) }
        if words >= Self.wordLimit || waiting.count >= Self.sentenceLimit || lines.wouldWait {
          try flush()
        }
      }
      if let last = try source.finish() { add(last) }
    } catch let error where !(error is ReaderLeft) {
      try flush()
      throw error
    }
    try flush()
  }

  private mutating func add(_ sentence: SourceSentence) {
    waiting.append(sentence)
    words += sentence.words.count
  }

  private mutating func flush() throws {
    guard !waiting.isEmpty else { return }
    let sentences = waiting
    waiting = []
    words = 0
    var text = ""
    for (sentence, labels) in zip(sentences, tagger.tag(sentences.map(\.words))) {
      text += json ? object(sentence.words, labels) : sentence.text(labels)
    }
    try console.writeResult(text)
  }

  private func object(_ words: [String], _ labels: [String]) -> String {
    JSON.members([
      "words": .array(words.map { .string($0) }), "labels": .array(labels.map { .string($0) }),
    ]).text + "\n"
  }
}

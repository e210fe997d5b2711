import Corpora

/// How good captions are by what stands in the data.
public struct CaptionScores: Sendable {
  /// By caption, of orders 1 to 4.
  public let counts: [BLEUStatistics]
  /// By caption, of its words.
  public let errors: [ErrorStatistics]

  /// BLEU with orders up to `order`, of words as ``BLEUTokenization/mteval13a`` cuts them. Where captions are
  /// two or three words long, orders above the first have little to count.
  public static func metric(order: Int = 4) -> BLEU { BLEU(maximumOrder: order) }

  /// Counts what is right and wrong, a reference for each caption.
  public init(of captions: [String], references: [String]) {
    precondition(
      captions.count == references.count,
      "\(captions.count) captions, \(references.count) references")
    let metric = Self.metric()
    counts = zip(captions, references).map { metric.statistics(of: $0, references: [$1]) }
    errors = zip(captions, references).map {
      ErrorStatistics(
        hypothesis: Tokenizer.words.tokens(of: $0), references: [Tokenizer.words.tokens(of: $1)])
    }
  }

  /// Of the captions that models write for pictures in each of the languages of the data.
  public init(
    of models: CaptionerEnsemble, on data: CaptionedPictures,
    _ options: SearchOptions = SearchOptions(allowsUnknown: false)
  ) throws(ModelError) {
    var (captions, references) = ([String](), [String]())
    for (place, language) in data.languages.enumerated() {
      let found = try models.caption(data.pictures, language: language, options)
      for (index, caption) in data.captions.enumerated() {
        guard let reference = caption[place] else { continue }
        captions.append(found[index].first?.text ?? "")
        references.append(reference)
      }
    }
    self.init(of: captions, references: references)
  }

  /// BLEU with orders up to `order`, 0…100.
  public func bleu(order: Int) -> Double {
    let metric = Self.metric(order: order)
    return metric.value(of: metric.total(of: statistics(order: order)))
  }

  /// By caption, of orders 1 to `order`.
  public func statistics(order: Int) -> [BLEUStatistics] { counts.map { $0.upTo(order: order) } }

  /// The share of captions that are exactly right.
  public var exactShare: Double { ErrorRate.exact.value(of: ErrorRate.exact.total(of: errors)) }
}

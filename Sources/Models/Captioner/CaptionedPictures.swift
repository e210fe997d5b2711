import Corpora
import Tensors

/// Pictures and their captions in one or several languages: what a captioner learns from, or is judged by.
public struct CaptionedPictures: Sendable, Equatable {
  /// The pictures.
  public let pictures: PictureSet
  /// The languages.
  public let languages: [String]
  /// For each picture a caption in each language; nil where there is none.
  public let captions: [[String?]]

  /// Number of pictures.
  public var count: Int { pictures.count }

  /// Pictures with as many lists of captions, each with one for each language.
  public init(_ pictures: PictureSet, languages: [String], captions: [[String?]]) {
    precondition(
      captions.count == pictures.count && captions.allSatisfy { $0.count == languages.count },
      "\(pictures.count) pictures, captions of \(captions.count) in \(languages.count) languages")
    (self.pictures, self.languages, self.captions) = (pictures, languages, captions)
  }

  /// The captions of the pictures in `list`, which are those of the table's lines in their order.
  public init(_ pictures: PictureSet, _ list: CaptionList) {
    self.init(pictures, languages: list.columns, captions: list.entries.map(\.captions))
  }

  /// All captions, picture by picture.
  var allCaptions: [String] { captions.flatMap { $0.compactMap { $0 } } }
}

/// The captions of pictures as tokens, without the first one and `</s>`.
struct CaptionTokens: Sendable {
  /// A caption of picture `picture`.
  struct Caption: Sendable {
    var picture: Int
    var language: Int
    var tokens: [Int32]
  }

  /// By picture.
  var captions: [[Caption]]

  /// Tokens that are predicted, `</s>` included.
  var tokenCount: Int { captions.reduce(0) { $0 + $1.reduce(0) { $0 + $1.tokens.count + 1 } } }

  init(_ model: Captioner, _ data: CaptionedPictures) {
    let cut = model.units.units(ofLines: data.allCaptions)
    var next = 0
    captions = data.captions.enumerated().map { picture, captions in
      captions.enumerated().compactMap { language, caption in
        guard caption != nil else { return nil }
        defer { next += 1 }
        return Caption(picture: picture, language: language, tokens: model.tokens(cut[next]))
      }
    }
  }

  /// What is read and predicted of some captions.
  static func batch(_ captions: [Caption], _ specials: Captioner.SpecialTokens) -> TargetBatch {
    var batch = TargetBatch(captions.map(\.tokens), start: specials.starts[0], end: specials.end)
    for (row, caption) in captions.enumerated() {
      batch.inputs[row] = specials.starts[caption.language]
    }
    return batch
  }
}

/// How units and vocabulary are learned from captions.
public struct CaptionUnits: Sendable, Equatable {
  /// What a caption is cut into.
  public var kind: UnitKind
  /// Merges of byte pairs.
  public var merges: Int
  /// Whether all is put in lower case.
  public var lowercases: Bool
  /// Rarer units become `<unk>`.
  public var minimumCount: Int

  /// A way of learning them.
  public init(
    _ kind: UnitKind = .words, merges: Int = 1000, lowercases: Bool = false, minimumCount: Int = 1
  ) {
    (self.kind, self.merges) = (kind, merges)
    (self.lowercases, self.minimumCount) = (lowercases, minimumCount)
  }
}

extension Captioner {
  /// A fresh captioner with units, vocabulary and languages of captions.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)``, and `CorpusError` for captions that make no vocabulary.
  public init(
    _ configuration: CaptionerConfiguration, _ units: CaptionUnits,
    learningFrom data: CaptionedPictures,
    initialization: ModelInitialization = ModelInitialization(), key: RandomKey
  ) throws {
    try configuration.validate()
    let lines = data.allCaptions
    guard !lines.isEmpty else { throw CorpusError.noSentences }
    let segmenter = Segmenter(
      units.kind, learningFrom: lines, merges: units.merges, lowercases: units.lowercases)
    let learned = try Vocabulary(
      ofSentences: segmenter.units(ofLines: lines), minimumCount: units.minimumCount,
      maximumSize: nil)
    // Nobody predicts them, so they are the rarest.
    let tokens = data.languages.count > 1 ? Self.startTokens(data.languages) : []
    let vocabulary = try Vocabulary(
      tokens: learned.tokens + tokens, counts: learned.counts + tokens.map { _ in 0 })
    try self.init(
      configuration, languages: data.languages, units: segmenter, vocabulary: vocabulary,
      initialization: initialization, key: key)
  }
}

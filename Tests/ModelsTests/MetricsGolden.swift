import Foundation

@testable import Models

/// What sacreBLEU gives for some sentences; `Benchmarks/peers/make_metrics_golden.py` wrote it.
struct MetricsGolden: Decodable {
  struct Sentence: Decodable {
    var hypothesis: String
    var references: [String]
  }
  struct Corpus: Decodable {
    var sentences: [Int]
    var references: Int
  }
  struct BLEUSettings: Decodable {
    var tokenize: String
    var smoothMethod: String
    var smoothValue: Double?
    var lowercase: Bool
    var effectiveOrder: Bool
    var maxNgramOrder: Int?
  }
  struct BLEUResult: Decodable {
    var score: Double
    var precisions: [Double]
    var bp: Double
    var ratio: Double
    var text: String
    var signature: String
  }
  struct BLEUCase: Decodable {
    var settings: BLEUSettings
    var corpora: [String: BLEUResult]
    var sentences: [Double]
  }
  struct ChrFSettings: Decodable {
    var charOrder: Int?
    var wordOrder: Int?
    var beta: Double?
    var lowercase: Bool?
    var whitespace: Bool?
  }
  struct ChrFResult: Decodable {
    var score: Double
    var name: String
    var signature: String
  }
  struct ChrFCase: Decodable {
    var settings: ChrFSettings
    var corpora: [String: ChrFResult]
    var sentences: [Double]
  }
  struct Estimate: Decodable {
    var mean: Double
    var ci: Double
  }
  struct BootstrapCase: Decodable {
    var second: [String]
    var draws: [[Int]]
    var scores: [Double]
    var estimates: [Estimate]
    var p: Double
  }

  var sentences: [Sentence]
  var corpora: [String: Corpus]
  var tokens: [String: [[String]]]
  var bleu: [BLEUCase]
  var chrf: [ChrFCase]
  var bootstrap: [String: BootstrapCase]

  /// The values are rounded to ten places, of a hundred: the rest is room for another order of sums.
  static let tolerance = 1e-9

  /// Reads the values.
  static func read() throws -> MetricsGolden {
    let file = Bundle.module.bundleURL.appending(path: "Golden/metrics.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(MetricsGolden.self, from: Data(contentsOf: file))
  }

  /// The hypotheses and references of a corpus.
  func texts(_ corpus: Corpus) -> (hypotheses: [String], references: [[String]]) {
    let chosen = corpus.sentences.map { sentences[$0] }
    return (
      chosen.map(\.hypothesis), chosen.map { Array($0.references.prefix(corpus.references)) }
    )
  }
}

extension BLEU {
  init(_ settings: MetricsGolden.BLEUSettings) throws {
    let smoothing: Smoothing =
      switch settings.smoothMethod {
      case "exp": .exponential
      case "floor": .floor(settings.smoothValue ?? Smoothing.defaultFloor)
      case "add-k": .add(settings.smoothValue ?? Smoothing.defaultAddition)
      default: .none
      }
    guard let tokenization = BLEUTokenization(rawValue: settings.tokenize) else {
      throw CocoaError(.coderInvalidValue)
    }
    self.init(
      tokenization: tokenization, smoothing: smoothing,
      maximumOrder: settings.maxNgramOrder ?? 4,
      usesEffectiveOrder: settings.effectiveOrder, isLowercased: settings.lowercase)
  }
}

extension ChrF {
  init(_ settings: MetricsGolden.ChrFSettings) {
    self.init(
      characterOrder: settings.charOrder ?? 6, wordOrder: settings.wordOrder ?? 0,
      beta: settings.beta ?? 2, isLowercased: settings.lowercase ?? false,
      includesWhitespace: settings.whitespace ?? false)
  }
}

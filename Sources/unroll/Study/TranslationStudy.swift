import Corpora
import Learning
import Models
import Recurrent
import Tensors

/// The lecture's table of translations (Sutskever et al. 2014): a net with attention, nets that read the source
/// from its beginning and from its end, and ensembles, each by beams of several widths; with what resampling
/// says of the differences, and what the length of a source has to do with them.
struct TranslationStudy: Study {
  static let name = "translation"
  static let cellExample = "train/reversed/seed 1"

  /// What reads and writes.
  enum Net: String, CaseIterable, Sendable {
    /// From both ends, and the decoder attends.
    case attention
    /// From the beginning; all that the decoder knows is its first state.
    case forward
    /// From the end.
    case reversed

    var title: String {
      switch self {
      case .attention: "with attention"
      case .forward: "forward"
      case .reversed: "reversed"
      }
    }
  }

  /// One net, or several that vote.
  struct System: Hashable, Sendable {
    var net: Net
    /// The seeds of its members.
    var seeds: [Int]

    var isEnsemble: Bool { seeds.count > 1 }
    var id: String {
      isEnsemble
        ? "\(net.rawValue)/ensemble of \(seeds.count)" : "\(net.rawValue)/seed \(seeds[0])"
    }
  }

  enum Cell: StudyCell, Hashable {
    case train(Net, seed: Int)
    case decode(System, beam: Int)
    /// All translations against each other.
    case compare

    var id: String {
      switch self {
      case .train(let net, let seed): "train/\(net.rawValue)/seed \(seed)"
      case .decode(let system, let beam): "decode/\(system.id)/beam \(beam)"
      case .compare: "compare"
      }
    }
  }

  /// What is held against references.
  enum Measure: String, CaseIterable, Sendable {
    case bleu, errors, mismatch

    var title: String {
      switch self {
      case .bleu: "BLEU"
      case .errors: "errors, %"
      case .mismatch: "wrong lines, %"
      }
    }

    var criterion: TranslatorCriterion {
      switch self {
      case .bleu: .bleu
      case .errors: .errors
      case .mismatch: .mismatch
      }
    }

    var isHigherBetter: Bool { self == .bleu }
  }

  /// How all nets are built and trained.
  struct Recipe: Sendable {
    var units: TranslatorUnits
    var cell: CellKind
    var hidden: Int
    var layers: Int
    var embedding: Int
    var dropout: NetworkDropout
    var feedsReadout: Bool
    var smoothing: Float
    var batch: Int
    var longest: Int
    var epochs: Int
    var steps: Int?
    var rate: Double
    var warmupSteps: Int
    let clipNorm = 5.0

    var settings: [String: String] {
      var settings = [
        "units":
          "\(units.source.rawValue) \(units.target.rawValue) \(units.merges) \(units.isJoint) "
          + "\(units.lowercases) \(units.minimumCount) \(units.maximumSize ?? 0)",
        "net": "\(cell.rawValue) \(layers)x\(hidden) \(embedding) \(feedsReadout)",
        "smoothing": "\(smoothing)", "batch": "\(batch)",
        "longest": "\(longest)", "epochs": "\(epochs)", "steps": steps.map { "\($0)" } ?? "all",
        "rate": "\(rate) \(warmupSteps)",
      ]
      settings.merge(dropout.options) { $1 }
      return settings
    }
  }

  struct Finding: Codable, Equatable {
    var training: Training?
    var decoding: Decoding?
    var comparisons: [Comparison]?
  }

  struct Training: Codable, Equatable {
    var parameters: Int
    /// The measure on the validation part after each epoch, of greedy translations.
    var validation: [Double]
    /// Of the net that is kept, on the test part.
    var testPerplexity: Double
    var tokensPerSecond: Double
    /// Of one processor.
    var seconds: Double
  }

  struct Decoding: Codable, Equatable {
    var scores: Scores
    /// As sacreBLEU prints it.
    var bleuText: String
    var linesPerSecond: Double
    /// By units of the source.
    var byLength: [Bucket]
  }

  struct Scores: Codable, Equatable {
    var lines: Int
    var bleu: Double
    var chrF: Double
    var errors: Double
    var mismatch: Double

    init(_ scores: TranslationScores) {
      lines = scores.errors.count
      bleu = scores.bleuScore.score
      chrF = scores.chrFScore
      errors = 100 * scores.allErrors.tokenErrorRate
      mismatch = 100 * scores.allErrors.sentenceErrorRate
    }

    subscript(measure: Measure) -> Double {
      switch measure {
      case .bleu: bleu
      case .errors: errors
      case .mismatch: mismatch
      }
    }
  }

  struct Bucket: Codable, Equatable {
    var name: String
    var scores: Scores
  }

  /// Whether the second of two is better.
  struct Comparison: Codable, Equatable {
    var first: String
    var second: String
    /// The second's score less the first's, and where 95 % of the resamples are.
    var difference: Double
    var low: Double
    var high: Double
    /// How likely so large a difference is if neither is better.
    var p: Double
  }

  /// The lines of the three parts.
  struct Data: Sendable {
    var training: ParallelCorpus
    var validation: ReferenceSet
    var test: ReferenceSet

    var fingerprint: String {
      let parts =
        training.sources + training.targets + validation.sources + validation.references.joined()
        + test.sources + test.references.joined()
      return Models.fingerprint(parts.joined(separator: "\n").utf8.lazy.map(Int32.init))
    }
  }

  let data: Data
  let fingerprint: String
  let recipe: Recipe
  let measure: Measure
  let beams: [Int]
  /// Power of the length that ln p is divided by.
  let lengthPenalty: Double
  /// What an ensemble agrees on.
  let mean: EnsembleMean
  /// Nets of each kind: seeds 1 to n.
  let counts: [Net: Int]
  let ensembles: [Int]
  let pattern: CellPattern
  /// Where models and translations are kept.
  let folder: String

  var settings: [String: String] {
    [
      "data": fingerprint, "measure": measure.rawValue, "length penalty": "\(lengthPenalty)",
      "mean": mean.rawValue,
    ].merging(recipe.settings) { $1 }
  }

  /// Every single net, and the ensembles that there are nets for, in the order of the lecture's table.
  var systems: [System] {
    Net.allCases.flatMap { net -> [System] in
      let count = counts[net] ?? 0
      return (0..<count).map { System(net: net, seeds: [$0 + 1]) }
        + ensembles.filter { $0 <= count }.map { System(net: net, seeds: Array(1...$0)) }
    }
  }

  var stages: [[[Cell]]] {
    // The slowest first, so that no thread is left with one of them at the end.
    let training = Net.allCases.flatMap { net in
      (0..<(counts[net] ?? 0)).map { [Cell.train(net, seed: $0 + 1)] }
    }
    let decoding = systems.flatMap { system in beams.map { [Cell.decode(system, beam: $0)] } }
    return [training, decoding, [[Cell.compare]]].map { stage in
      stage.map { $0.filter { pattern.matches($0.id) } }.filter { !$0.isEmpty }
    }
  }

  var chains: [[Cell]] { stages.flatMap(\.self) }

  /// The comparisons are of all translations that there are in the folder, be it another time more of them.
  func isLasting(_ cell: Cell) -> Bool { cell != .compare }

  func configuration(_ net: Net) -> TranslatorConfiguration {
    let attends = net == .attention
    return TranslatorConfiguration(
      encoder: EncoderConfiguration(
        embeddingSize: recipe.embedding, cell: recipe.cell,
        hiddenSize: attends ? max(1, recipe.hidden / 2) : recipe.hidden, layers: recipe.layers,
        isBidirectional: attends, dropout: recipe.dropout, reversesSource: net == .reversed),
      decoder: SequenceDecoderConfiguration(
        embeddingSize: recipe.embedding, cell: recipe.cell, hiddenSize: recipe.hidden,
        layers: recipe.layers, dropout: recipe.dropout, context: attends ? .after : .initial,
        feedsReadout: attends && recipe.feedsReadout))
  }

  func line(_ finding: Finding) -> String {
    if let training = finding.training {
      let best = measure.isHigherBetter ? training.validation.max() : training.validation.min()
      return "validation \(measure.title) \(best.map(Format.number) ?? "-"), test perplexity "
        + "\(Format.number(training.testPerplexity)), \(Format.count(training.parameters)) parameters, "
        + "\(Format.duration(training.seconds)) of a core"
    }
    if let decoding = finding.decoding {
      return "\(measure.title) \(Format.number(decoding.scores[measure])), "
        + "\(Format.short(decoding.linesPerSecond)) lines/s"
    }
    return Format.plural(finding.comparisons?.count ?? 0, "comparison")
  }
}

import Corpora
import Foundation
import Learning
import Models
import Recurrent
import Tensors

/// What layers are worth at an equal number of parameters, and what skip connections do for many of
/// them: character models of a text with 1, 2, 4 and 8 layers (the lecture's deep nets; Graves 2013 for
/// connections from the input, He et al. 2016 for residual ones).
struct DepthStudy: Study {
  static let name = "depth"
  static let cellExample = "4 layers/residual/seed 1"

  struct Cell: StudyCell, Equatable {
    var layers: Int
    var connections: SkipConnections
    var seed: Int

    var net: Net { Net(layers: layers, connections: connections) }
    var id: String { "\(net.name)/seed \(seed)" }
  }

  /// A net but for its width.
  struct Net: Hashable {
    var layers: Int
    var connections: SkipConnections

    /// One layer has nothing to skip.
    static let all =
      [Net(layers: 1, connections: .none)]
      + SkipConnections.allCases.flatMap { connections in
        [2, 4, 8].map { Net(layers: $0, connections: connections) }
      }

    var name: String { layers == 1 ? "1 layer" : "\(layers) layers/\(connections.title)" }
  }

  struct Finding: Codable, Equatable {
    /// Held-out bits a character along the way.
    struct Point: Codable, Equatable {
      var step: Int
      var bits: Double
    }
    var hiddenSize: Int
    var parameters: Int
    var curve: [Point]
    /// The norm of the loss's gradient in the outputs of the lowest layer over that of the highest,
    /// before training.
    var flow: Double?
    var tokensPerSecond: Double
    /// Whether the loss became no number or stayed far above a guess.
    var hasDiverged: Bool

    /// The least of the curve.
    var best: Double? { curve.map(\.bits).min() }
  }

  /// The text, cut in two.
  struct Corpus: Sendable {
    var training: String
    var heldOut: String
    var vocabulary: Vocabulary
    /// Of both.
    var fingerprint: String
  }

  /// How the nets are trained, all alike.
  struct Training: Sendable {
    var cell = CellKind.lstm
    /// No net has more.
    var parameters = 200_000
    var steps = 1500
    var rate = 0.003
    let embedding = 32
    let batch = 32
    let window = 64
    let clipNorm = 1.0
    /// Held-out bits are measured so often.
    let checks = 10
  }

  let corpus: Corpus
  let training: Training
  let seeds: Int
  let pattern: CellPattern

  var settings: [String: String] {
    [
      "corpus": corpus.fingerprint, "cell": training.cell.rawValue,
      "parameters": "\(training.parameters)", "steps": "\(training.steps)",
      "rate": "\(training.rate)",
    ]
  }

  var chains: [[Cell]] {
    Net.all.flatMap { net in
      (1...seeds).map { Cell(layers: net.layers, connections: net.connections, seed: $0) }
    }.filter { pattern.matches($0.id) }.map { [$0] }
  }

  /// The widest net of that depth within the parameters; nil if not even one unit is.
  func configuration(_ net: Net) -> LanguageModelConfiguration? {
    func make(_ hidden: Int) -> LanguageModelConfiguration {
      LanguageModelConfiguration(
        level: .characters, cell: training.cell, embeddingSize: training.embedding,
        hiddenSize: hidden, layers: net.layers, connections: net.connections)
    }
    func fits(_ hidden: Int) -> Bool {
      make(hidden).parameterCount(vocabularySize: corpus.vocabulary.count) <= training.parameters
    }
    guard fits(1) else { return nil }
    // The count grows with the width: doubled until it is too wide, then halved down.
    var (low, high) = (1, 2)
    while fits(high) { (low, high) = (high, 2 * high) }
    while high - low > 1 {
      let middle = (low + high) / 2
      if fits(middle) { low = middle } else { high = middle }
    }
    return make(low)
  }

  func measure(_ cell: Cell, _ watch: StudyWatch) throws -> Finding? {
    guard let configuration = configuration(cell.net) else { return nil }
    let seed = UInt64(cell.seed)
    let model = try LanguageModel(
      configuration: configuration, vocabulary: corpus.vocabulary,
      key: RandomKey(seed: seed).child(0))
    var finding = Finding(
      hiddenSize: configuration.hiddenSize, parameters: model.parameterCount, curve: [],
      flow: try flow(model), tokensPerSecond: 0, hasDiverged: false)
    let task = try LanguageModelTask(
      model, text: corpus.training, validation: corpus.heldOut, batch: training.batch,
      window: training.window)
    let plan = TrainingPlan(
      epochs: (training.steps + task.stepsPerEpoch - 1) / task.stepsPerEpoch,
      stepLimit: training.steps, seed: seed,
      schedule: RateSchedule(
        base: training.rate, course: .cosine(floor: training.rate / 100),
        warmupSteps: training.steps / 20),
      clipNorm: training.clipNorm, validationInterval: max(1, training.steps / training.checks))
    do {
      let outcome = try Trainer(task, Adam(), plan, interrupt: watch.interrupt) { event in
        switch event {
        case .step(let progress):
          finding.tokensPerSecond = progress.tokensPerSecond
          watch.tell("step \(progress.step), \(Format.number(progress.recentLoss / log(2))) bits")
        case .validated(let check):
          finding.curve.append(.init(step: check.step, bits: check.loss / log(2)))
        default: break
        }
      }.run()
      if case .interrupted = outcome { return nil }
    } catch TrainingError.diverged {
      finding.hasDiverged = true
    }
    return finding
  }

  /// ``Finding/flow``, of some held-out windows.
  private func flow(_ model: LanguageModel) throws -> Double? {
    let batch = try FlowBatch(corpus.heldOut, for: model, steps: 32, batch: 8)
    let norms = model.gradientFlow(on: batch).layers.compactMap { layer in
      layer.parts.first.map { part in
        part.norms.reduce(0) { $0 + $1 * $1 }.squareRoot()
      }
    }
    guard let low = norms.first, let high = norms.last, high > 0 else { return nil }
    return low / high
  }

  func line(_ finding: Finding) -> String {
    let bits = finding.best.map { "\(Self.text($0)) bits a character" } ?? "no bits"
    return "\(bits), \(finding.hiddenSize) units, \(Format.count(finding.parameters)) parameters"
      + (finding.hasDiverged ? ", diverged" : "")
  }

  static func text(_ bits: Double) -> String { String(format: "%.3f", bits) }

  static let columns = [
    "net", "units a layer", "parameters", "bits a character", "gradient, lowest / highest",
    "tokens/s",
  ]

  /// One row a net.
  func rows(_ findings: StudyFindings<Self>) -> [[String]] {
    Net.all.compactMap { net in
      let found = of(net, findings)
      guard let first = found.first else { return nil }
      let flow = Spread(found.compactMap(\.flow)).map { Format.number($0.mean) } ?? "-"
      let rate = Spread(found.map(\.tokensPerSecond)).map { Format.short($0.mean) } ?? "-"
      return [
        net.name, "\(first.hiddenSize)", Format.count(first.parameters), Self.bitsText(found), flow,
        rate,
      ]
    }
  }

  private static func bitsText(_ found: [Finding]) -> String {
    guard let spread = Spread(found.compactMap(\.best)) else { return "-" }
    return spread.text(text) + (found.contains(where: \.hasDiverged) ? ", diverged" : "")
  }

  func table(_ findings: StudyFindings<Self>) -> String {
    TextTable(columns: Self.columns, rows: rows(findings)).text
  }

  /// The findings of all seeds.
  func of(_ net: Net, _ findings: StudyFindings<Self>) -> [Finding] {
    (1...seeds).compactMap {
      findings[Cell(layers: net.layers, connections: net.connections, seed: $0)]
    }
  }
}

extension SkipConnections {
  /// "no skips"
  var title: String {
    switch self {
    case .none: "no skips"
    case .input: "from the input"
    case .residual: "residual"
    }
  }
}

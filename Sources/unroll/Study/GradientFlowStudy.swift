import Corpora
import Foundation
import Learning
import Models
import Recurrent

/// How the error fades or grows on its way back through cells of several kinds, before and after
/// training (Hochreiter 1991; Bengio et al. 1994; Pascanu et al. 2013).
///
/// The problem is the temporal order, whose loss stands at the last step alone: all error at earlier
/// steps has come back through the recurrence.
struct GradientFlowStudy: Study {
  static let name = "gradient-flow"
  static let cellExample = "LSTM, bias 1/seed 1"

  struct Cell: StudyCell, Equatable {
    var net: String
    var seed: Int
    var id: String { "\(net)/seed \(seed)" }
  }

  /// ‖∂L/∂s_t‖ by the distance from the last step, s being all that a cell carries (h, and c if it has
  /// one), over a batch of held-out sequences.
  struct Finding: Codable, Equatable {
    /// At the start.
    var initial: [Double]
    /// After training.
    var trained: [Double]
    /// How the training ended.
    var ending: LongRangeRun.Ending
    /// The share of held-out sequences that are wrong after it.
    var wrong: Double
    var sequences: Int
  }

  /// A net: its cell, its start, and the rate of Adam that trains it.
  struct Net: Sendable {
    var name: String
    var about: String
    var cell: CellKind
    var start: Start
    var rate = 0.003

    enum Start: Sendable {
      case given(GateParameters.Initialization)
      /// Gates that remember for 1 to T steps.
      case chrono
    }
  }

  /// All of them, in the order of tables and colours.
  static let nets: [Net] = [
    Net(
      name: "RNN", about: "tanh, uniform start in ±1/√H", cell: .rnn,
      start: .given(.init(recurrent: .uniform(0.14))), rate: 0.001),
    Net(
      name: "RNN, orthogonal", about: "tanh, orthogonal start (Saxe et al. 2014)", cell: .rnn,
      start: .given(.init()), rate: 0.001),
    Net(
      name: "IRNN", about: "rectifier, identity (Le et al. 2015)", cell: .rnnReLU,
      start: .given(.init(input: .normal(0.001), recurrent: .identity)), rate: 0.0003),
    Net(
      name: "Memory cell", about: "a memory that adds up what it sees", cell: .memory,
      start: .given(.init())),
    Net(
      name: "LSTM, bias 0", about: "forget gates half open at the start", cell: .lstm,
      start: .given(.init(forgetBias: 0))),
    Net(
      name: "LSTM, bias 1", about: "forget gates that start at a bias of 1 (Gers et al. 2000)",
      cell: .lstm, start: .given(.init(forgetBias: 1))),
    Net(
      name: "LSTM, bias 1, gain 1.45",
      about: "the same, its recurrent matrices orthogonal times 1.45 (after Gilboa et al. 2019)",
      cell: .lstm, start: .given(.init(recurrent: .orthogonal(gain: 1.45), forgetBias: 1))),
    Net(
      name: "GRU", about: "the gated recurrent unit (Cho et al. 2014)", cell: .gru,
      start: .given(.init())),
    Net(
      name: "LSTM, bias 5", about: "forget gates that start at a bias of 5", cell: .lstm,
      start: .given(.init(forgetBias: 5))),
    Net(
      name: "LSTM, spread",
      about: "gates that start with memories of 1 to T steps (Tallec & Ollivier 2018)", cell: .lstm,
      start: .chrono),
  ]

  /// T.
  let span: Int
  /// Training ends after so many sequences, or when the problem is solved.
  let sequences: Int
  let seeds: Int
  let pattern: CellPattern

  private static let hiddenSize = 50
  /// Sequences that the flow is measured on.
  static let measured = 50

  var settings: [String: String] {
    var hash = StableHash()
    for net in Self.nets { hash.add("\(net)") }
    return ["steps": "\(span)", "sequences": "\(sequences)", "nets": hash.hexadecimal]
  }

  var chains: [[Cell]] {
    Self.nets.flatMap { net in (1...seeds).map { Cell(net: net.name, seed: $0) } }
      .filter { pattern.matches($0.id) }.map { [$0] }
  }

  func measure(_ cell: Cell, _ watch: StudyWatch) throws -> Finding? {
    guard let net = Self.nets.first(where: { $0.name == cell.net }) else { return nil }
    let problem = TemporalOrderProblem(span: span)
    let run = LongRangeRun(problem, method(net), limits: limits, seed: UInt64(cell.seed))
    let task = run.makeTask()
    let batch = problem.batch(0, of: Self.measured, part: .heldOut, seed: UInt64(cell.seed))
    let initial = Self.flow(task.model, batch)
    let result = try run(task, interrupt: watch.interrupt) { check in
      watch.tell(
        "\(Format.count(check.sequences)) sequences, \(ChartAxis.percent(check.wrong)) wrong")
    }
    guard let result else { return nil }
    return Finding(
      initial: initial, trained: Self.flow(task.model, batch), ending: result.ending,
      wrong: result.wrong, sequences: result.sequences)
  }

  private func method(_ net: Net) -> LongRangeMethod {
    let start: LongRangeMethod.Start =
      switch net.start {
      case .given(let given): .given(given)
      case .chrono: .chrono(span: span)
      }
    return LongRangeMethod(
      name: net.name, cell: net.cell, hiddenSize: Self.hiddenSize, start: start, rule: .adam,
      rate: net.rate, clipNorm: 1, batch: 20)
  }

  private var limits: LongRangeTask.Limits {
    .init(sequences: sequences, checkInterval: 2000, checked: 200, tested: 1000)
  }

  /// From the last step back to the first.
  private static func flow(_ model: LongRangeModel, _ batch: LongRangeBatch) -> [Double] {
    let parts = model.gradientFlow(batch).layers.first?.parts.map(\.norms) ?? []
    return (0..<batch.steps).reversed().map { t in
      let squares = parts.map { t < $0.count ? $0[t] * $0[t] : 0 }
      let norm = squares.reduce(0, +).squareRoot()
      // A net that has diverged has no gradient.
      return norm.isFinite ? norm : 0
    }
  }

  func line(_ finding: Finding) -> String {
    "gradient \(Self.factorText(finding.initial)) a step back at the start, "
      + "\(Self.factorText(finding.trained)) after \(Format.count(finding.sequences)) sequences, "
      + "\(ChartAxis.percent(finding.wrong)) wrong"
  }

  /// The factor by which the norm changes with each step back, as a geometric mean from the last step to
  /// the earliest whose gradient is a number above zero.
  static func factor(_ flow: [Double]) -> Double? {
    guard let first = flow.first, first > 0, let last = flow.lastIndex(where: { $0 > 0 }), last > 0
    else { return nil }
    return pow(flow[last] / first, 1 / Double(last))
  }

  /// What is left of the norm at the first step; nil if there is none at the last.
  static func left(_ flow: [Double]) -> Double? {
    guard let first = flow.first, first > 0, let last = flow.last else { return nil }
    return last / first
  }

  private static func factorText(_ flow: [Double]) -> String {
    factor(flow).map { "× " + Format.number($0) } ?? "none"
  }

  /// One row a net: name, factor a step back and what is left at the first step before training, the
  /// factor after it, what is wrong.
  func rows(_ findings: StudyFindings<Self>) -> [[String]] {
    Self.nets.compactMap { net in
      let found = of(net, findings)
      guard !found.isEmpty else { return nil }
      func spread(_ values: [Double]) -> String { Spread(values)?.text(Format.number) ?? "-" }
      return [
        net.name, spread(found.compactMap { Self.factor($0.initial) }),
        Self.geometricMean(found.compactMap { Self.left($0.initial) }),
        spread(found.compactMap { Self.factor($0.trained) }),
        Spread(found.map(\.wrong)).map { ChartAxis.percent($0.mean) } ?? "-",
        "\(found.count { $0.ending == .solved })/\(found.count)",
      ]
    }
  }

  static let columns = [
    "net", "factor a step back", "left of it at the first step", "factor after training", "wrong",
    "solved",
  ]

  private static func geometricMean(_ values: [Double]) -> String {
    let logs = values.filter { $0 > 0 }.map { log($0) }
    guard let mean = Spread(logs)?.mean, logs.count == values.count else { return "-" }
    let value = exp(mean)
    return value < 1e-3 ? String(format: "%.0e", value) : Format.number(value)
  }

  func table(_ findings: StudyFindings<Self>) -> String {
    TextTable(columns: Self.columns, rows: rows(findings)).text
  }

  /// The findings of all seeds.
  func of(_ net: Net, _ findings: StudyFindings<Self>) -> [Finding] {
    (1...seeds).compactMap { findings[Cell(net: net.name, seed: $0)] }
  }
}

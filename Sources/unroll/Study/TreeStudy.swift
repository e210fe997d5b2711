import Corpora
import Learning
import Models
import Recurrent
import Tensors

/// What it is worth to be told the tree (Nangia & Bowman 2018): nets that compute the values of nested lists,
/// along the tree or from left to right, with about as many parameters.
struct TreeStudy: Study {
  static let name = "trees"
  static let cellExample = "n-ary/told all lists/seed 1"

  /// A net and what it reads.
  enum Net: String, CaseIterable, Sendable {
    case childSum = "child-sum"
    case nary = "n-ary"
    case recursive
    case sequence

    var cell: TreeCellKind {
      switch self {
      // A child-sum Tree-LSTM over a chain is the LSTM.
      case .childSum, .sequence: .childSum
      case .nary: .nary
      case .recursive: .recursive
      }
    }

    var reading: TreeReading {
      switch self {
      case .childSum: .trees
      case .nary, .recursive: .binary
      case .sequence: .sequence
      }
    }

    /// As a table has it.
    var title: String {
      switch self {
      case .childSum: "child-sum Tree-LSTM, lists"
      case .nary: "N-ary Tree-LSTM, binary trees"
      case .recursive: "recursive net, binary trees"
      case .sequence: "LSTM, from left to right"
      }
    }
  }

  struct Cell: StudyCell, Equatable {
    var net: Net
    var targets: TreeTargets
    var seed: Int

    var id: String {
      "\(net.rawValue)/told \(targets == .root ? "the value" : "all lists")/seed \(seed)"
    }
  }

  struct Finding: Codable, Equatable {
    /// Validation accuracy after each epoch.
    var validation: [Double]
    /// Of the net that is kept, on the test part.
    var test: Double
    /// By how many lists are within each other.
    var byDepth: [Bucket]
    /// By words.
    var byLength: [Bucket]
    /// By the operator of the outermost list.
    var byOperator: [Bucket]
    var hidden: Int
    var parameters: Int
    var treesPerSecond: Double
    var hasDiverged: Bool
  }

  /// A part of the test expressions.
  struct Bucket: Codable, Equatable {
    var name: String
    var total: Int
    var correct: Int

    var share: Double { Double(correct) / Double(max(total, 1)) }
  }

  /// How all nets are trained.
  struct Training: Sendable {
    /// Expressions of an epoch, new ones in each.
    var trees = 50_000
    var epochs = 10
    /// Words of an expression to learn from.
    var longest = 60
    var tested = 10_000
    var embedding = 32
    var parameters = 50_000
    let batch = 16
    let rate = 0.003
    let clipNorm = 1.0

    var settings: [String: String] {
      [
        "trees": "\(trees)", "epochs": "\(epochs)", "longest": "\(longest)", "tested": "\(tested)",
        "embedding": "\(embedding)", "parameters": "\(parameters)",
      ]
    }
  }

  let training: Training
  let nets: [Net]
  let seeds: Int
  let pattern: CellPattern

  var settings: [String: String] { training.settings }

  var chains: [[Cell]] {
    (1...seeds).flatMap { seed in
      nets.flatMap { net in
        // There is nothing to be told within a sequence.
        (net == .sequence ? [TreeTargets.root] : [.root, .nodes]).map {
          Cell(net: net, targets: $0, seed: seed)
        }
      }
    }.filter { pattern.matches($0.id) }.map { [$0] }
  }

  /// The net with the units that bring it next to the parameters wanted.
  func configuration(_ net: Net, _ targets: TreeTargets = .root) -> TreeClassifierConfiguration {
    func configuration(_ hidden: Int) -> TreeClassifierConfiguration {
      TreeClassifierConfiguration(
        words: WordEncoderConfiguration(lookUpSize: training.embedding), reading: net.reading,
        cell: net.cell, hiddenSize: hidden, arity: 2, targets: targets)
    }
    func distance(_ hidden: Int) -> Int {
      let count = configuration(hidden).tree.parameterShapes().reduce(0) {
        $0 + $1.shape.reduce(1, *)
      }
      return abs(count - training.parameters)
    }
    return configuration((1...4000).min { distance($0) < distance($1) } ?? 1)
  }

  func measure(_ cell: Cell, _ watch: StudyWatch) throws -> Finding? {
    let (seed, reading) = (UInt64(cell.seed), cell.net.reading)
    var problem = ListOps()
    problem.length = problem.length.lowerBound...training.longest
    let made = problem
    let model = try TreeClassifier(
      configuration(cell.net, cell.targets),
      learningFrom: made.bank(.training, count: 1000, seed: seed, reading).trees,
      key: RandomKey(seed: seed).child(0))
    let task = try TreeClassifierTask(
      model,
      TreeGenerator(epochCount: training.trees, name: "ListOps \(reading.rawValue)") {
        made.expression($0, .training, seed: seed).tree(reading)
      },
      validation: ListOps().bank(
        .validation, count: max(100, training.tested / 5), seed: seed, reading),
      batch: training.batch)
    let plan = TrainingPlan(
      epochs: training.epochs, seed: seed,
      schedule: RateSchedule(base: training.rate, course: .cosine(), warmupSteps: 200),
      clipNorm: training.clipNorm)
    var finding = Finding(
      validation: [], test: 0, byDepth: [], byLength: [], byOperator: [],
      hidden: model.configuration.hiddenSize, parameters: model.parameterCount, treesPerSecond: 0,
      hasDiverged: false)
    let labelsPerTree = cell.targets == .root ? 1 : made.listsPerExpression(seed: seed)
    do {
      let end = try Trainer(task, Adam(), plan, interrupt: watch.interrupt) { event in
        switch event {
        case .step(let progress):
          finding.treesPerSecond = progress.tokensPerSecond / labelsPerTree
          watch.tell(
            "epoch \(progress.epoch)/\(progress.epochs), loss "
              + Format.number(progress.recentLoss))
        case .validated(let check): finding.validation.append(1 - check.loss)
        default: break
        }
      }.run()
      if case .interrupted = end { return nil }
    } catch TrainingError.diverged {
      finding.hasDiverged = true
      return finding
    }
    try judge(model, reading, seed: seed, &finding)
    return finding
  }

  /// Tests a net on expressions of the whole distribution.
  private func judge(
    _ model: TreeClassifier, _ reading: TreeReading, seed: UInt64, _ finding: inout Finding
  ) throws {
    let expressions = (0..<training.tested).map {
      ListOps().expression($0, .test, seed: seed)
    }
    let probabilities = try model.probabilities(
      of: TreeBank(
        name: "ListOps", trees: expressions.map { $0.tree(reading) },
        lines: expressions.indices.map { $0 + 1 }))
    let isRight = zip(expressions, probabilities).map { expression, probabilities in
      let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
      return model.labels.token(Int32(best)) == "\(expression.value)"
    }
    finding.test = Double(isRight.count { $0 }) / Double(isRight.count)
    func buckets(
      _ bounds: [(name: String, range: ClosedRange<Int>)], _ value: (ListOps.Expression) -> Int
    ) -> [Bucket] {
      let values = expressions.map(value)
      return bounds.map { name, range in
        let chosen = values.indices.filter { range.contains(values[$0]) }
        return Bucket(name: name, total: chosen.count, correct: chosen.count { isRight[$0] })
      }
    }
    finding.byDepth = buckets(Self.depths) { $0.tree.height }
    finding.byLength = buckets(Self.lengths) { $0.words.count }
    finding.byOperator = ListOps.Operator.allCases.map { operation in
      let chosen = expressions.indices.filter {
        expressions[$0].tree.tokens[expressions[$0].tree.root] == operation.rawValue
      }
      return Bucket(
        name: operation.rawValue, total: chosen.count, correct: chosen.count { isRight[$0] })
    }
  }

  static let depths: [(name: String, range: ClosedRange<Int>)] = [
    ("1 to 2", 1...2), ("3", 3...3), ("4", 4...4), ("5 to 6", 5...6), ("7 to 9", 7...9),
    ("10 and more", 10...Int.max),
  ]
  static let lengths: [(name: String, range: ClosedRange<Int>)] = [
    ("11 to 20", 11...20), ("21 to 40", 21...40), ("41 to 80", 41...80), ("81 to 160", 81...160),
    ("161 and more", 161...Int.max),
  ]

  func line(_ finding: Finding) -> String {
    guard !finding.hasDiverged else { return "diverged" }
    return "test accuracy \(Self.percent(finding.test)), "
      + "\(Format.count(finding.parameters)) parameters"
  }

  static func percent(_ share: Double) -> String { Format.number(100 * share) + " %" }

  /// The findings of all seeds that did not diverge.
  func of(_ net: Net, _ targets: TreeTargets, _ findings: StudyFindings<Self>) -> [Finding] {
    every(net, targets, findings).filter { !$0.hasDiverged }
  }

  private func every(
    _ net: Net, _ targets: TreeTargets, _ findings: StudyFindings<Self>
  ) -> [Finding] {
    (1...seeds).compactMap { findings[Cell(net: net, targets: targets, seed: $0)] }
  }

  static let columns = [
    "net", "told", "units", "parameters", "validation", "test", "trees/s",
  ]

  func rows(_ findings: StudyFindings<Self>) -> [[String]] {
    nets.flatMap { net in
      TreeTargets.allCases.compactMap { targets -> [String]? in
        let all = every(net, targets, findings)
        let found = of(net, targets, findings)
        guard let first = all.first else { return nil }
        let lost = all.count - found.count
        func spread(_ values: [Double]) -> String { Spread(values)?.text(Self.percent) ?? "-" }
        return [
          net.title, Self.told(targets), "\(first.hidden)", Format.count(first.parameters),
          spread(found.compactMap { $0.validation.max() }),
          spread(found.map(\.test)) + (lost > 0 ? ", \(lost) of \(all.count) diverged" : ""),
          Format.short(Spread(found.map(\.treesPerSecond))?.mean ?? 0),
        ]
      }
    }
  }

  /// A row for each net, a column for each bucket.
  func bucketRows(
    _ findings: StudyFindings<Self>, _ path: (Finding) -> [Bucket]
  ) -> [[String]] {
    all(findings).map { net, targets, found in
      let buckets = found.map(path)
      return [net.title, Self.told(targets)]
        + buckets[0].indices.map { index in
          let there = buckets.filter { index < $0.count && $0[index].total > 0 }
          return Spread(there.map { $0[index].share }).map { Self.percent($0.mean) } ?? "-"
        }
    }
  }

  /// The nets that were measured and did not diverge with every seed.
  func all(
    _ findings: StudyFindings<Self>
  ) -> [(net: Net, targets: TreeTargets, found: [Finding])] {
    nets.flatMap { net in
      TreeTargets.allCases.map { (net, $0, of(net, $0, findings)) }
    }.filter { !$0.2.isEmpty }
  }

  static func told(_ targets: TreeTargets) -> String {
    targets == .root ? "the value" : "all lists"
  }

  func table(_ findings: StudyFindings<Self>) -> String {
    var text = TextTable(columns: Self.columns, rows: rows(findings)).text
    for table in bucketTables {
      text += "\n\(table.title)\n"
      text +=
        TextTable(
          columns: ["net", "told"] + table.names, rows: bucketRows(findings, table.path)
        ).text
    }
    return text
  }

  /// The tables of parts of the test expressions.
  var bucketTables: [(title: String, names: [String], path: (Finding) -> [Bucket])] {
    [
      ("by lists within lists", Self.depths.map(\.name), { $0.byDepth }),
      ("by words", Self.lengths.map(\.name), { $0.byLength }),
      ("by the outermost operator", ListOps.Operator.allCases.map(\.rawValue), { $0.byOperator }),
    ]
  }
}

extension ListOps {
  /// The mean number of lists in an expression, as the labels of a tree.
  fileprivate func listsPerExpression(seed: UInt64) -> Double {
    let trees = bank(.training, count: 500, seed: seed, .trees).trees
    let lists = trees.reduce(0) { $0 + $1.labels.count { $0 != nil } }
    return Double(lists) / Double(trees.count)
  }
}

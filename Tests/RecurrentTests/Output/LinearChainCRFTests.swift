import Foundation
import Tensors
import TestSupport
import Testing

@testable import Recurrent

@Suite("The linear-chain conditional random field")
struct LinearChainCRFTests {
  /// Relative to the norm, as for the cells.
  static let tolerance = 1e-6

  @Test(
    "loss, gradients and probabilities are those of the sum over all labellings",
    arguments: [2, 3, 4], 0...5)
  func definition(labels: Int, steps: Int) {
    // Every length there is.
    let field = RandomField(labels: labels, lengths: (0...steps).map(Int32.init))
    expectDefinition(field)
  }

  @Test("the same where only some transitions are allowed", arguments: 1...4)
  func allowed(steps: Int) {
    // Label 0 only begins, label 3 only ends, and 2 does not follow 1.
    let allowed = LabelTransitions(count: 4) {
      $0 != 3
    } ends: {
      $0 != 0
    } pairs: {
      $0 != 3 && $1 != 0 && !($0 == 1 && $1 == 2)
    }
    var field = RandomField(labels: 4, lengths: (0...steps).map(Int32.init), allowed: allowed)
    field.setTargetsToBest()
    for (row, length) in field.lengths.enumerated() where length == 1 {
      field.targets[row] = 2
    }
    expectDefinition(field)
    // What is not allowed is not learnt about.
    let gradient = field.pass().gradients["crf.transitions"]!
    #expect(gradient[1, 2] == 0 && gradient[2, 0] == 0 && gradient[3, 1] == 0)
  }

  @Test("one label has nothing to choose")
  func oneLabel() {
    let field = RandomField(labels: 1, lengths: [3, 0, 1])
    let result = field.pass()
    #expect(result.losses.allSatisfy { abs($0) < 1e-6 })
    #expect(field.field.decode(field.emissions.value, lengths: field.lengths).labels.max() == 0)
  }

  private func expectDefinition(
    _ field: RandomField, _ location: SourceLocation = #_sourceLocation
  ) {
    let result = field.pass()
    var total = 0.0
    var expected: [String: [Double]] = [:]
    for row in field.lengths.indices {
      let all = field.enumeration(row)
      let loss = all.logPartition - all.score(field.target(row))
      #expect(
        abs(Double(result.losses[row]) - loss) < Self.tolerance * (1 + abs(loss)),
        sourceLocation: location)
      total += loss
      for (name, gradient) in all.gradients(field, row, target: field.target(row)) {
        expected[name] = expected[name].map { zip($0, gradient).map(+) } ?? gradient
      }
    }
    #expect(
      abs(Double(result.loss) - total * Double(field.scale)) < Self.tolerance * (1 + total),
      sourceLocation: location)
    for (name, gradient) in result.gradients {
      let scaled = expected[name]!.map { $0 * Double(field.scale) }
      #expect(
        relativeError(gradient.scalars.map(Double.init), scaled) < Self.tolerance,
        "gradient of \(name)", sourceLocation: location)
    }
    let marginals = field.field.marginals(
      field.emissions.value, lengths: field.lengths, allowing: field.allowed)
    #expect(
      relativeError(marginals.scalars.map(Double.init), field.marginals) < Self.tolerance,
      sourceLocation: location)
  }

  @Test("gradients and tangents agree with differences")
  func gradients() throws {
    let field = RandomField(labels: 3, lengths: [3, 0, 1, 2], seed: 4)
    let mode = Mode.training(RandomKey(seed: 0))
    try checkGradients(of: field.parameters) {
      field.field.negativeLogLikelihood(
        field.emissions.variable(mode), targets: field.targets, lengths: field.lengths,
        scale: 0.5, mode: mode
      ).loss
    }
  }

  @Test("decoding finds the best of all labellings", arguments: [2, 3, 4], 0...5)
  func viterbi(labels: Int, steps: Int) {
    let field = RandomField(labels: labels, lengths: (0...steps).map(Int32.init))
    expectBest(field)
    let allowed = LabelTransitions(count: labels) {
      $0 != 1
    } ends: {
      $0 != 0
    } pairs: {
      $0 != 1 || $1 != 1
    }
    expectBest(
      RandomField(labels: labels, lengths: (2...max(2, steps)).map(Int32.init), allowed: allowed))
  }

  @Test("of equally good labellings the one with the least labels, from its end, is taken")
  func ties() {
    // Whole numbers have many ties.
    for seed in 0..<20 {
      var field = RandomField(labels: 3, lengths: [4, 2, 3], seed: UInt64(seed))
      for parameter in field.parameters {
        parameter.value = Tensor(
          shape: parameter.shape, scalars: parameter.value.scalars.map { ($0 * 1.4).rounded() })
      }
      field.allowed = seed % 2 == 0 ? nil : LabelTransitions(count: 3) { $0 < 2 }
      expectBest(field)
    }
  }

  private func expectBest(
    _ field: RandomField, _ location: SourceLocation = #_sourceLocation
  ) {
    let (labels, scores) = field.field.decode(
      field.emissions.value, lengths: field.lengths, allowing: field.allowed)
    for (row, length) in field.lengths.enumerated() {
      let column = stride(from: row, to: labels.count, by: field.lengths.count).map { labels[$0] }
      let best = field.enumeration(row).best
      #expect(column.prefix(Int(length)).map(Int.init) == best.labels, sourceLocation: location)
      #expect(column.dropFirst(Int(length)).allSatisfy { $0 == -1 }, sourceLocation: location)
      #expect(scores[row] == best.score, sourceLocation: location)
    }
  }

  @Test("scores of ±10,000, and a way that only a most unlikely label leads to")
  func extremes() {
    let field = RandomField(labels: 3, lengths: [4, 3, 2, 1])
    for parameter in field.parameters {
      parameter.value = parameter.value.scaled(by: 5000)
    }
    expectDefinition(field)
    expectBest(field)

    // Label 2 is reached by way of label 1 alone, which is e^-2000 times less likely than label 0.
    var narrow = RandomField(
      labels: 3, lengths: [3, 3],
      allowed: LabelTransitions(count: 3, ends: { $0 == 2 }, pairs: { $1 != 2 || $0 == 1 }))
    narrow.emissions.value = Tensor(
      shape: [3, 2, 3],
      scalars: (0..<6).flatMap { place in [2000, Float(place) / 4, 1] })
    narrow.targets = [0, 1, 1, 1, 2, 2]
    expectDefinition(narrow)
    expectBest(narrow)
  }

  @Test("a sequence in a padded batch is the sequence alone, bit for bit")
  func alone() {
    let field = RandomField(labels: 5, lengths: [3, 7, 0, 1, 7, 4])
    let together = field.pass()
    let decoded = field.field.decode(field.emissions.value, lengths: field.lengths)
    let marginals = field.field.marginals(field.emissions.value, lengths: field.lengths)
    var sums: [String: [Double]] = [:]
    for (row, length) in field.lengths.enumerated() {
      let alone = field.row(row)
      let result = alone.pass()
      #expect(result.losses == [together.losses[row]])
      func column(_ tensor: Tensor) -> [Float] {
        (0..<Int(length)).flatMap { step in (0..<5).map { tensor[step, row, $0] } }
      }
      #expect(result.gradients["emissions"]!.scalars == column(together.gradients["emissions"]!))
      #expect(alone.field.marginals(alone.emissions.value).scalars == column(marginals))
      let (labels, scores) = alone.field.decode(alone.emissions.value)
      #expect(labels == (0..<Int(length)).map { decoded.labels[$0 * 6 + row] })
      #expect(scores == [decoded.scores[row]])
      for name in ["crf.transitions", "crf.start_transitions", "crf.end_transitions"] {
        let gradient = result.gradients[name]!.scalars.map(Double.init)
        sums[name] = sums[name].map { zip($0, gradient).map(+) } ?? gradient
      }
    }
    for (name, sum) in sums {
      let gradient = together.gradients[name]!.scalars.map(Double.init)
      #expect(relativeError(gradient, sum) < Self.tolerance, "gradient of \(name)")
    }
  }

  @Test("what stands in the padding does not matter")
  func padding() {
    let field = RandomField(labels: 3, lengths: [2, 0, 4])
    var other = field
    let values = other.emissions.value
    other.emissions = Parameter("emissions", values)
    for (row, length) in field.lengths.enumerated() {
      for step in Int(length)..<4 {
        other.targets[step * 3 + row] = -1
        for label in 0..<3 { other.emissions.value[step, row, label] = .nan }
      }
    }
    let (one, two) = (field.pass(), other.pass())
    #expect(one.loss == two.loss && one.losses == two.losses && one.gradients == two.gradients)
  }

  @Test("one thread, two and three give the same bits")
  func threads() {
    let field = RandomField(labels: 6, lengths: (0..<13).map { Int32($0 % 7) })
    func all() -> (RandomField.Result, [Int32], Tensor) {
      (
        field.pass(),
        field.field.decode(field.emissions.value, lengths: field.lengths).labels,
        field.field.marginals(field.emissions.value, lengths: field.lengths)
      )
    }
    let one = ThreadTeam.$current.withValue(.solo) { all() }
    for count in [2, 3] {
      let more = ThreadTeam.$current.withValue(ThreadTeam(threads: count)) { all() }
      #expect(one.0.loss == more.0.loss && one.0.losses == more.0.losses)
      #expect(one.0.gradients == more.0.gradients)
      #expect(one.1 == more.1 && one.2 == more.2)
    }
  }

  @Test("sums over sequences that share their memory are the same sums")
  func blocks() {
    let field = RandomField(labels: 4, lengths: [3, 2, 5, 1, 5, 0, 4])
    let batch = EmissionBatch(field.emissions.value, labels: 4, lengths: field.lengths)
    let potentials = field.field.potentials(allowing: nil)
    let whole = potentials.gradients(batch, field.targets, scale: 1)
    for memory in [1, 100] {
      let parts = potentials.gradients(batch, field.targets, scale: 1, memory: memory)
      #expect(parts.losses == whole.losses && parts.gradients[0] == whole.gradients[0])
      for (part, whole) in zip(parts.gradients, whole.gradients) {
        #expect(relativeError(part, whole) < Self.tolerance)
      }
    }
  }

  @Test("prediction and a scale of zero record nothing and lose the same")
  func nothingRecorded() {
    var field = RandomField(labels: 3, lengths: [3, 1])
    let training = field.pass()
    let prediction = field.field.negativeLogLikelihood(
      Variable(field.emissions.value), targets: field.targets, lengths: field.lengths,
      scale: field.scale, mode: .prediction)
    #expect(!prediction.loss.isRecorded && prediction.losses == training.losses)
    #expect(prediction.loss.value.scalar == training.loss)
    field.scale = 0
    let result = field.pass()
    #expect(result.loss == 0 && result.losses == training.losses)
    #expect(result.gradients.values.allSatisfy { $0 == Tensor(zeros: $0.shape) })
  }

  @Test("no sequences, and sequences without steps, have a loss of zero")
  func nothing() {
    for lengths in [[], [0, 0]] as [[Int32]] {
      let field = RandomField(labels: 3, lengths: lengths)
      let result = field.pass()
      #expect(result.loss == 0 && result.losses == lengths.map { _ in 0 })
      #expect(result.gradients.values.allSatisfy { $0 == Tensor(zeros: $0.shape) })
      #expect(field.field.decode(field.emissions.value).labels.isEmpty)
    }
  }

  @Test("the first label that may not stand where it stands")
  func faults() {
    let allowed = LabelTransitions(count: 3) {
      $0 != 1
    } ends: {
      $0 != 0
    } pairs: {
      $0 != $1
    }
    #expect(allowed.firstFault(in: [0, 1, 2]) == nil)
    #expect(allowed.firstFault(in: []) == nil)
    #expect(allowed.firstFault(in: [1, 0, 2]) == 0)
    #expect(allowed.firstFault(in: [0, 2, 2, 1]) == 2)
    #expect(allowed.firstFault(in: [0, 2, 0]) == 2)
  }
}

/// A field and a batch, random; the definition of all that it gives, by enumeration in Double.
private struct RandomField {
  let field: LinearChainCRF
  var emissions: Parameter
  let lengths: [Int32]
  var targets: [Int32]
  var allowed: LabelTransitions?
  var scale: Float = 0.5

  init(labels: Int, lengths: [Int32], allowed: LabelTransitions? = nil, seed: UInt64 = 1) {
    field = LinearChainCRF(labels: labels)
    for (index, parameter) in field.parameters.enumerated() {
      parameter.value = .random(
        parameter.shape, seed: 100 * seed + UInt64(index), from: -1.5, to: 1.5)
    }
    let steps = Int(lengths.max() ?? 0)
    emissions = Parameter(
      "emissions",
      .random([steps, lengths.count, labels], seed: 100 * seed + 10, from: -2, to: 2))
    self.lengths = lengths
    self.allowed = allowed
    targets = RandomKey(seed: 100 * seed + 11).words(steps * lengths.count).map {
      Int32($0 % UInt32(labels))
    }
  }

  var parameters: [Parameter] { [emissions] + field.parameters }

  struct Result {
    var loss: Float
    var losses: [Float]
    var gradients: [String: Tensor]
  }

  func pass() -> Result {
    for parameter in parameters { parameter.clearGradient() }
    let mode = Mode.training(RandomKey(seed: 1))
    let (loss, losses) = field.negativeLogLikelihood(
      emissions.variable(mode), targets: targets, lengths: lengths, allowing: allowed,
      scale: scale, mode: mode)
    loss.backward()
    return Result(
      loss: loss.value.scalar, losses: losses,
      gradients: Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.denseGradient) }))
  }

  /// Sequence `row` alone.
  func row(_ row: Int) -> RandomField {
    var alone = RandomField(labels: field.labelCount, lengths: [lengths[row]], allowed: allowed)
    let (steps, labels) = (Int(lengths[row]), field.labelCount)
    for (own, parameter) in zip(alone.field.parameters, field.parameters) {
      own.value = parameter.value
    }
    alone.emissions = Parameter(
      "emissions",
      Tensor(
        shape: [steps, 1, labels],
        scalars: (0..<steps).flatMap { step in
          (0..<labels).map { emissions.value[step, row, $0] }
        }))
    alone.targets = target(row).map(Int32.init)
    alone.scale = scale
    return alone
  }

  func target(_ row: Int) -> [Int] {
    (0..<Int(lengths[row])).map { Int(targets[$0 * lengths.count + row]) }
  }

  /// Makes the targets ones that are allowed.
  mutating func setTargetsToBest() {
    for row in lengths.indices {
      for (step, label) in enumeration(row).best.labels.enumerated() {
        targets[step * lengths.count + row] = Int32(label)
      }
    }
  }

  /// The probability of each label at each step, [T, B, K].
  var marginals: [Double] {
    var marginals = [Double](repeating: 0, count: emissions.count)
    for row in lengths.indices {
      for (place, probability) in enumeration(row).gradients(self, row, target: nil)["emissions"]!
        .enumerated()
      {
        marginals[place] += probability
      }
    }
    return marginals
  }

  func enumeration(_ row: Int) -> Enumeration {
    let (count, length) = (field.labelCount, Int(lengths[row]))
    let labellings = (0..<length).reduce([[Int]()]) { paths, _ in
      paths.flatMap { path in (0..<count).map { path + [$0] } }
    }
    let (a, start, end) = (
      field.transitions.value, field.start.value, field.end.value
    )
    let scored = labellings.filter { allowed?.firstFault(in: $0) == nil }.map { path in
      var score = 0.0
      for (step, label) in path.enumerated() {
        score += Double(step == 0 ? start[label] : a[path[step - 1], label])
        score += Double(emissions.value[step, row, label])
      }
      if let last = path.last { score += Double(end[last]) }
      return (labels: path, score: score)
    }
    return Enumeration(all: scored)
  }

  /// All labellings of a sequence and their scores.
  struct Enumeration {
    let all: [(labels: [Int], score: Double)]

    var logPartition: Double {
      let greatest = all.map(\.score).max()!
      return greatest + log(all.reduce(0) { $0 + exp($1.score - greatest) })
    }

    func score(_ labels: [Int]) -> Double { all.first { $0.labels == labels }!.score }

    /// The best, of equal ones that whose labels are least, compared from the end.
    var best: (labels: [Int], score: Double) {
      let greatest = all.map(\.score).max()!
      return all.filter { $0.score == greatest }.min {
        $0.labels.reversed().lexicographicallyPrecedes($1.labels.reversed())
      }!
    }

    /// The expected number of uses of each score, less those in `target`.
    func gradients(
      _ field: RandomField, _ row: Int, target: [Int]?
    ) -> [String: [Double]] {
      let (count, batch) = (field.field.labelCount, field.lengths.count)
      var gradients = Dictionary(
        uniqueKeysWithValues: field.parameters.map {
          ($0.name, [Double](repeating: 0, count: $0.count))
        })
      func use(_ path: [Int], _ weight: Double) {
        for (step, label) in path.enumerated() {
          gradients["emissions"]![(step * batch + row) * count + label] += weight
          if step > 0 { gradients["crf.transitions"]![path[step - 1] * count + label] += weight }
        }
        if let first = path.first { gradients["crf.start_transitions"]![first] += weight }
        if let last = path.last { gradients["crf.end_transitions"]![last] += weight }
      }
      let logPartition = logPartition
      for (labels, score) in all { use(labels, exp(score - logPartition)) }
      if let target { use(target, -1) }
      return gradients
    }
  }
}

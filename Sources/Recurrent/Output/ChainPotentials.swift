import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The scores of a linear chain in Double, with those of what is not allowed at -∞, and the recursions over
/// one sequence.
///
/// A step of the forward recursion in the logarithm takes K² exponentials. Here it takes K of them and
/// a product: with m = max α and e^(A - c) made once,
///
/// ```
/// ln Σᵢ e^(α[i] + A[i, j]) = m + c + ln Σᵢ e^(α[i] - m) · e^(A[i, j] - c)
/// ```
/// which is as exact, unless all that leads to j is some e^600 times less likely than the rest, as where
/// transitions are not allowed; such a sum is made anew in the logarithm.
struct ChainPotentials: Sendable {
  /// K.
  let count: Int
  /// A, row by row.
  let transitions: [Double]
  let start: [Double]
  let end: [Double]
  /// c, the greatest score of a transition.
  private let shift: Double
  /// e^(A - c), row by row.
  private let factors: [Double]
  /// The transpose of it.
  private let factorsTo: [Double]

  /// Below this, a sum of products may have lost what counts in it.
  private static let least = 0x1p-900
  /// Above this, a factor may be the reciprocal of what was lost.
  private static let greatestExponent = 600.0

  init(transitions: Tensor, start: Tensor, end: Tensor, allowing allowed: LabelTransitions?) {
    let count = start.count
    precondition(
      allowed.map { $0.count == count } ?? true,
      "transitions among \(allowed?.count ?? 0) labels for a field of \(count)")
    self.count = count
    var a = transitions.scalars.map(Double.init)
    var (first, last) = (start.scalars.map(Double.init), end.scalars.map(Double.init))
    if let allowed {
      for i in 0..<count {
        if !allowed.starts[i] { first[i] = -.infinity }
        if !allowed.ends[i] { last[i] = -.infinity }
        for j in 0..<count where !allowed.allows(i, j) { a[i * count + j] = -.infinity }
      }
    }
    self.transitions = a
    self.start = first
    self.end = last
    let greatest = a.max() ?? 0
    let shift = greatest.isFinite ? greatest : 0
    self.shift = shift
    let factors = a.map { exp($0 - shift) }
    self.factors = factors
    factorsTo = (0..<count).flatMap { j in (0..<count).map { i in factors[i * count + j] } }
  }

  /// s(y) of the labels that `label` gives for each step.
  func score(_ emissions: EmissionSequence, _ label: (Int) -> Int) -> Double {
    guard emissions.length > 0 else { return 0 }
    var score = start[label(0)]
    for step in 0..<emissions.length {
      let this = label(step)
      if step > 0 { score += transitions[label(step - 1) * count + this] }
      score += Double(emissions[step][this])
    }
    return score + end[label(emissions.length - 1)]
  }

  /// Fills α [n, K] of `lattice`, its weights e^(α - m) and their m. Gives ln Z.
  func forward(_ emissions: EmissionSequence, _ lattice: Lattice) -> Double {
    let count = count
    for step in 0..<emissions.length {
      let (e, alpha) = (emissions[step], lattice.alpha(step))
      if step == 0 {
        for j in 0..<count { alpha[j] = start[j] + Double(e[j]) }
      } else {
        sums(
          of: lattice.weights(step - 1), greatest: lattice.greatest[step - 1],
          logarithms: lattice.alpha(step - 1), factors, toNext: true, into: alpha)
        for j in 0..<count { alpha[j] += Double(e[j]) }
      }
      lattice.greatest[step] = weigh(alpha, into: lattice.weights(step))
    }
    guard emissions.length > 0 else { return 0 }
    let alpha = lattice.alpha(emissions.length - 1)
    for j in 0..<count { lattice.scratch[j] = alpha[j] + end[j] }
    return logSum(lattice.scratch, lattice.beta)
  }

  /// Goes back over a sequence that `forward` has seen: calls `visit` at each step, from the last to the
  /// first, with the probabilities [K] of its labels, and adds the expected numbers of transitions to
  /// `expected`.
  func backward(
    _ emissions: EmissionSequence, _ lattice: Lattice, logPartition: Double,
    expected: ExpectedTransitions?, _ visit: (Int, UnsafePointer<Double>) -> Void
  ) {
    let count = count
    let (beta, scratch) = (lattice.beta, lattice.scratch)
    for step in (0..<emissions.length).reversed() {
      if step == emissions.length - 1 { for j in 0..<count { beta[j] = end[j] } }
      let alpha = lattice.alpha(step)
      for j in 0..<count { scratch[j] = exp(alpha[j] + beta[j] - logPartition) }
      visit(step, UnsafePointer(scratch))
      guard step > 0 else { return }
      // From here on, `beta` is e + β, the score of all that begins with a label at this step.
      let e = emissions[step]
      for j in 0..<count { beta[j] += Double(e[j]) }
      let greatest = weigh(beta, into: scratch)
      if let expected {
        let exponent = lattice.greatest[step - 1] + greatest + shift - logPartition
        if exponent < Self.greatestExponent {
          expected.add(exp(exponent), lattice.weights(step - 1), scratch)
        } else {
          addExactly(lattice.alpha(step - 1), beta, logPartition, to: expected)
        }
      }
      let target = lattice.spare
      sums(
        of: scratch, greatest: greatest, logarithms: beta, factorsTo, toNext: false, into: target)
      for i in 0..<count { beta[i] = target[i] }
    }
  }

  /// e^(A - c) at `index`, by which sums of products of weights are multiplied in the end.
  func factor(_ index: Int) -> Double { factors[index] }

  /// e^(x - m) with m = max x, which is given back; zeros if that is -∞.
  private func weigh(
    _ x: UnsafeMutablePointer<Double>, into weights: UnsafeMutablePointer<Double>
  ) -> Double {
    var greatest = -Double.infinity
    for i in 0..<count where x[i] > greatest { greatest = x[i] }
    let offset = greatest.isFinite ? greatest : 0
    for i in 0..<count { weights[i] = exp(x[i] - offset) }
    return greatest
  }

  /// ln Σ e^x; `weights` is written to.
  private func logSum(
    _ x: UnsafeMutablePointer<Double>, _ weights: UnsafeMutablePointer<Double>
  ) -> Double {
    let greatest = weigh(x, into: weights)
    var sum = 0.0
    for i in 0..<count { sum += weights[i] }
    return greatest + log(sum)
  }

  /// ln Σᵢ e^(x[i] + A[i, j]) for each j, or with `toNext` false ln Σⱼ e^(A[i, j] + x[j]) for each i.
  private func sums(
    of weights: UnsafeMutablePointer<Double>, greatest: Double,
    logarithms x: UnsafeMutablePointer<Double>, _ factors: [Double], toNext: Bool,
    into result: UnsafeMutablePointer<Double>
  ) {
    let count = count
    for j in 0..<count { result[j] = 0 }
    factors.withUnsafeBufferPointer { factors in
      for i in 0..<count {
        let (weight, row) = (weights[i], factors.baseAddress! + i * count)
        for j in 0..<count { result[j] += weight * row[j] }
      }
    }
    for j in 0..<count {
      if result[j] > Self.least {
        result[j] = greatest + shift + log(result[j])
      } else {
        result[j] = exactSum(x, j, toNext: toNext)
      }
    }
  }

  private func exactSum(_ x: UnsafeMutablePointer<Double>, _ j: Int, toNext: Bool) -> Double {
    func term(_ i: Int) -> Double {
      x[i] + transitions[toNext ? i * count + j : j * count + i]
    }
    var greatest = -Double.infinity
    for i in 0..<count {
      let term = term(i)
      // A NaN is to come out.
      if !(term <= greatest) { greatest = term }
    }
    guard greatest.isFinite else { return greatest }
    var sum = 0.0
    for i in 0..<count { sum += exp(term(i) - greatest) }
    return greatest + log(sum)
  }

  private func addExactly(
    _ alpha: UnsafeMutablePointer<Double>, _ beta: UnsafeMutablePointer<Double>,
    _ logPartition: Double, to expected: ExpectedTransitions
  ) {
    for i in 0..<count {
      for j in 0..<count {
        expected.exact[i * count + j] += exp(
          alpha[i] + transitions[i * count + j] + beta[j] - logPartition)
      }
    }
  }
}

/// The memory of the recursions over one sequence of at most `steps` steps.
struct Lattice {
  private let memory: UnsafeMutablePointer<Double>
  private let steps: Int
  private let count: Int

  private init(_ memory: UnsafeMutablePointer<Double>, steps: Int, count: Int) {
    self.memory = memory
    self.steps = steps
    self.count = count
  }

  /// Calls `body` with such memory, its content undefined.
  static func withLattice<Result>(
    steps: Int, count: Int, _ body: (Lattice) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * steps * count + steps + 3 * count)
    {
      body(Lattice($0.baseAddress!, steps: steps, count: count))
    }
  }

  /// α of a step.
  func alpha(_ step: Int) -> UnsafeMutablePointer<Double> { memory + step * count }
  /// e^(α - max α) of a step.
  func weights(_ step: Int) -> UnsafeMutablePointer<Double> { memory + (steps + step) * count }
  /// max α of each step.
  var greatest: UnsafeMutablePointer<Double> { memory + 2 * steps * count }
  /// β of one step.
  var beta: UnsafeMutablePointer<Double> { greatest + steps }
  var scratch: UnsafeMutablePointer<Double> { beta + count }
  var spare: UnsafeMutablePointer<Double> { scratch + count }
}

/// Sums of the probabilities of each transition: those of products of weights, which lack the factor
/// e^(A - c) still, and others. The memory is the caller's.
struct ExpectedTransitions {
  let products: UnsafeMutablePointer<Double>
  let exact: UnsafeMutablePointer<Double>
  let count: Int

  func add(
    _ factor: Double, _ from: UnsafeMutablePointer<Double>, _ to: UnsafeMutablePointer<Double>
  ) {
    for i in 0..<count {
      let (weight, row) = (factor * from[i], products + i * count)
      for j in 0..<count { row[j] += weight * to[j] }
    }
  }
}

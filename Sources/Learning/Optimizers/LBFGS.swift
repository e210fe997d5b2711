import Tensors

/// L-BFGS (Liu & Nocedal 1989): Newton's method with a Hessian known from the last m steps alone.
///
/// ```
/// s_k = w_{k+1} - w_k          y_k = g_{k+1} - g_k          ρ_k = 1 / (y_kᵀ s_k)
/// q = g;   for the pairs from the newest:  a_i = ρ_i s_iᵀ q,   q = q - a_i y_i
/// r = γ q, γ = sᵀy / yᵀy of the newest
///          for the pairs from the oldest:  r = r + (a_i - ρ_i y_iᵀ r) s_i
/// w = w - α r
/// ```
/// α satisfies the strong Wolfe conditions; see ``WolfeSearch``. Its first trial is the rate (usually
/// 1), shortened to a step of that length at most while there are no pairs yet.
///
/// Both gradients of a pair are those of one step's loss, so pairs are sound even where each step has
/// a loss of its own; but they then describe other losses than the next step's, and the method is at
/// its best where all steps have the same one: all of the data, without dropout.
public struct LBFGS: ObjectiveOptimizer {
  /// m, how many pairs are kept.
  public let history: Int
  /// How many times w moves in one step, all with the same loss.
  public let iterations: Int
  /// The pairs and how many there are.
  public var state = OptimizerState()

  var lineSearch = WolfeSearch()

  /// Ten pairs, and one iteration a step.
  public init(history: Int = 10, iterations: Int = 1) {
    precondition(history >= 1, "at least one pair is kept, not \(history)")
    precondition(iterations >= 1, "a step has at least one iteration, not \(iterations)")
    self.history = history
    self.iterations = iterations
  }

  /// Which rule it is.
  public var kind: OptimizerKind { .lbfgs }

  /// The hyper-parameters by name.
  public var hyperparameters: [String: String] {
    ["history": "\(history)", "iterations": "\(iterations)"]
  }

  /// Needs the loss; see ``step(_:rate:)``.
  public mutating func step(parameters: [Parameter], rate: Double, gradientScale: Double) {
    preconditionFailure("L-BFGS steps along an objective, not a gradient")
  }

  /// Changes the parameters of `objective` once (or `iterations` times). They stay as they are where
  /// the loss or its gradient is no number, and where no step lowers the loss.
  public mutating func step(_ objective: any Objective, rate: Double) throws -> ObjectiveStep {
    let parameters = objective.parameters
    let loss = try objective.lossAndGradient()
    var here = WolfeSearch.Trial(
      step: 0, value: loss, slope: 0, parameters: parameters.map(\.value),
      gradient: parameters.map(\.denseGradient))
    let norm = TensorVector.dot(here.gradient, here.gradient).squareRoot()
    var report = ObjectiveStep(loss: loss, gradientNorm: norm)
    guard loss.isFinite, norm.isFinite else { return report }
    for parameter in parameters { state.updates[parameter.name, default: 0] += 1 }
    var (length, evaluations) = (0.0, 1)
    for _ in 0..<iterations {
      let (found, count) = try move(objective, from: here, rate)
      evaluations += count
      guard let found else { break }
      length = found.step
      here = found
    }
    report.notes = [
      "step_length": length, "evaluations": Double(evaluations), "pairs": Double(pairCount),
    ]
    return report
  }

  /// One iteration: the point it has moved to, nil if it has not moved, and how often the loss was
  /// looked at.
  private mutating func move(
    _ objective: any Objective, from start: WolfeSearch.Trial, _ rate: Double
  ) throws -> (found: WolfeSearch.Trial?, evaluations: Int) {
    let parameters = objective.parameters
    let square = TensorVector.dot(start.gradient, start.gradient)
    guard square > 0 else { return (nil, 0) }
    var evaluations = 0
    // Once more along the gradient itself if the pairs have led astray.
    while true {
      var direction = descent(start.gradient, parameters)
      var here = start
      here.step = 0
      here.slope = TensorVector.dot(direction, start.gradient)
      if !(here.slope < 0), pairCount > 0 {
        forgetPairs()
        direction = descent(start.gradient, parameters)
        here.slope = -square
      }
      let first = pairCount > 0 ? rate : rate * min(1, 1 / square.squareRoot())
      let (found, count) = try lineSearch.search(from: here, first: first) { step in
        var point = start.parameters
        TensorVector.add(step, direction, to: &point)
        for (parameter, value) in zip(parameters, point) { parameter.value = value }
        let value = try objective.lossAndGradient()
        let gradient = parameters.map(\.denseGradient)
        return WolfeSearch.Trial(
          step: step, value: value, slope: TensorVector.dot(direction, gradient),
          parameters: point, gradient: gradient)
      }
      evaluations += count
      // The search may have looked beyond what it has found.
      for (parameter, value) in zip(parameters, (found ?? start).parameters) {
        parameter.value = value
      }
      if let found {
        remember(
          TensorVector.difference(found.parameters, start.parameters),
          TensorVector.difference(found.gradient, start.gradient), parameters)
        return (found, evaluations)
      }
      guard pairCount > 0 else { return (nil, evaluations) }
      forgetPairs()
    }
  }
}

// The pairs, in a ring of m places.
extension LBFGS {
  private static let count = "pairs"
  private static let next = "next pair"
  private static func product(_ place: Int) -> String { "product-\(place)" }
  private static func change(_ place: Int) -> String { "change-\(place)" }
  private static func gradientChange(_ place: Int) -> String { "gradientChange-\(place)" }

  private var pairCount: Int { Int(state.numbers[Self.count] ?? 0) }

  /// The places of the pairs, the newest first.
  private var places: [Int] {
    let next = Int(state.numbers[Self.next] ?? 0)
    return (0..<pairCount).map { (next - 1 - $0 + 2 * history) % history }
  }

  private func tensors(_ slot: String, _ parameters: [Parameter]) -> [Tensor] {
    parameters.map {
      state.tensors[OptimizerState.name(slot, $0)] ?? Tensor(zeros: $0.shape)
    }
  }

  /// -r, by the two loops.
  private func descent(_ gradient: [Tensor], _ parameters: [Parameter]) -> [Tensor] {
    var q = gradient
    TensorVector.scale(&q, by: -1)
    let pairs = places.map { place in
      (
        s: tensors(Self.change(place), parameters),
        y: tensors(Self.gradientChange(place), parameters),
        product: state.numbers[Self.product(place)] ?? .infinity
      )
    }
    guard let newest = pairs.first else { return q }
    var weights: [Double] = []
    for pair in pairs {
      weights.append(TensorVector.dot(pair.s, q) / pair.product)
      TensorVector.add(-weights.last!, pair.y, to: &q)
    }
    TensorVector.scale(&q, by: newest.product / TensorVector.dot(newest.y, newest.y))
    for (pair, weight) in zip(pairs, weights).reversed() {
      TensorVector.add(weight - TensorVector.dot(pair.y, q) / pair.product, pair.s, to: &q)
    }
    return q
  }

  /// Keeps a pair in place of the oldest, unless the curvature along it is lost in rounding or
  /// negative, which would spoil all later directions.
  private mutating func remember(_ s: [Tensor], _ y: [Tensor], _ parameters: [Parameter]) {
    let product = TensorVector.dot(s, y)
    let lengths = (TensorVector.dot(s, s) * TensorVector.dot(y, y)).squareRoot()
    guard product > 1e-8 * lengths, product.isFinite else { return }
    let place = Int(state.numbers[Self.next] ?? 0)
    for (index, parameter) in parameters.enumerated() {
      state.put(s[index], Self.change(place), for: parameter)
      state.put(y[index], Self.gradientChange(place), for: parameter)
    }
    state.numbers[Self.product(place)] = product
    state.numbers[Self.next] = Double((place + 1) % history)
    state.numbers[Self.count] = Double(min(pairCount + 1, history))
  }

  private mutating func forgetPairs() {
    state.tensors = [:]
    state.numbers = [:]
  }
}

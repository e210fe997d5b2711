import Tensors

/// An objective made of recorded losses: the mean over all cases of a batch that is worked off in
/// parts, so that memory holds one part at a time.
///
/// ```
/// L = Σ_p total_p / Σ_p cases_p
/// ```
/// Nothing random may be left in it: the same parameters give the same loss, so there is no dropout.
public final class RecordedObjective: CurvatureObjective {
  /// The loss of one part.
  public struct Part {
    /// The sum of the losses of its cases, a scalar, to which ``Variable/proximity(weight:)`` of the
    /// hidden states is added for structural damping.
    public var total: Variable
    /// The number of its cases, at least 1.
    public var cases: Int

    /// A part.
    public init(total: Variable, cases: Int) {
      self.total = total
      self.cases = cases
    }
  }

  public let parameters: [Parameter]
  public private(set) var cases: Int
  public private(set) var squaredGradients: [Tensor]?

  private let parts: Int
  private let curvatureParts: Range<Int>
  private let record: (_ part: Int, _ mode: Mode, _ structuralDamping: Double) throws -> Part
  /// Called before each part's work. A step goes through all parts many times: throw here to give it up
  /// within, the parameters then being wherever the step has tried.
  public var willWork: () throws -> Void = {}

  /// An objective of `parts` parts.
  ///
  /// - Parameters:
  ///   - cases: the number of cases of all parts.
  ///   - curvatureParts: those by which curvature is measured; all when nil.
  ///   - record: runs part `part` in the given mode. `structuralDamping` is 0 but for curvature.
  public init(
    parameters: [Parameter], parts: Int, cases: Int, curvatureParts: Range<Int>? = nil,
    record: @escaping (_ part: Int, _ mode: Mode, _ structuralDamping: Double) throws -> Part
  ) {
    let curvatureParts = curvatureParts ?? 0..<parts
    precondition(
      parts >= 1 && !curvatureParts.isEmpty && 0 <= curvatureParts.lowerBound
        && curvatureParts.upperBound <= parts,
      "curvature of parts \(curvatureParts) among \(parts)")
    self.parameters = parameters
    self.parts = parts
    self.cases = cases
    self.curvatureParts = curvatureParts
    self.record = record
  }

  public func loss() throws -> Double {
    var sum = 0.0
    for part in 0..<parts {
      try willWork()
      sum += Double(try record(part, .prediction, 0).total.value.scalar)
    }
    return sum / Double(cases)
  }

  public func lossAndGradient() throws -> Double {
    var sum = 0.0
    var gradient: [Tensor] = []
    var squares: [Tensor] = []
    for index in 0..<parts {
      try willWork()
      for parameter in parameters { parameter.clearGradient() }
      let part = try record(index, Self.recording, 0)
      sum += Double(part.total.value.scalar)
      part.total.backward(seed: Tensor(repeating: 1 / Float(cases), shape: part.total.shape))
      let own = parameters.map(\.denseGradient)
      if gradient.isEmpty { gradient = own } else { TensorVector.add(1, own, to: &gradient) }
      guard parts > 1 else { continue }
      // A part's mean gradient has 1/cases of the variance of a single case's.
      let scale = Double(cases) * Double(cases) / Double(part.cases) / Double(parts)
      let square = own.map { $0.squared(times: scale) }
      if squares.isEmpty { squares = square } else { TensorVector.add(1, square, to: &squares) }
    }
    for (parameter, sum) in zip(parameters, gradient) { parameter.setGradient(.dense(sum)) }
    squaredGradients = parts > 1 ? squares : nil
    return sum / Double(cases)
  }

  public func curvature(structuralDamping: Double) throws -> any CurvatureMatrix {
    let recorded = try curvatureParts.map { try record($0, Self.recording, structuralDamping) }
    let total = recorded.reduce(0) { $0 + $1.cases }
    return Curvature(
      parts: try recorded.map { try GaussNewtonMatrix(of: $0.total, in: parameters) },
      cases: total, willWork: willWork)
  }

  /// No part draws a mask, so any key will do.
  private static let recording = Mode.training(RandomKey(seed: 0))

  private struct Curvature: CurvatureMatrix {
    let parts: [GaussNewtonMatrix]
    let cases: Int
    let willWork: () throws -> Void

    func product(_ direction: [Tensor]) throws -> [Tensor] {
      try willWork()
      var sum = parts[0].product(direction)
      for part in parts.dropFirst() {
        try willWork()
        TensorVector.add(1, part.product(direction), to: &sum)
      }
      return sum.map { $0.scaled(by: 1 / Float(cases)) }
    }
  }
}

extension Tensor {
  /// factor · x ⊙ x
  fileprivate func squared(times factor: Double) -> Tensor {
    Tensor(shape: shape) { result in
      withUnsafeBufferPointer { x in
        for i in result.indices { result[i] = Float(factor * Double(x[i]) * Double(x[i])) }
      }
    }
  }
}

import Tensors

/// A loss over a fixed batch as a function of the parameters: what an optimiser asks that looks at it
/// more than once.
public protocol Objective {
  /// What the loss depends on.
  var parameters: [Parameter] { get }

  /// The number of cases (tokens, sequences) over which the loss is a mean.
  var cases: Int { get }

  /// The loss at the parameters as they are; nothing is recorded and no gradient touched.
  func loss() throws -> Double

  /// The loss at the parameters as they are; their gradients are replaced by those of the loss.
  func lossAndGradient() throws -> Double
}

extension Objective {
  /// One.
  public var cases: Int { 1 }
}

/// An objective whose curvature can be asked for.
public protocol CurvatureObjective: Objective {
  /// The curvature at the parameters as they are, of the same batch or of a part of it.
  ///
  /// - Parameter structuralDamping: w; for each case ½·w·‖h - h₀‖² is added, with h the hidden states
  ///   of a recurrent net and h₀ their values now, so that steps which change them much are held
  ///   back (Martens & Sutskever 2011). Objectives without hidden states disregard it.
  func curvature(structuralDamping: Double) throws -> any CurvatureMatrix

  /// An estimate of the mean of the squared gradients of single cases, found on the way by
  /// `lossAndGradient`; nil if there is none. A tensor for each of `parameters`.
  var squaredGradients: [Tensor]? { get }
}

extension CurvatureObjective {
  /// None.
  public var squaredGradients: [Tensor]? { nil }
}

/// A matrix without negative curvature over all parameters of an objective, known by its products. It
/// must be used before the parameters change.
public protocol CurvatureMatrix {
  /// G·v, for a tensor a parameter; the result has the same form. Gradients stay as they are.
  func product(_ direction: [Tensor]) throws -> [Tensor]
}

extension GaussNewtonMatrix: CurvatureMatrix {}

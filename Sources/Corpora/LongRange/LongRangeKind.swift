/// The long-range problems by name.
public enum LongRangeKind: String, Sendable, Codable, CaseIterable {
  /// ``AddingProblem``.
  case adding
  /// ``TemporalOrderProblem``.
  case temporalOrder = "temporal-order"
  /// ``CopyMemoryProblem``.
  case copyMemory = "copy-memory"
  /// ``RandomPermutationProblem``.
  case randomPermutation = "random-permutation"

  /// The problem of this name over `span` steps.
  public func problem(span: Int) -> any LongRangeProblem {
    switch self {
    case .adding: AddingProblem(span: span)
    case .temporalOrder: TemporalOrderProblem(span: span)
    case .copyMemory: CopyMemoryProblem(span: span)
    case .randomPermutation: RandomPermutationProblem(span: span)
    }
  }
}

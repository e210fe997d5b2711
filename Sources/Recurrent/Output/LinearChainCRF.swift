import Tensors

/// A linear-chain conditional random field: the probability of a whole sequence of labels, given scores of
/// each label at each step (Lafferty, McCallum & Pereira 2001; on top of a recurrent net Lample et
/// al. 2016).
///
/// ```
/// s(y) = start[y₁] + Σₜ e_t[y_t] + Σₜ A[y_{t-1}, y_t] + end[y_n]
/// p(y) = e^s(y) / Z,   Z = Σ over all y′ of e^s(y′)
/// ```
/// with emissions e [T, B, K], transitions A [K, K] from the row's label to the column's, start and end
/// [K], for K labels and sequences of n ≤ T steps. Z is summed exactly by the forward algorithm, in the
/// logarithm:
///
/// ```
/// α₁ = start + e₁,   α_t[j] = e_t[j] + ln Σᵢ e^(α_{t-1}[i] + A[i, j]),   ln Z = ln Σⱼ e^(α_n[j] + end[j])
/// ```
/// and what backpropagation would give is what the forward-backward algorithm does (Rabiner 1989): the
/// gradient of -ln p(y) is the expected number of uses of each score less that in y. A sequence without
/// steps has one labelling, of probability 1.
///
/// All of it is computed in Double, each sequence by itself. So neither what it is batched with, nor its
/// padding, nor the number of threads changes a bit of its loss, its emissions' gradient or its labels.
public struct LinearChainCRF: Module {
  /// A [K, K]: `A[i, j]` is the score of label j behind label i.
  public let transitions: Parameter
  /// The score of each label at the first step, [K].
  public let start: Parameter
  /// The score of each label at the last step, [K].
  public let end: Parameter

  public var parameters: [Parameter] { [transitions, start, end] }

  /// K.
  public var labelCount: Int { start.shape[0] }

  /// A field of `labels` labels, named as in pytorch-crf, that prefers no transition yet.
  public init(labels: Int, name: String = "crf") {
    precondition(labels >= 1, "a field has at least one label, not \(labels)")
    transitions = Parameter("\(name).transitions", Tensor(zeros: [labels, labels]))
    start = Parameter("\(name).start_transitions", Tensor(zeros: [labels]))
    end = Parameter("\(name).end_transitions", Tensor(zeros: [labels]))
  }

  /// The names and shapes of the parameters of such a field, in their order.
  public static func parameterShapes(
    labels: Int, name: String = "crf"
  ) -> [(name: String, shape: [Int])] {
    [
      ("\(name).transitions", [labels, labels]), ("\(name).start_transitions", [labels]),
      ("\(name).end_transitions", [labels]),
    ]
  }

  /// The scores as the recursions need them.
  func potentials(allowing allowed: LabelTransitions?) -> ChainPotentials {
    ChainPotentials(
      transitions: transitions.value, start: start.value, end: end.value, allowing: allowed)
  }
}

/// The emissions e [T, B, K] of a batch, and where each sequence ends.
struct EmissionBatch {
  let values: Tensor
  let steps: Int
  let batch: Int
  let labels: Int
  let lengths: [Int32]?

  init(_ values: Tensor, labels: Int, lengths: [Int32]?) {
    precondition(
      values.rank == 3 && values.shape[2] == labels,
      "emissions are [T, B, \(labels)], not \(values.shape)")
    self.values = values
    steps = values.shape[0]
    batch = values.shape[1]
    self.labels = labels
    self.lengths = lengths
    checkLengths(lengths, steps: steps, batch: batch)
  }

  func length(_ row: Int) -> Int { lengths.map { Int($0[row]) } ?? steps }

  /// Sequence `row`. The tensor must outlive it.
  func sequence(_ row: Int) -> EmissionSequence {
    EmissionSequence(
      base: UnsafePointer(values.sharedPointer) + row * labels, stride: batch * labels,
      length: length(row))
  }
}

/// The emissions of one sequence, K at each step.
struct EmissionSequence {
  let base: UnsafePointer<Float>
  /// From one step to the next.
  let stride: Int
  let length: Int

  subscript(step: Int) -> UnsafePointer<Float> { base + step * stride }
}

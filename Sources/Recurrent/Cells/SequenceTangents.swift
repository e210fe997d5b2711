import Tensors

// What the tangent rules of the fused runs share (the R-operator of Pearlmutter 1994): all that does
// not wait for the step before is done for all steps at once.

/// The share of the pre-activations' tangents that comes of the inputs and the parameters:
///
/// ```
/// Rgates_t = Rx_t·Wᵀ + x_t·RWᵀ + h_{t-1}·RUᵀ + Σ Rb
/// ```
/// for parents x, W, U, b_ih, b_hh in the order of the fused runs, and without U where `states` is nil.
/// What is left is Rh_{t-1}·Uᵀ.
///
/// - Parameters:
///   - states: h [T, B, H] and h_{-1} [B, H], zeros when nil.
///   - biases: the parents whose tangents are added.
/// - Returns: [T, B, G·H].
func projectTangents(
  _ context: TangentContext, _ plan: SequencePlan, inputs: Tensor, inputWeight: Tensor,
  states: (outputs: Tensor, initial: Tensor?)?, biases: [Int]
) -> Tensor {
  let columns = inputWeight.shape[0]
  let gates = Tensor(zeros: [plan.steps, plan.batch, columns])
  let target = gates.sharedPointer
  for parent in biases {
    guard let bias = context.tangent(ofParent: parent) else { continue }
    addToRows(bias, of: gates)
  }
  guard plan.steps > 0, plan.batch > 0 else { return gates }
  let rows = plan.steps * plan.batch
  func add(_ a: Tensor, rows: Int, _ b: Tensor, at first: Int = 0) {
    let depth = b.shape[1]
    multiply(
      MatrixView(a.sharedPointer, rows: rows, columns: depth),
      MatrixView(b.sharedPointer, rows: columns, columns: depth), accumulate: true,
      into: target.row(first, columns))
    withExtendedLifetime((a, b)) {}
  }
  if let dx = context.tangent(ofParent: 0) { add(dx, rows: rows, inputWeight) }
  if let dw = context.tangent(ofParent: 1) { add(inputs, rows: rows, dw) }
  if let states, let du = context.tangent(ofParent: 2) {
    if let initial = states.initial { add(initial, rows: plan.batch, du) }
    add(states.outputs, rows: rows - plan.batch, du, at: plan.batch)
  }
  return gates
}

/// Adds a vector to each row of a matrix that nobody else has seen.
func addToRows(_ vector: Tensor, of matrix: Tensor) {
  let columns = vector.count
  let (source, target) = (vector.sharedPointer, matrix.sharedPointer)
  for row in 0..<matrix.count / max(columns, 1) {
    let sum = target.row(row, columns)
    for j in 0..<columns { sum[j] += source[j] }
  }
  withExtendedLifetime((vector, matrix)) {}
}

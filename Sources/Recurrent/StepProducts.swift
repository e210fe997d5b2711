import Tensors

/// The two products of one step of prediction, of the input and of the state, in one round of the
/// thread team: with a single row a step lasts only as long as its weights take to be read, and each
/// round costs a few microseconds.
///
/// ```
/// inputGates = x·W_ihᵀ + b_ih,   stateGates (+)= h·W_hhᵀ (+ b_hh)
/// ```
/// The summation order is that of a fused run, so the results are its bits. `stateGates` may be
/// `inputGates`: then the second product is added to the first.
func multiplyStep(
  rows: Int, x: Tensor, _ inputWeight: PackedMatrix, inputBias: Tensor,
  into inputGates: Tensor, h: Tensor, _ recurrentWeight: PackedMatrix, stateBias: Tensor? = nil,
  into stateGates: Tensor
) {
  let columns = inputWeight.columns
  precondition(
    x.count == rows * inputWeight.depth && h.count == rows * recurrentWeight.depth,
    "an input \(x.shape) and a state \(h.shape) for a cell of \(inputWeight.depth) inputs and "
      + "\(recurrentWeight.depth) units")
  let isSum = inputGates.sharedPointer == stateGates.sharedPointer
  func multiply(_ range: Range<Int>) {
    inputWeight.multiply(
      rows: rows, x.sharedPointer, rowStride: inputWeight.depth, bias: inputBias.sharedPointer,
      into: inputGates.sharedPointer, resultStride: columns, columns: range)
    recurrentWeight.multiply(
      rows: rows, h.sharedPointer, rowStride: recurrentWeight.depth,
      bias: stateBias?.sharedPointer, accumulate: isSum, into: stateGates.sharedPointer,
      resultStride: columns, columns: range)
  }
  defer { withExtendedLifetime((x, inputBias, h, stateBias, inputGates, stateGates)) {} }
  forEachColumnBlock(
    columns: columns, work: columns * (inputWeight.depth + recurrentWeight.depth), multiply)
}

/// Calls `body` with ranges of columns that start at multiples of 16, on the threads of the team
/// when `work` multiply-adds a row are enough to share.
func forEachColumnBlock(columns: Int, work: Int, _ body: (Range<Int>) -> Void) {
  let team = ThreadTeam.current
  // Below some ten microseconds of work a second thread costs more than it brings.
  guard team.threadCount > 1, work >= 1 << 17 else {
    body(0..<columns)
    return
  }
  let blocks = 2 * team.threadCount
  let width = max(64, ((columns + blocks - 1) / blocks + 15) / 16 * 16)
  team.forEach((columns + width - 1) / width) { block in
    body(block * width..<min(columns, (block + 1) * width))
  }
}

extension GateParameters {
  /// Whether a step needs nothing but its result: no operand is recorded.
  func isPrediction(_ input: Variable, _ state: [Variable], _ mode: Mode) -> Bool {
    !mode.isTraining && !input.isRecorded && !state.contains(where: \.isRecorded)
  }
}

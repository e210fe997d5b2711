import CKernels
import Tensors

/// The geometry of one fused run: T steps of B sequences, how long each is, and how the batch is
/// split among threads.
///
/// Each block of rows goes through all time steps without waiting for the others. There are more
/// blocks than threads where the batch allows it, so that a slow core holds up little; but a block
/// reads all weights at every step, so it has enough rows to be worth that.
struct SequencePlan: Sendable {
  let steps: Int
  let batch: Int
  let lengths: [Int32]?
  private let blockRows: Int

  /// Parts of the sequence between which a late thread can hand its rows over.
  private static let stages = 8

  /// With fewer rows than this, a step is bound by the reading of weights from the outer caches.
  private static let sharingRows = 10

  init(steps: Int, batch: Int, lengths: [Int32]?) {
    checkLengths(lengths, steps: steps, batch: batch)
    self.steps = steps
    self.batch = batch
    self.lengths = lengths
    let threads = ThreadTeam.current.threadCount
    // Fewer rows than threads: one block, whose products are split by columns instead.
    let blocksPerThread = batch >= 2 * threads * Self.sharingRows ? 2 : 1
    let blocks = batch < threads ? 1 : blocksPerThread * threads
    blockRows = threads == 1 ? max(batch, 1) : max(1, (batch + blocks - 1) / blocks)
  }

  var blockCount: Int { (batch + blockRows - 1) / blockRows }

  /// Calls `body` with the rows of each block and each time step from the first to the last, on the
  /// threads of the team.
  func forwardInTime(_ body: (_ rows: Range<Int>, _ t: Int) -> Void) {
    relay { rows, steps in for t in steps { body(rows, t) } }
  }

  /// Calls `body` with the rows of each block and each time step from the last to the first, on the
  /// threads of the team.
  func backwardInTime(_ body: (_ rows: Range<Int>, _ t: Int) -> Void) {
    relay { rows, steps in
      for t in steps { body(rows, self.steps - 1 - t) }
    }
  }

  private func relay(_ body: (_ rows: Range<Int>, _ steps: Range<Int>) -> Void) {
    let stages = min(steps, Self.stages)
    ThreadTeam.current.relay(tracks: blockCount, stages: stages) { block, stage in
      body(
        block * blockRows..<min(batch, (block + 1) * blockRows),
        steps * stage / stages..<steps * (stage + 1) / stages)
    }
  }

  /// The rows among `rows` that have ended before step `t`.
  private func ended(_ rows: Range<Int>, at t: Int) -> [Int] {
    guard let lengths else { return [] }
    return rows.filter { lengths[$0] <= t }
  }

  /// Zeroes row `row` of step `t` of each matrix [T·B, width] for rows that have ended.
  func clearEnded(
    _ rows: Range<Int>, at t: Int, _ matrices: [(UnsafeMutablePointer<Float>, width: Int)]
  ) {
    for row in ended(rows, at: t) {
      for (matrix, width) in matrices {
        matrix.row(t * batch + row, width).update(repeating: 0, count: width)
      }
    }
  }

  /// The rows whose last step is `t`; -1 stands for the initial state.
  private func ending(_ rows: Range<Int>, at t: Int) -> [Int] {
    guard let lengths else { return t == steps - 1 ? Array(rows) : [] }
    return rows.filter { lengths[$0] == t + 1 }
  }

  /// Adds ∂L/∂(last state) to the running gradient of rows that end at `t`. `sum` points at the
  /// first row of `rows`.
  func addGradient(
    ofLast gradient: Tensor?, endingAt t: Int, _ rows: Range<Int>,
    to sum: UnsafeMutablePointer<Float>, _ width: Int
  ) {
    guard let gradient else { return }
    for row in ending(rows, at: t) {
      unroll_axpy(
        width, 1, gradient.sharedPointer.row(row, width), sum.row(row - rows.lowerBound, width))
    }
  }

  /// Adds ∂L/∂(outputs at t), which are constant zeros for rows that have ended.
  func addGradient(
    ofOutputs gradient: Tensor?, at t: Int, _ rows: Range<Int>,
    to sum: UnsafeMutablePointer<Float>, _ width: Int
  ) {
    guard let gradient else { return }
    let source = gradient.sharedPointer.row(t * batch, width)
    for row in rows where lengths.map({ $0[row] > t }) ?? true {
      unroll_axpy(width, 1, source.row(row, width), sum.row(row - rows.lowerBound, width))
    }
  }

  /// The state after each row's own last step: from `states` [T, B, H], or `initial` (zeros when
  /// nil) for a row without steps.
  func lastStates(of states: Tensor, initial: Tensor?) -> Tensor {
    let width = states.shape[2]
    return Tensor(shape: [batch, width]) { last in
      states.withUnsafeBufferPointer { states in
        for row in 0..<batch {
          let length = lengths.map { Int($0[row]) } ?? steps
          let target = last.baseAddress! + row * width
          if length > 0 {
            let source = states.baseAddress! + ((length - 1) * batch + row) * width
            target.update(from: source, count: width)
          } else if let initial {
            initial.withUnsafeBufferPointer {
              target.update(from: $0.baseAddress! + row * width, count: width)
            }
          } else {
            target.update(repeating: 0, count: width)
          }
        }
      }
    }
  }
}

extension UnsafeMutablePointer<Float> {
  /// Row `row` of a matrix `width` wide.
  func row(_ row: Int, _ width: Int) -> UnsafeMutablePointer<Float> { self + row * width }
}

/// Checks the shapes of a fused run: inputs [T, B, I], W_ih [G·H, I], W_hh [G·H, H], biases [G·H],
/// states [B, H].
func checkRun(_ inputs: Variable, weights: [Variable], gates: Int, states: [Variable?]) {
  precondition(inputs.shape.count == 3, "inputs are [T, B, I], not \(inputs.shape)")
  let size = weights[1].shape[1]
  let expected =
    [[gates * size, inputs.shape[2]], [gates * size, size]] + [[gates * size], [gates * size]]
  precondition(
    weights.map(\.shape) == expected,
    "weights of shapes \(weights.map(\.shape)) for inputs \(inputs.shape): expected \(expected)")
  for case let state? in states {
    precondition(
      state.shape == [inputs.shape[1], size],
      "a state of shape \(state.shape) for a batch of \(inputs.shape[1]) and \(size) units")
  }
}

extension Variable {
  /// [B, I] as a sequence of one step, [1, B, I].
  func asOneStep() -> Variable {
    precondition(shape.count == 2, "an input is [B, I], not \(shape)")
    return reshaped(to: [1] + shape)
  }
}

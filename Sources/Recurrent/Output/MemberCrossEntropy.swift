import CKernels
import Tensors

/// -ln softmax(W·h + b)_target over the tokens of the target's class alone, with all gradients, as one
/// node of the graph.
///
/// The rows of h are sorted by class; those of one class make a small product with its rows of W, and
/// classes are shared by the thread team. The logits of one block of rows of a class exist at a time (on
/// each thread). The gradient of W has the rows of the classes that were met.
///
/// - Parameters:
///   - hidden: h [M, H].
///   - weight: W [V, H], its rows by rank; bias: b [V], likewise.
///   - targets: M ranks; rows with a negative one do not count.
///   - scale: the loss returned is scale · Σ -ln p(target | class).
/// - Returns: the loss as a scalar, and -ln p(target | class) of each row (0 where it does not count).
func memberCrossEntropy(
  _ hidden: Variable, weight: Variable, bias: Variable, tokens: TokenClasses, targets: [Int32],
  scale: Float
) -> (loss: Variable, losses: [Float]) {
  let (rows, size, vocabulary) = (hidden.shape[0], weight.shape[1], weight.shape[0])
  precondition(
    hidden.shape == [targets.count, size] && bias.shape == [vocabulary]
      && tokens.classes.count == vocabulary,
    "states \(hidden.shape), weight \(weight.shape), bias \(bias.shape), \(targets.count) targets")
  let parents = [hidden, weight, bias]
  let isRecorded = scale != 0 && parents.contains(where: \.isRecorded)
  let meetings = ClassMeetings(targets, tokens)
  let gradients =
    isRecorded ? MemberGradients(meetings, size: size, vocabulary: vocabulary, rows: rows) : nil
  let losses = meetings.losses(
    hidden.value, weight.value, bias.value, scale: isRecorded ? scale : 0, gradients)

  let total = losses.reduce(0.0) { $0 + Double($1) }
  let loss = Tensor(Float(total * Double(scale)))
  guard let gradients else { return (Variable(loss), losses) }
  return (
    Variable.operation(from: parents, output: loss) { context in
      let seed = context.takeGradient().scalar
      let all = [gradients.hidden, gradients.weight, gradients.bias]
      for gradient in all where seed != 1 {
        unroll_scale(gradient.count, seed, gradient.sharedPointer, gradient.sharedPointer)
      }
      context.add(gradients.hidden, toParent: 0)
      context.addRows(meetings.weightRows, gradients.weight, toParent: 1)
      context.add(gradients.bias, toParent: 2)
    }, losses
  )
}

private struct MemberGradients {
  let hidden: Tensor
  /// Of the rows of W that were met.
  let weight: Tensor
  let bias: Tensor

  init(_ meetings: ClassMeetings, size: Int, vocabulary: Int, rows: Int) {
    // Rows that do not count stay zero.
    hidden = Tensor(zeros: [rows, size])
    weight = Tensor(uninitialized: [meetings.weightRows.count, size])
    bias = Tensor(zeros: [vocabulary])
  }
}

/// Which rows of a batch meet which classes.
private struct ClassMeetings: Sendable {
  private struct Meeting {
    /// The class's tokens.
    let members: Range<Int>
    /// Where its rows of W begin among those that are met.
    let firstWeightRow: Int
    /// Its rows of the batch, places in `order`.
    let rows: Range<Int>
  }
  private var meetings: [Meeting] = []
  private let rowCount: Int
  /// The rows that count, by class.
  private let order: [Int32]
  /// The target of each of them, counted from its class's first token.
  private var targets: [Int32] = []
  /// The rows of W that are met, rising.
  private(set) var weightRows: [Int32] = []

  init(_ targets: [Int32], _ tokens: TokenClasses) {
    rowCount = targets.count
    func classIndex(_ row: Int32) -> Int32 { tokens.classes[Int(targets[Int(row)])] }
    order = targets.indices.filter { targets[$0] >= 0 }.map { Int32($0) }
      .sorted { (classIndex($0), $0) < (classIndex($1), $1) }
    var first = 0
    while first < order.count {
      let index = classIndex(order[first])
      let end = order[first...].firstIndex { classIndex($0) != index } ?? order.count
      let members = tokens.members(Int(index))
      meetings.append(
        Meeting(members: members, firstWeightRow: weightRows.count, rows: first..<end))
      weightRows += members.map { Int32($0) }
      self.targets += order[first..<end].map { targets[Int($0)] - Int32(members.lowerBound) }
      first = end
    }
  }

  /// -ln p(target | class) of each row; and all gradients, if they are wanted.
  func losses(
    _ hidden: Tensor, _ weight: Tensor, _ bias: Tensor, scale: Float, _ gradients: MemberGradients?
  ) -> [Float] {
    let states = hidden.gathered(rows: order)
    var sorted = [Float](repeating: 0, count: order.count)
    sorted.withUnsafeMutableBufferPointer { losses in
      // Each meeting writes the losses of its own rows.
      nonisolated(unsafe) let losses = losses
      let team = ThreadTeam.current
      let run = { (index: Int) in
        work(
          meetings[index], hidden: hidden, states: states, weight, bias, scale: scale,
          losses: losses, gradients)
      }
      // Few classes are gone through one by one, their products shared.
      if meetings.count >= 4 * team.threadCount {
        team.forEach(meetings.count, run)
      } else {
        for index in meetings.indices { run(index) }
      }
    }
    var losses = [Float](repeating: 0, count: rowCount)
    for (row, loss) in zip(order, sorted) { losses[Int(row)] = loss }
    return losses
  }

  private func work(
    _ meeting: Meeting, hidden: Tensor, states: Tensor, _ weight: Tensor, _ bias: Tensor,
    scale: Float, losses: UnsafeMutableBufferPointer<Float>, _ gradients: MemberGradients?
  ) {
    let (size, count) = (weight.shape[1], meeting.members.count)
    let first = meeting.members.lowerBound
    let matrix = MatrixView(weight.sharedPointer.row(first, size), rows: count, columns: size)
    // 4 MiB of logits, but enough rows that packing the class's rows of W pays.
    let blockRows = max(64, (1 << 20) / count)
    for start in stride(from: meeting.rows.lowerBound, to: meeting.rows.upperBound, by: blockRows) {
      let block = start..<min(meeting.rows.upperBound, start + blockRows)
      let own = MatrixView(
        states.sharedPointer.row(start, size), rows: block.count, columns: size)
      withWorkspace(block.count * count) { logits in
        multiply(own, matrix, bias: bias.sharedPointer + first, into: logits)
        targets.withUnsafeBufferPointer { targets in
          unroll_cross_entropy_rows(
            block.count, count, logits, count, targets.baseAddress! + start, scale,
            losses.baseAddress! + start)
        }
        guard let gradients else { return }
        let gradient = MatrixView(logits, rows: block.count, columns: count)
        let isFirst = start == meeting.rows.lowerBound
        withWorkspace(block.count * size) { moves in
          multiply([
            MatrixProduct(
              gradient.transposed, own.transposed, accumulate: !isFirst,
              into: gradients.weight.sharedPointer.row(meeting.firstWeightRow, size)),
            MatrixProduct(gradient, matrix.transposed, into: moves),
          ])
          for (place, row) in order[block].enumerated() {
            gradients.hidden.sharedPointer.row(Int(row), size)
              .update(from: moves.row(place, size), count: size)
          }
        }
        unroll_column_sums(
          block.count, count, logits, count, !isFirst, gradients.bias.sharedPointer + first)
      }
    }
    withExtendedLifetime((hidden, states, weight, bias)) {}
  }
}

import CKernels
import Tensors

extension LinearChainCRF {
  /// The loss scale · Σ -ln p(y) over a batch, with its gradients, as one node of the graph.
  ///
  /// - Parameters:
  ///   - emissions: e [T, B, K].
  ///   - targets: y, T·B labels, time-major; what is beyond a sequence's end is not looked at.
  ///   - lengths: the steps of each sequence; nil for T.
  ///   - allowed: what may follow what; a sequence that holds anything else has probability 0, and
  ///     no target may be one. Nil for everything.
  /// - Returns: the loss as a scalar, and -ln p(y) of each sequence, [B].
  public func negativeLogLikelihood(
    _ emissions: Variable, targets: [Int32], lengths: [Int32]? = nil,
    allowing allowed: LabelTransitions? = nil, scale: Float = 1, mode: Mode
  ) -> (loss: Variable, losses: [Float]) {
    let batch = EmissionBatch(emissions.value, labels: labelCount, lengths: lengths)
    check(targets, batch, allowed)
    let potentials = potentials(allowing: allowed)
    let parents = [emissions] + parameters.map { $0.variable(mode) }
    // As the output softmax, a loss scaled by zero has no gradient.
    guard scale != 0, parents.contains(where: \.isRecorded) else {
      let losses = potentials.losses(batch, targets)
      return (Variable(Tensor(sum(losses, scale))), losses.map(Float.init))
    }
    let (losses, gradients) = potentials.gradients(batch, targets, scale: scale)
    let loss = Variable.operation(from: parents, output: Tensor(sum(losses, scale))) { context in
      // The loss moves along its gradient.
      var slope = 0.0
      for (parent, gradient) in gradients.enumerated() {
        guard let tangent = context.tangent(ofParent: parent) else { continue }
        slope += unroll_dot(gradient.count, gradient.sharedPointer, tangent.sharedPointer)
        withExtendedLifetime(tangent) {}
      }
      return Tensor(Float(slope))
    } backward: { context in
      let seed = context.takeGradient().scalar
      for (parent, gradient) in gradients.enumerated() where context.needsGradient(ofParent: parent)
      {
        context.add(seed == 1 ? gradient : gradient.scaled(by: seed), toParent: parent)
      }
    }
    return (loss, losses.map(Float.init))
  }

  /// The probability of each label at each step, p(y_t = k) [T, B, K]; zeros beyond a sequence's end.
  public func marginals(
    _ emissions: Tensor, lengths: [Int32]? = nil, allowing allowed: LabelTransitions? = nil
  ) -> Tensor {
    let batch = EmissionBatch(emissions, labels: labelCount, lengths: lengths)
    let (potentials, count) = (potentials(allowing: allowed), labelCount)
    let marginals = Tensor(zeros: emissions.shape)
    let result = marginals.sharedPointer
    ThreadTeam.current.forEach(batch.batch) { row in
      let sequence = batch.sequence(row)
      Lattice.withLattice(steps: sequence.length, count: count) { lattice in
        let logPartition = potentials.forward(sequence, lattice)
        potentials.backward(sequence, lattice, logPartition: logPartition, expected: nil) {
          step, probabilities in
          let target = result + (step * batch.batch + row) * count
          for j in 0..<count { target[j] = Float(probabilities[j]) }
        }
      }
    }
    return withExtendedLifetime(emissions) { marginals }
  }

  private func check(_ targets: [Int32], _ batch: EmissionBatch, _ allowed: LabelTransitions?) {
    precondition(
      targets.count == batch.steps * batch.batch,
      "\(targets.count) targets for emissions \(batch.values.shape)")
    for row in 0..<batch.batch {
      let labels = (0..<batch.length(row)).map { Int(targets[$0 * batch.batch + row]) }
      precondition(
        labels.allSatisfy { 0..<labelCount ~= $0 }, "a target beyond the \(labelCount) labels")
      precondition(
        allowed?.firstFault(in: labels) == nil, "the targets of sequence \(row) are not allowed")
    }
  }
}

/// scale · Σ, in order.
private func sum(_ losses: [Double], _ scale: Float) -> Float {
  Float(losses.reduce(0, +) * Double(scale))
}

extension ChainPotentials {
  /// -ln p(y) of each sequence.
  fileprivate func losses(_ batch: EmissionBatch, _ targets: [Int32]) -> [Double] {
    var losses = [Double](repeating: 0, count: batch.batch)
    losses.withUnsafeMutableBufferPointer { losses in
      // Each index writes its own element.
      nonisolated(unsafe) let losses = losses
      ThreadTeam.current.forEach(batch.batch) { row in
        let sequence = batch.sequence(row)
        Lattice.withLattice(steps: sequence.length, count: count) { lattice in
          losses[row] =
            forward(sequence, lattice)
            - score(sequence) { Int(targets[$0 * batch.batch + row]) }
        }
      }
    }
    return withExtendedLifetime(batch.values) { losses }
  }

  /// -ln p(y) of each sequence, and the gradients of scale · Σ of them in the emissions, the transitions,
  /// the start and the end. The sums over sequences take no more than `memory` numbers at a time, if that
  /// is enough for one.
  func gradients(
    _ batch: EmissionBatch, _ targets: [Int32], scale: Float, memory: Int = 1 << 23
  ) -> (losses: [Double], gradients: [Tensor]) {
    var losses = [Double](repeating: 0, count: batch.batch)
    let emissions = Tensor(zeros: batch.values.shape)
    var scores = ScoreGradients(potentials: self, batch: batch.batch, memory: memory)
    losses.withUnsafeMutableBufferPointer { losses in
      scores.withBlocks { blocks in
        // Each index writes its own rows and its own block.
        nonisolated(unsafe) let (losses, blocks) = (losses, blocks)
        ThreadTeam.current.forEach(blocks.count) { index in
          for row in blocks.rows(index) {
            losses[row] = addGradients(
              batch, row, targets, scale: Double(scale), emissions.sharedPointer,
              to: blocks[index])
          }
        }
      }
    }
    return withExtendedLifetime(batch.values) {
      (losses, [emissions] + scores.sums(scale: Double(scale)))
    }
  }

  private func addGradients(
    _ batch: EmissionBatch, _ row: Int, _ targets: [Int32], scale: Double,
    _ gradient: UnsafeMutablePointer<Float>, to sums: ScoreGradients.Block
  ) -> Double {
    let (sequence, count) = (batch.sequence(row), count)
    func target(_ step: Int) -> Int { Int(targets[step * batch.batch + row]) }
    return Lattice.withLattice(steps: sequence.length, count: count) { lattice in
      let logPartition = forward(sequence, lattice)
      backward(
        sequence, lattice, logPartition: logPartition, expected: sums.transitions
      ) { step, probabilities in
        let (gradient, label) = (gradient + (step * batch.batch + row) * count, target(step))
        for j in 0..<count {
          let difference = probabilities[j] - (j == label ? 1 : 0)
          gradient[j] = Float(scale * difference)
          if step == 0 { sums.start[j] += difference }
          if step == sequence.length - 1 { sums.end[j] += difference }
        }
        if step > 0 { sums.transitions.exact[target(step - 1) * count + label] -= 1 }
      }
      return logPartition - score(sequence, target)
    }
  }
}

/// The gradients of a field's own scores, which all sequences share: summed up over blocks of sequences,
/// whose number follows from the sizes alone, and then over the blocks in order.
private struct ScoreGradients {
  private let potentials: ChainPotentials
  private let batch: Int
  private let blockCount: Int
  private var memory: [Double]

  init(potentials: ChainPotentials, batch: Int, memory limit: Int) {
    self.potentials = potentials
    self.batch = batch
    let size = Self.size(potentials.count)
    blockCount = max(1, min(batch, limit / size))
    memory = [Double](repeating: 0, count: blockCount * size)
  }

  /// Two matrices and two vectors.
  private static func size(_ count: Int) -> Int { 2 * count * count + 2 * count }

  struct Block {
    let transitions: ExpectedTransitions
    let start: UnsafeMutablePointer<Double>
    let end: UnsafeMutablePointer<Double>

    init(_ base: UnsafeMutablePointer<Double>, _ count: Int) {
      transitions = ExpectedTransitions(
        products: base, exact: base + count * count, count: count)
      start = base + 2 * count * count
      end = start + count
    }
  }

  struct Blocks {
    let base: UnsafeMutablePointer<Double>
    let labels: Int
    let batch: Int
    let count: Int

    func rows(_ index: Int) -> Range<Int> {
      batch * index / count..<batch * (index + 1) / count
    }

    subscript(index: Int) -> Block {
      Block(base + index * ScoreGradients.size(labels), labels)
    }
  }

  mutating func withBlocks(_ body: (Blocks) -> Void) {
    let (labels, batch, blockCount) = (potentials.count, batch, blockCount)
    memory.withUnsafeMutableBufferPointer {
      body(Blocks(base: $0.baseAddress!, labels: labels, batch: batch, count: blockCount))
    }
  }

  /// The gradients in A, start and end.
  mutating func sums(scale: Double) -> [Tensor] {
    let (count, potentials) = (potentials.count, potentials)
    let transitions = Tensor(uninitialized: [count, count])
    let (start, end) = (Tensor(uninitialized: [count]), Tensor(uninitialized: [count]))
    withBlocks { blocks in
      let all = (0..<blocks.count).map { blocks[$0] }
      func sum(_ element: (Block) -> Double) -> Float {
        Float(scale * all.reduce(0) { $0 + element($1) })
      }
      for index in 0..<count * count {
        let factor = potentials.factor(index)
        transitions.sharedPointer[index] = sum {
          factor * $0.transitions.products[index] + $0.transitions.exact[index]
        }
      }
      for j in 0..<count {
        start.sharedPointer[j] = sum { $0.start[j] }
        end.sharedPointer[j] = sum { $0.end[j] }
      }
    }
    return [transitions, start, end]
  }
}

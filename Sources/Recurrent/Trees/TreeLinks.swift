import CKernels
import Tensors

/// How the states of a forest go up to parents, and gradients down to children.
///
/// What a node with children sees of them is a row of S [inner nodes, K·H]: their sum (K = 1), or the states of
/// up to K children side by side, zeros for those that are not there. Its gradient comes back in the same
/// place, so each node knows the H elements that are its own: row `upward` of S as [inner nodes · K, H].
struct TreeLinks: Sendable {
  /// What is made of the children's states.
  enum Combination: Sendable, Equatable {
    /// Their sum.
    case sum
    /// So many of them side by side.
    case places(Int)
  }

  let forest: Forest
  let combination: Combination
  /// By row: the place, H wide, in S where a node's state goes; -1 for roots.
  let upward: [Int32]
  /// By edge: the place, H wide, where its forget gate lies. A child's row where states are summed, since its
  /// product is one with its own state; else its place in S, since it is one with all of S.
  let slots: [Int32]

  init(_ forest: Forest, combining combination: Combination) {
    self.forest = forest
    self.combination = combination
    let leaves = Int32(forest.leafCount)
    switch combination {
    case .sum:
      upward = forest.parents.map { $0 < 0 ? -1 : $0 - leaves }
      slots = forest.children
    case .places(let count):
      let upward = forest.parents.indices.map { row -> Int32 in
        let parent = forest.parents[row]
        return parent < 0 ? -1 : (parent - leaves) * Int32(count) + forest.positions[row]
      }
      self.upward = upward
      slots = forest.children.map { upward[Int($0)] }
    }
  }

  /// K.
  var width: Int {
    switch combination {
    case .sum: 1
    case .places(let count): count
    }
  }

  /// Rows of the matrix of forget gates, H wide.
  var slotCount: Int {
    switch combination {
    case .sum: forest.count
    case .places(let count): forest.innerCount * count
    }
  }

  /// Row `row` of S, which belongs to a node with children.
  func gather(
    _ row: Int, states h: UnsafePointer<Float>, _ size: Int, into s: UnsafeMutablePointer<Float>
  ) {
    let (start, end) = (Int(forest.childStarts[row]), Int(forest.childStarts[row + 1]))
    forest.children.withUnsafeBufferPointer { children in
      let own = children.baseAddress! + start
      switch combination {
      case .sum:
        unroll_sum_rows_at(end - start, own, size, h, size, s)
      case .places(let count):
        for place in 0..<end - start {
          (s + place * size).update(from: h + Int(own[place]) * size, count: size)
        }
        (s + (end - start) * size).update(repeating: 0, count: (count - end + start) * size)
      }
    }
  }

  /// Calls `body` with ranges of rows, together those of a level, on the threads of the team.
  ///
  /// - Parameter work: multiply-adds a row.
  func forEachBlock(ofLevel level: Int, work: Int, _ body: (Range<Int>) -> Void) {
    let rows = forest.levels[level]
    let team = ThreadTeam.current
    // A block of less than a quarter of a million multiply-adds is not worth handing out; whole tiles of rows.
    let blocks =
      team.threadCount == 1 ? 1 : max(1, min(2 * team.threadCount, rows.count * work >> 18))
    let height = ((rows.count + blocks - 1) / blocks + 5) / 6 * 6
    team.forEach((rows.count + height - 1) / height) { block in
      let first = rows.lowerBound + block * height
      body(first..<min(first + height, rows.upperBound))
    }
  }

  /// Calls `body` with the nodes of some rows as the kernels see them.
  func withNodes(
    _ rows: Range<Int>, _ inputs: ForestInputs, _ body: (UnsafePointer<unroll_tree_nodes>) -> Void
  ) {
    inputs.ofRow.withUnsafeBufferPointer { inputs in
      forest.childStarts.withUnsafeBufferPointer { starts in
        forest.children.withUnsafeBufferPointer { children in
          slots.withUnsafeBufferPointer { slots in
            var nodes = unroll_tree_nodes(
              first: rows.lowerBound, count: rows.count, inputs: inputs.baseAddress,
              child_starts: starts.baseAddress, children: children.baseAddress,
              slots: slots.baseAddress)
            body(&nodes)
          }
        }
      }
    }
  }

  /// dh of some rows: the gradient from outside, and what comes back from the parents in dS.
  func startGradients(
    _ rows: Range<Int>, outputs: UnsafePointer<Float>, shares: UnsafePointer<Float>, _ size: Int,
    into dh: UnsafeMutablePointer<Float>
  ) {
    for row in rows {
      let target = dh + row * size
      if upward[row] >= 0 {
        unroll_add(size, outputs + row * size, shares + Int(upward[row]) * size, target)
      } else {
        target.update(from: outputs + row * size, count: size)
      }
    }
  }
}

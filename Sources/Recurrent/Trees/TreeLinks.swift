import CKernels
import Tensors

/// How the states of a forest go up to parents, and gradients down to children.
///
/// What a node with children sees of them is a row of S [inner nodes, K·H]: their sum (K = 1), or the states of
/// up to K children side by side; what lies beyond them is not written, nor read. Its gradient comes back in
/// the same place, so each node knows the H elements that are its own: row `upward` of S as
/// [inner nodes · K, H].
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
        precondition(end - start <= count, "\(end - start) children in \(count) places")
        for place in 0..<end - start {
          (s + place * size).update(from: h + Int(own[place]) * size, count: size)
        }
      }
    }
  }

  /// Places side by side, of K, that the same nodes have children at: those from row `first` on.
  struct Places {
    var places: Range<Int>
    var first: Int
  }

  /// All K places; in those that nobody has a child at, `first` is N.
  var places: [Places] {
    var result: [Places] = []
    for place in 0..<width {
      let first = forest.firstRow(arity: place + 1)
      if let last = result.last, last.first == first {
        result[result.count - 1].places = last.places.lowerBound..<place + 1
      } else {
        result.append(Places(places: place..<place + 1, first: first))
      }
    }
    return result
  }

  /// Which levels come first.
  enum Direction {
    /// From the leaves to the roots.
    case up
    case down
  }

  /// Calls `body` with ranges of rows, together all of the forest, level by level: no call for a row before
  /// those for the rows of its tree that are below it (up), or above (down), have returned. In the order of
  /// arity, the rows of a call have equally many children, `arity`.
  ///
  /// Where there are trees enough, each thread takes some of them through all levels, and waits for no
  /// other; else the rows of a level are shared out.
  ///
  /// - Parameter work: multiply-adds of a row with so many children.
  func forEachRun(
    _ direction: Direction, work: (_ arity: Int) -> Int,
    _ body: (_ level: Int, _ rows: Range<Int>, _ arity: Int) -> Void
  ) {
    let team = ThreadTeam.current
    let levels = forest.levels.indices
    let (first, step) = direction == .up ? (0, 1) : (levels.count - 1, -1)
    func forEachLevel(_ body: (Int) -> Void) {
      for index in levels { body(first + step * index) }
    }
    guard team.threadCount > 1 else {
      return forEachLevel { level in
        for run in forest.levels[level] { body(level, run.rows, run.arity) }
      }
    }
    if forest.treeCount >= 2 * team.threadCount {
      let groups = treeGroups(
        forest.treeCount < 16 * team.threadCount ? team.threadCount : 2 * team.threadCount)
      return team.forEach(groups.count) { group in
        forEachLevel { level in
          for run in forest.levels[level] {
            let rows = forest.rows(of: run, trees: groups[group])
            if !rows.isEmpty { body(level, rows, run.arity) }
          }
        }
      }
    }
    forEachLevel { level in
      let blocks = forest.levels[level].flatMap { run in
        self.blocks(of: run, work: work(run.arity), threads: team.threadCount)
      }
      team.forEach(blocks.count) { body(level, blocks[$0].rows, blocks[$0].arity) }
    }
  }

  /// The trees in groups of about as many nodes each.
  private func treeGroups(_ count: Int) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    var first = 0
    for group in 1...count {
      let goal = forest.count * group / count
      var end = first
      while end < forest.treeCount, forest.treeStarts[end + 1] <= goal { end += 1 }
      if group == count { end = forest.treeCount }
      if end > first { groups.append(first..<end) }
      first = end
    }
    return groups
  }

  /// The rows of a run in blocks for so many threads.
  private func blocks(of run: Forest.Run, work: Int, threads: Int) -> [Forest.Run] {
    // A block of less than a quarter of a million multiply-adds is not worth handing out; whole tiles of rows.
    let blocks = max(1, min(2 * threads, run.rows.count * work >> 18))
    let height = ((run.rows.count + blocks - 1) / blocks + 5) / 6 * 6
    return stride(from: run.rows.lowerBound, to: run.rows.upperBound, by: height).map {
      Forest.Run(rows: $0..<min($0 + height, run.rows.upperBound), arity: run.arity)
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

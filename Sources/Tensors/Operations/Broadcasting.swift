import CKernels

/// How two shapes meet, by NumPy's rule: shapes are aligned at the last axis, and an axis that is
/// missing or of extent 1 is repeated.
struct Broadcast {
  /// The shape of the result.
  let shape: [Int]

  /// Elements from one index of an axis to the next; 0 where an operand is repeated.
  private struct Axis {
    var extent: Int
    var strideA: Int
    var strideB: Int
  }
  /// The axes, neighbours merged where both operands allow it, without the innermost.
  private let outer: [Axis]
  /// The innermost axis; its strides are 0 or 1.
  private let inner: Axis

  init(_ a: [Int], _ b: [Int]) {
    let rank = max(a.count, b.count)
    let a = Array(repeating: 1, count: rank - a.count) + a
    let b = Array(repeating: 1, count: rank - b.count) + b
    shape = zip(a, b).map { a, b in
      precondition(a == b || a == 1 || b == 1, "shapes do not broadcast: \(a) against \(b)")
      return a == 1 ? b : a
    }

    var axes: [Axis] = []  // innermost first
    var (strideA, strideB) = (1, 1)
    for index in (0..<rank).reversed() {
      let axis = Axis(
        extent: shape[index], strideA: a[index] == 1 ? 0 : strideA,
        strideB: b[index] == 1 ? 0 : strideB)
      strideA *= a[index]
      strideB *= b[index]
      guard axis.extent != 1 else { continue }
      if let last = axes.last, axis.strideA == last.strideA * last.extent,
        axis.strideB == last.strideB * last.extent
      {
        axes[axes.count - 1].extent *= axis.extent
      } else {
        axes.append(axis)
      }
    }
    inner = axes.first ?? Axis(extent: 1, strideA: 1, strideB: 1)
    outer = axes.dropFirst().reversed()
  }

  /// A function of pairs of elements, in the three ways in which runs of them can lie.
  struct PairFunction: Sendable {
    typealias Pointer = UnsafePointer<Float>
    typealias Result = UnsafeMutablePointer<Float>
    let ofBoth: @Sendable (_ count: Int, Pointer, Pointer, Result) -> Void
    /// The second operand is one number.
    let ofFirst: @Sendable (_ count: Int, Pointer, Float, Result) -> Void
    /// The first operand is one number.
    let ofSecond: @Sendable (_ count: Int, Float, Pointer, Result) -> Void
  }

  /// c = f(a, b) elementwise; `a` and `b` have the shapes of `init`.
  func map(_ a: Tensor, _ b: Tensor, _ function: PairFunction) -> Tensor {
    Tensor(shape: shape) { result in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          let (a, b, c) = (a.baseAddress!, b.baseAddress!, result.baseAddress!)
          forEachRun(resultCount: result.count) { start, offsetA, offsetB, count in
            switch (inner.strideA, inner.strideB) {
            case (1, 1): function.ofBoth(count, a + offsetA, b + offsetB, c + start)
            case (1, _): function.ofFirst(count, a + offsetA, b[offsetB], c + start)
            default: function.ofSecond(count, a[offsetA], b + offsetB, c + start)
            }
          }
        }
      }
    }
  }

  private func forEachRun(resultCount: Int, _ body: (Int, Int, Int, Int) -> Void) {
    guard resultCount > 0 else { return }
    let team = ThreadTeam.current
    guard !outer.isEmpty else {
      team.forEachRange(inner.extent, grain: Grain.light) { range in
        let start = range.lowerBound
        body(start, start * inner.strideA, start * inner.strideB, range.count)
      }
      return
    }
    let runs = resultCount / inner.extent
    team.forEachRows(runs, columns: inner.extent) { range in
      for run in range {
        var (rest, offsetA, offsetB) = (run, 0, 0)
        for axis in outer.reversed() {
          let index = rest % axis.extent
          rest /= axis.extent
          offsetA += index * axis.strideA
          offsetB += index * axis.strideB
        }
        body(run * inner.extent, offsetA, offsetB, inner.extent)
      }
    }
  }
}

extension Tensor {
  /// Repeats axes so that the result has `shape`.
  func broadcast(to shape: [Int]) -> Tensor {
    guard shape != self.shape else { return self }
    let broadcast = Broadcast(self.shape, shape)
    precondition(broadcast.shape == shape, "\(self.shape) cannot be broadcast to \(shape)")
    // The second operand only gives the shape and is never looked at.
    return broadcast.map(
      self, Tensor(uninitialized: shape),
      .init(
        ofBoth: { n, a, _, c in c.update(from: a, count: n) },
        ofFirst: { n, a, _, c in c.update(from: a, count: n) },
        ofSecond: { n, a, _, c in c.update(repeating: a, count: n) }))
  }

  /// The backward of a broadcast: sums over the axes along which a tensor of `target` was repeated
  /// to get the shape of this one.
  func summed(to target: [Int]) -> Tensor {
    guard target != shape else { return self }
    let aligned = Array(repeating: 1, count: rank - target.count) + target
    var sum = self
    var end = rank
    // Neighbouring axes are summed in one go.
    while end > 0 {
      guard aligned[end - 1] != shape[end - 1] else {
        end -= 1
        continue
      }
      var start = end - 1
      while start > 0, aligned[start - 1] != shape[start - 1] { start -= 1 }
      sum = sum.summed(
        outer: shape[..<start].reduce(1, *), count: shape[start..<end].reduce(1, *),
        inner: aligned[end...].reduce(1, *))
      end = start
    }
    return sum.reshaped(to: target)
  }

  /// These elements as [outer, count, inner], summed over the middle axis.
  func summed(outer: Int, count: Int, inner: Int) -> Tensor {
    precondition(outer * count * inner == self.count)
    return Tensor(shape: [outer, inner]) { sums in
      withUnsafeBufferPointer { source in
        let (x, sum) = (source.baseAddress!, sums.baseAddress!)
        let team = ThreadTeam.current
        if inner == 1, outer == 1 {
          sum[0] = Float(sumOfPieces(x, count: count))
        } else if inner == 1 {
          team.forEachRows(outer, columns: count) {
            for row in $0 { sum[row] = Float(unroll_sum(count, x + row * count)) }
          }
        } else if outer == 1 {
          // Threads split the columns; at least a cache line each.
          team.forEachRange(inner, grain: max(16, Grain.light / max(count, 1))) {
            unroll_column_sums(
              count, $0.count, x + $0.lowerBound, inner, false, sum + $0.lowerBound)
          }
        } else {
          team.forEachRows(outer, columns: count * inner) {
            for row in $0 {
              unroll_column_sums(
                count, inner, x + row * count * inner, inner, false, sum + row * inner)
            }
          }
        }
      }
    }
  }
}

/// Σ x in double precision, by fixed pieces that threads share.
private func sumOfPieces(_ x: UnsafePointer<Float>, count: Int) -> Double {
  let pieces = (count + Grain.light - 1) / Grain.light
  var sums = [Double](repeating: 0, count: pieces)
  sums.withUnsafeMutableBufferPointer { sums in
    ThreadTeam.current.forEachRange(count, grain: Grain.light) {
      sums[$0.lowerBound / Grain.light] = unroll_sum($0.count, x + $0.lowerBound)
    }
  }
  return sums.reduce(0, +)
}

extension Variable {
  /// Repeats axes so that the result has `shape`, by NumPy's rule.
  ///
  /// Backward: an element that was repeated gets the sum of the gradients of its copies.
  public func broadcast(to shape: [Int]) -> Variable {
    let original = self.shape
    return Variable.operation(from: [self], output: value.broadcast(to: shape)) {
      $0.tangent()?.broadcast(to: shape)
    } backward: { context in
      context.add(context.takeGradient().summed(to: original), toParent: 0)
    }
  }
}

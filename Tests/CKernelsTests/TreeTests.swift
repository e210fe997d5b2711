import CKernels
import Foundation
import Testing

/// A small forest: rows 0…3 are leaves, 4 has children 2 and 0, 5 has child 1, 6 has 5, 3 and 4. Forget gates
/// lie apart from the children's rows, in an order of their own.
private struct SmallForest {
  static let rows = 7
  static let edges = 6
  var inputs: [Int32] = [0, 2, 1, 2, 0, 1, 0]
  var childStarts: [Int32] = [0, 0, 0, 0, 0, 2, 3, 6]
  var children: [Int32] = [2, 0, 1, 5, 3, 4]
  var slots: [Int32] = [4, 1, 0, 2, 5, 3]
  static let levels = [0..<4, 4..<6, 6..<7]

  func with(_ rows: Range<Int>, _ body: (UnsafePointer<unroll_tree_nodes>) -> Void) {
    inputs.withUnsafeBufferPointer { inputs in
      childStarts.withUnsafeBufferPointer { starts in
        children.withUnsafeBufferPointer { children in
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
}

/// The arrays of a Tree-LSTM, and both of its passes.
private struct TreeArrays: Equatable {
  let hidden: Int
  var projections: [Float]
  var s: [Float]
  var gates: [Float]
  var forget: [Float]
  var c: [Float]
  var tanhC: [Float]
  var h: [Float]
  var dh: [Float]
  var dc: [Float]
  var sums: [Float]

  init(hidden: Int, seed: UInt64) {
    var random = RandomFloats(seed: seed)
    let rows = SmallForest.rows
    self.hidden = hidden
    projections = random.array(3 * 4 * hidden, in: -3...3)
    s = random.array(rows * 3 * hidden, in: -3...3)
    gates = random.array(rows * 3 * hidden, in: -1...1)
    forget = random.array(SmallForest.edges * hidden, in: -3...3)
    c = random.array(rows * hidden, in: -1...1)
    tanhC = random.array(rows * hidden, in: -1...1)
    h = random.array(rows * hidden, in: -1...1)
    dh = random.array(rows * hidden, in: -1...1)
    dc = random.array(rows * hidden, in: -1...1)
    sums = random.array(rows * hidden, in: -1...1)
  }

  mutating func forward(
    _ rows: Range<Int>, reference: Bool, inPlace: Bool = false, leaves: Bool = false
  ) {
    let offset = rows.lowerBound * 3 * hidden
    if inPlace { gates = s }
    SmallForest().with(rows) { nodes in
      gates.withUnsafeMutableBufferPointer { gates in
        s.withUnsafeBufferPointer { s in
          let share = inPlace ? UnsafePointer(gates.baseAddress!) : s.baseAddress!
          let function = reference ? unroll_tree_lstm_forward_reference : unroll_tree_lstm_forward
          function(
            nodes, hidden, projections, leaves ? nil : share + offset, gates.baseAddress, &forget,
            &c, &tanhC, &h)
        }
      }
    }
  }

  mutating func backward(_ rows: Range<Int>, reference: Bool, withSums: Bool = true) {
    let start = rows.lowerBound * hidden
    SmallForest().with(rows) { nodes in
      sums.withUnsafeMutableBufferPointer { sums in
        let function = reference ? unroll_tree_lstm_backward_reference : unroll_tree_lstm_backward
        function(
          nodes, hidden, &gates, &forget, c, tanhC, dh, &dc,
          withSums ? sums.baseAddress! + start : nil)
      }
    }
  }

  var all: [(name: String, values: [Float])] {
    [
      ("gates", gates), ("forget", forget), ("c", c), ("tanh c", tanhC), ("h", h), ("dc", dc),
      ("sums", sums),
    ]
  }
}

@Suite("Nodes of trees")
struct TreeKernelTests {
  @Test("the Tree-LSTM's kernels agree with their twins", arguments: availableISAs)
  func twins(isa: unroll_isa) {
    for hidden in awkwardSizes where hidden > 0 {
      let start = TreeArrays(hidden: hidden, seed: 1)
      for (rows, leaves) in [(0..<4, true), (4..<6, false), (5..<7, false), (6..<6, false)] {
        func forward(_ reference: Bool) -> TreeArrays {
          var arrays = start
          arrays.forward(rows, reference: reference, leaves: leaves)
          return arrays
        }
        func backward(_ reference: Bool) -> TreeArrays {
          var arrays = start
          arrays.backward(rows, reference: reference, withSums: !leaves)
          return arrays
        }
        for pass in [forward, backward] {
          let found = withISA(isa) { pass(false) }
          let expected = pass(true)
          for ((name, found), (_, expected)) in zip(found.all, expected.all) {
            expectClose(found, expected, tolerance: 1e-6, "\(name), H \(hidden), rows \(rows):")
          }
        }
      }
    }
  }

  @Test("the share of the children may lie in the place of the gates", arguments: availableISAs)
  func inPlace(isa: unroll_isa) {
    withISA(isa) {
      var (apart, within) = (TreeArrays(hidden: 19, seed: 2), TreeArrays(hidden: 19, seed: 2))
      apart.forward(4..<7, reference: false)
      within.forward(4..<7, reference: false, inPlace: true)
      expectSameBits(within.h, apart.h)
      let own = 4 * 3 * 19..<7 * 3 * 19
      expectSameBits(Array(within.gates[own]), Array(apart.gates[own]))
    }
  }

  @Test("nodes at once have the bits of one after the other", arguments: availableISAs)
  func rows(isa: unroll_isa) {
    withISA(isa) {
      var (together, alone) = (TreeArrays(hidden: 21, seed: 3), TreeArrays(hidden: 21, seed: 3))
      together.forward(4..<6, reference: false)
      for row in 4..<6 { alone.forward(row..<row + 1, reference: false) }
      #expect(together == alone)
      together.backward(4..<6, reference: false)
      for row in [5, 4] { alone.backward(row..<row + 1, reference: false) }
      #expect(together == alone)
    }
  }

  /// h and c of the root of the small forest, in Double, with one unit. `x`: projections, s, forget.
  private func root(_ x: [Double]) -> (h: Double, c: Double) {
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let forest = SmallForest()
    var (h, c) = ([Double](repeating: 0, count: 7), [Double](repeating: 0, count: 7))
    for row in 0..<7 {
      let p = Array(x[4 * Int(forest.inputs[row])..<4 * Int(forest.inputs[row]) + 4])
      let s = row < 4 ? [0, 0, 0] : Array(x[12 + 3 * row..<12 + 3 * row + 3])
      c[row] = sigmoid(p[0] + s[0]) * tanh(p[2] + s[1])
      for edge in Int(forest.childStarts[row])..<Int(forest.childStarts[row + 1]) {
        let forget = sigmoid(p[1] + x[12 + 21 + Int(forest.slots[edge])])
        c[row] += forget * c[Int(forest.children[edge])]
      }
      h[row] = sigmoid(p[3] + s[2]) * tanh(c[row])
    }
    return (h[6], c[6])
  }

  @Test("the backward twin is the derivative of the forward twin")
  func gradient() {
    var arrays = TreeArrays(hidden: 1, seed: 4)
    let x = (arrays.projections + arrays.s + arrays.forget).map(Double.init)
    for (index, rows) in SmallForest.levels.enumerated() {
      arrays.forward(rows, reference: true, leaves: index == 0)
    }
    let exact = root(x)
    expectClose([arrays.h[6], arrays.c[6]], [Float(exact.h), Float(exact.c)], tolerance: 3e-7)
    let (dh, dc) = (arrays.dh[6], arrays.dc[6])
    // The states of the other nodes go nowhere but along the memories.
    arrays.dh = [0, 0, 0, 0, 0, 0, dh]
    for (index, rows) in SmallForest.levels.enumerated().reversed() {
      arrays.backward(rows, reference: true, withSums: index > 0)
    }
    let expected = centralDifferences(at: x) {
      let (h, c) = root($0)
      return Double(dh) * h + Double(dc) * c
    }.map { Float($0) }
    // By rows, as s has them; leaves have no s.
    expectClose(Array(arrays.gates[12...]), Array(expected[24..<33]), tolerance: 1e-6)
    expectClose(arrays.forget, Array(expected[33...]), tolerance: 1e-6)
    // Projections: what their readers' gates and sums add up to.
    var projections = [Float](repeating: 0, count: 12)
    for row in 0..<7 {
      let place = 4 * Int(SmallForest().inputs[row])
      projections[place] += arrays.gates[3 * row]
      projections[place + 2] += arrays.gates[3 * row + 1]
      projections[place + 3] += arrays.gates[3 * row + 2]
      if row >= 4 { projections[place + 1] += arrays.sums[row] }
    }
    expectClose(projections, Array(expected[..<12]), tolerance: 2e-6)
  }

  @Test(
    "the recursive net's kernel and the sums of rows agree with their twins",
    arguments: availableISAs)
  func tanhAndSums(isa: unroll_isa) {
    var random = RandomFloats(seed: 5)
    for hidden in awkwardSizes where hidden > 0 {
      let projections = random.array(3 * hidden, in: -3...3)
      let s = random.array(2 * hidden, in: -3...3)
      let start = random.array(7 * hidden)
      for hasShare in [false, true] {
        var (found, expected) = (start, start)
        SmallForest().with(4..<6) { nodes in
          withISA(isa) {
            unroll_tree_tanh_forward(nodes, hidden, projections, hasShare ? s : nil, &found)
          }
          unroll_tree_tanh_forward_reference(
            nodes, hidden, projections, hasShare ? s : nil, &expected)
        }
        expectClose(found, expected, tolerance: 3e-7, "H \(hidden)")
      }
      let x = random.array(7 * (hidden + 2))
      for rows in [[], [3], [6, 0, 6, 2, 5]] as [[Int32]] {
        var (found, expected) = (start, start)
        withISA(isa) { unroll_sum_rows_at(rows.count, rows, hidden, x, hidden + 2, &found) }
        unroll_sum_rows_at_reference(rows.count, rows, hidden, x, hidden + 2, &expected)
        expectSameBits(found, expected, "sums of \(rows.count) rows, H \(hidden)")
      }
    }
  }
}

import CKernels

/// Which input each node of a forest reads: nodes may share one, and may read none.
///
/// What is done to an input alone, W·x + b and its gradients, is done once for all its readers. Nodes that
/// read none share an input of zeros, the last one.
struct ForestInputs: Sendable {
  /// D, the inputs but the one of zeros.
  let count: Int
  /// By row: the input that is read, D for zeros.
  let ofRow: [Int32]
  /// The readers of input d are the rows `readers[starts[d] ..< starts[d + 1]]`, ascending.
  let starts: [Int]
  let readers: [Int32]

  /// - Parameter places: the input of each node, in the order of `forest.rows`; -1 for none.
  init(_ places: [Int32], count: Int, forest: Forest) {
    precondition(
      places.count == forest.count, "\(places.count) inputs for \(forest.count) nodes")
    self.count = count
    var ofRow = [Int32](repeating: 0, count: places.count)
    var starts = [Int](repeating: 0, count: count + 2)
    for (row, place) in zip(forest.rows, places) {
      precondition(-1..<Int32(count) ~= place, "input \(place) of \(count)")
      let input = place < 0 ? count : Int(place)
      ofRow[Int(row)] = Int32(input)
      starts[input + 1] += 1
    }
    for input in 0...count { starts[input + 1] += starts[input] }
    var readers = [Int32](repeating: 0, count: places.count)
    var free = starts
    for (row, input) in ofRow.enumerated() {
      readers[free[Int(input)]] = Int32(row)
      free[Int(input)] += 1
    }
    self.ofRow = ofRow
    self.starts = starts
    self.readers = readers
  }

  /// The readers of input `input`.
  func readers(of input: Int) -> Range<Int> { starts[input]..<starts[input + 1] }
}

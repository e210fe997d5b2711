import Foundation
import Tensors

/// A random matrix [outputs, inputs] with equally many elements that are not zero in each row.
struct SparseMatrix {
  private let outputs: Int
  private let inputs: Int
  /// The columns of the elements of each row, ascending, and the elements.
  private let rows: [[(column: Int, value: Float)]]

  /// Standard normal numbers at `connections` places a row (all of them if there are no more).
  init(outputs: Int, inputs: Int, connections: Int, key: RandomKey) {
    precondition(connections >= 1, "a unit has at least one connection, not \(connections)")
    self.outputs = outputs
    self.inputs = inputs
    let count = min(connections, inputs)
    let values = key.child(0).normal([outputs, max(count, 1)]).scalars
    rows = (0..<outputs).map { row in
      // The places with the least of random words are a random choice.
      let words = key.child(1).child(row).words(inputs)
      let columns = words.indices.sorted { (words[$0], $0) < (words[$1], $1) }.prefix(count)
      return columns.sorted().enumerated().map { ($1, values[row * count + $0]) }
    }
  }

  /// All elements, scaled to the spectral radius if there is one, else by `deviation`.
  func dense(deviation: Float, radius: Float?) -> [Float] {
    let own = radius == nil ? 0 : spectralRadius()
    let factor = radius.map { own > 0 ? Float(Double($0) / own) : 1 } ?? deviation
    var matrix = [Float](repeating: 0, count: outputs * inputs)
    for (row, elements) in rows.enumerated() {
      for (column, value) in elements { matrix[row * inputs + column] = factor * value }
    }
    return matrix
  }

  /// The greatest magnitude of an eigenvalue: the rate at which ‖Aᵏx‖ grows. A complex pair makes the
  /// growth of single steps swing, so it is averaged over many, after as many to settle.
  func spectralRadius() -> Double {
    precondition(outputs == inputs, "a matrix of \(outputs) x \(inputs) has no eigenvalues")
    let settling = 2000
    let measured = 4000
    var x = (0..<inputs).map { 1 + Double($0 % 7) / 7 }
    var growth = 0.0
    for step in 0..<settling + measured {
      var next = rows.map { $0.reduce(0) { $0 + Double($1.value) * x[$1.column] } }
      let norm = next.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard norm > 0 else { return 0 }
      for i in next.indices { next[i] /= norm }
      if step >= settling { growth += log(norm) }
      x = next
    }
    return exp(growth / Double(measured))
  }
}
